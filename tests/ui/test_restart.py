"""The server killed within an answer, and one on the same home and port in its place. The browser
stays on the page the while.
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from browsing import Site, Visit
from playwright.sync_api import Browser, expect
from tiny import started, tiny, tiny_home

from simpatico.agent.scripted_server import ModelServer, Said

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)
FUNNY, SCARY = "something funny, zyxomma", "now a horror film from the 80s"


@contextmanager
def killed(home: Path, port: int, model: str) -> Iterator[str]:
    """`simpatico serve` in a process of its own; gives its address, and kills it at the end."""
    env = {
        **os.environ,
        "SIMPATICO_HOME": str(home),
        "SIMPATICO_CACHE": str(home / "cache"),
        "SIMPATICO_CATALOG": "tiny",
        "SIMPATICO_RETRIEVAL__ENCODER": "hash",
        "SIMPATICO_LLM__URL": model,
    }
    command = [sys.executable, "-m", "simpatico.ui.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(trust_env=False, timeout=60) as client:
            for _ in range(600):
                try:
                    if client.get(f"http://127.0.0.1:{port}/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    threading.Event().wait(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.kill()
        server.wait(30)


def test_what_was_asked_is_not_lost_and_the_page_says_what_happened(
    browser: Browser, tmp_path: Path
) -> None:
    home = tiny_home(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    model = ModelServer(lambda body: Said(("Here is one that ",), ending="hang"))
    context = browser.new_context(locale="zh-CN")
    with model.serving() as at, killed(home, port, at) as url:
        tab = Visit(context, url)
        box = tab.page.get_by_label("你的消息")
        box.fill(FUNNY)
        box.press("Enter")
        expect(tab.newest(".card")).to_have_count(3, timeout=20_000)
        box.fill(SCARY)  # the one before is stopped
        box.press("Enter")
        expect(tab.newest(".card h3")).to_have_text(["Dark Lake"], timeout=20_000)
        expect(tab.newest(".steps .now")).to_have_text("撰写")
    away = tab.page.get_by_test_id("toast-body")
    expect(away).to_contain_text("服务器不在", timeout=20_000)
    expect(away).to_contain_text("你说过的都保存着")
    box.fill("half a thought")
    again = Site(lambda: started(tiny(home)), port=port)
    expect(tab.newest(".problem")).to_have_text(
        "我还没来得及回答这一条就被打断了。", timeout=30_000
    )
    expect(tab.page.locator(".asked")).to_contain_text([FUNNY, SCARY])
    expect(box).to_have_value("half a thought")
    tab.page.get_by_role("button", name="再试一次").click()
    expect(tab.newest(".card h3")).to_have_text(["Dark Lake"], timeout=20_000)
    tab.wait_for(2)
    expect(tab.newest(".problem")).to_have_count(0)
    context.close()
    again.close()
