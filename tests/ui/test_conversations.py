"""Conversations on the page: kept, opened again, renamed, deleted, taken away; and one that is not
kept. In a real browser, on a real service with a small catalogue.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Open, Site, Visit
from playwright.sync_api import expect
from tiny import started, tiny, tiny_home

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)
FUNNY, SCARY = "something funny and warm, zyxomma", "now a horror film from the 80s"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    tiny_home(folder)
    return folder


@pytest.fixture(scope="module")
def make(home: Path) -> Callable[[], Any]:
    return lambda: started(tiny(home))


@pytest.fixture(scope="module")
def small(make: Callable[[], Any]) -> Iterator[Site]:
    site = Site(make)
    yield site
    site.close()


def listed(tab: Visit) -> list[str]:
    """Open the sheet and give the titles in it."""
    with tab.page.expect_response(lambda one: "gradio_api" in one.url):
        tab.page.get_by_role("button", name="Conversations").click()
    expect(tab.page.get_by_role("button", name="New chat")).to_be_visible()
    tab.page.wait_for_timeout(300)
    titles: list[str] = tab.page.locator(".past-title").all_inner_texts()
    return titles


def start_over(tab: Visit) -> None:
    tab.page.get_by_role("button", name="Start over").click()
    expect(tab.page.locator(".empty")).to_be_visible()


def test_a_conversation_is_opened_again_with_its_cards_and_goes_on(
    visit: Open, small: Site
) -> None:
    tab = visit(small)
    tab.say(FUNNY)
    titles = tab.titles()
    tab.newest(".act-like").first.click()
    expect(tab.newest(".act-like").first).to_have_attribute("aria-pressed", "true")
    tab.say(SCARY)
    start_over(tab)
    tab.say("hello there")
    assert listed(tab) == ["hello there", FUNNY]
    tab.page.locator("[data-do=open]", has_text="zyxomma").click()
    expect(tab.page.locator(".exchange")).to_have_count(2)
    expect(tab.page.locator("dialog[open]")).to_have_count(0)
    first = tab.page.locator(".exchange").first
    assert first.locator(".card h3").all_inner_texts() == titles
    expect(first.locator(".act-like").first).to_have_attribute("aria-pressed", "true")
    expect(first.locator(".match, .why")).to_have_count(0)  # what was not kept is not made up
    expect(tab.newest(".match").first).to_be_visible()
    tab.say("why the first one?")
    assert tab.newest(".answer").first.inner_text()


def test_it_is_renamed_taken_away_and_deleted(visit: Open, small: Site, home: Path) -> None:
    tab = visit(small)
    tab.say(FUNNY)
    title = "<b>A rainy evening</b>"
    assert listed(tab) == [FUNNY]
    tab.page.get_by_role("button", name=re.compile("^Rename")).click()
    tab.page.get_by_role("textbox", name="Rename").fill(title)
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".past-title")).to_have_text(title)
    with tab.page.expect_download() as saved:
        tab.page.get_by_role("button", name=re.compile("^Download")).click()
    text = saved.value.path().read_text()
    assert saved.value.suggested_filename == "conversation.md"
    assert text.startswith(f"# {title}") and FUNNY in text and "The Marmalade Bear (2014)" in text
    tab.page.get_by_role("button", name=re.compile("^Delete")).click()
    tab.page.get_by_role("button", name="Keep it").click()
    expect(tab.page.locator(".past-title")).to_have_text(title)
    tab.page.get_by_role("button", name=re.compile("^Delete")).click()
    tab.page.get_by_role("button", name="Delete", exact=True).click()
    expect(tab.page.locator(".past-title")).to_have_count(0)
    tab.page.get_by_role("button", name="Close").click()
    expect(tab.page.locator(".empty")).to_be_visible()


def test_it_is_there_after_a_reload_and_after_a_restart(
    visit: Open, make: Callable[[], Any]
) -> None:
    first = Site(make)
    tab = visit(first)
    tab.say(FUNNY)
    titles = tab.titles()
    tab.page.reload()
    expect(tab.page.locator(".exchange")).to_have_count(1, timeout=20_000)
    assert tab.titles() == titles
    first.close()
    again = Site(make, port=urlsplit(first.url).port or 0)
    tab.errors.clear()  # that the server was away
    tab.newest(".act-like").first.click()  # of what the server before showed
    expect(tab.newest(".act-like").first).to_have_attribute("aria-pressed", "true")
    tab.say("something else")
    expect(tab.page.locator(".exchange")).to_have_count(2)
    assert "warm" in tab.newest(".chip").all_inner_texts()
    tab.page.reload()
    expect(tab.page.locator(".exchange")).to_have_count(2, timeout=20_000)
    assert tab.page.locator(".exchange").first.locator(".card h3").all_inner_texts() == titles
    assert listed(tab) == [FUNNY]
    tab.page.close()
    again.close()


def test_a_temporary_chat_is_still_one_after_a_restart(
    visit: Open, make: Callable[[], Any], home: Path
) -> None:
    first = Site(make)
    tab = visit(first, locale="zh-CN")
    tab.page.get_by_role("button", name="对话").click()
    tab.page.get_by_role("button", name="临时对话").click()
    expect(tab.page.locator(".temporary")).to_be_visible()
    first.close()
    again = Site(make, port=urlsplit(first.url).port or 0)
    tab.errors.clear()  # that the server was away
    box = tab.page.get_by_label("你的消息")
    box.fill("something funny, xylograph")
    box.press("Enter")
    expect(tab.page.locator("#note")).to_contain_text("说过的已经忘掉。它仍然是临时的")
    tab.wait_for(1)
    expect(tab.page.locator(".temporary")).to_be_visible()
    held = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in held if b"xylograph" in path.read_bytes()]
    tab.page.close()
    again.close()


def test_two_tabs_of_one_person_share_them_and_nobody_else_does(visit: Open, small: Site) -> None:
    tab = visit(small)
    tab.say(FUNNY)
    tab.page.wait_for_timeout(300)
    other = Visit(tab.page.context, small.url)
    assert other.page.locator(".exchange").count() == 0
    other.say(SCARY)
    assert listed(other) == [SCARY, FUNNY]
    assert listed(tab) == [SCARY, FUNNY]
    tab.page.locator("[data-do=open]", has_text=SCARY).click()
    expect(tab.page.locator(".asked")).to_contain_text(SCARY)
    other.page.get_by_role("button", name=re.compile("^Delete: now")).click()
    other.page.get_by_role("button", name="Delete", exact=True).click()
    expect(tab.page.locator("#note")).to_contain_text("not there any more")
    expect(tab.page.locator(".exchange")).to_have_count(0)
    assert listed(tab) == [FUNNY]
    stranger = visit(small)
    assert listed(stranger) == []
    assert other.errors == []


def test_by_keyboard_alone_on_a_small_phone_in_the_dark(visit: Open, small: Site) -> None:
    tab = visit(small, width=360, height=740, color_scheme="dark", reduced_motion="reduce")
    tab.say(FUNNY)
    assert tab.fits()
    opener = tab.page.get_by_role("button", name="Conversations")
    opener.focus()
    tab.page.keyboard.press("Enter")
    row = tab.page.locator("[data-do=open]")
    expect(row).to_be_visible()
    assert tab.fits()
    assert Axe().run(tab.page).response["violations"] == []
    for _ in range(12):
        tab.page.keyboard.press("Tab")
        if tab.page.evaluate("document.activeElement.dataset.do") == "rename":
            break
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("dialog.question")).to_be_visible()
    assert Axe().run(tab.page).response["violations"] == []
    tab.page.keyboard.type("By hand")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".past-title")).to_have_text("By hand")
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("dialog[open]")).to_have_count(0)
    expect(opener).to_be_focused()
    tab.page.go_back()
    expect(tab.page.locator(".exchange")).to_have_count(1)


def test_a_temporary_chat_leaves_nothing_behind(visit: Open, small: Site, home: Path) -> None:
    secret = "qwyzzle"
    tab = visit(small)
    tab.say("hello there")
    listed(tab)
    tab.page.get_by_role("button", name="Temporary chat").click()
    expect(tab.page.locator(".temporary")).to_contain_text("nothing of it is kept")
    tab.say(f"something funny and warm, {secret}")
    assert tab.titles()
    tab.newest(".act-like").first.click()
    expect(tab.newest(".act-like").first).to_have_attribute("aria-pressed", "true")
    tab.say("something else")  # it follows what was said all the same
    assert "warm" in tab.newest(".chip").all_inner_texts()
    held = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in held if secret.encode() in path.read_bytes()]
    events = small.service.temporary._events
    assert events.users()
    assert listed(tab) == ["hello there"]
    tab.page.locator("[data-do=open]").click()
    expect(tab.page.locator(".temporary")).to_have_count(0)
    expect(tab.page.locator(".asked")).to_have_text("You said: hello there")
    assert events.users() == []
