"""A page of another site calls the API from a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
from loopback import serving
from playwright.sync_api import Browser
from pydantic import SecretStr

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Reply, UserState
from simpatico.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)

REPLY = Reply(text="Here you are.", route="talk", state=UserState())
CALL = """async (url) => {
  try {
    const answer = await fetch(url + '/v1/chat/completions', {
      method: 'POST', body: JSON.stringify({messages: [{role: 'user', content: 'hello'}]}),
      headers: {'Content-Type': 'application/json', Authorization: 'Bearer k-1'}});
    return [answer.status, (await answer.json()).choices[0].message.content];
  } catch (error) { return [0, error.name]; }
}"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A shop</title>")


@contextmanager
def shop() -> Iterator[str]:
    """An empty page; localhost and 127.0.0.1 are different sites."""
    with serving(_Page) as port:
        yield f"http://localhost:{port}"


def test_the_named_page_reads_the_answer_and_another_nothing(browser: Browser) -> None:
    service = ScriptedService(REPLY)
    with shop() as named, shop() as other:
        settings = Settings(cors_origins=(named,), api_key=SecretStr("k-1"))
        with Loopback(create_app(service, settings=settings)) as api:
            tab = browser.new_page()
            tab.goto(named)
            assert tab.evaluate(CALL, api.url) == [200, "Here you are."]
            tab.goto(other)
            assert tab.evaluate(CALL, api.url) == [0, "TypeError"]
            tab.close()
    assert len(service.asked) == 1
