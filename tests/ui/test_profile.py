"""The sheet about the person: what is known, taken back, decided, taken away, erased. In a real
browser, on a real service with a small catalogue.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import HOSTILE, Open, Site, Visit
from playwright.sync_api import expect
from tiny import started, tiny, tiny_home

from simpatico.domain import Item

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.model]
pytest_plugins = ("browsing",)
FUNNY = "I'm heartbroken and sad. something funny and warm, zyxomma"
FILMS = [
    Item(id="bear", title="The Marmalade Bear", year=2014, genres=("Comedy",)),
    Item(id="lake", title="Dark Lake", year=1985, genres=("Horror",)),
    Item(id="duck", title="Duck and Cover", year=2011, genres=("Comedy",)),
    Item(id="evil", title=HOSTILE, year=1995, genres=(HOSTILE,)),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_home(tmp_path_factory.mktemp("home"), FILMS)


@pytest.fixture(scope="module")
def small(home: Path) -> Iterator[Site]:
    site = Site(lambda: started(tiny(home, weights=True)))
    yield site
    site.close()


def look(tab: Visit) -> Any:
    """Open the sheet; gives it."""
    tab.page.get_by_role("button", name="You", exact=True).click()
    sheet = tab.page.locator("#sheet-you")
    expect(sheet.locator("h3").first).to_be_visible()
    return sheet


def rows(sheet: Any, name: str) -> Any:
    """The rows of one section."""
    section = sheet.locator(
        "section", has=sheet.page.locator("h3", has_text=re.compile(f"^{name}"))
    )
    return section.locator("li > span")


def act(sheet: Any, name: str) -> None:
    """Press a button of the sheet and wait until the server has answered."""
    with sheet.page.expect_response(lambda one: "gradio_api" in one.url):
        sheet.get_by_role("button", name=name, exact=True).click()


def test_what_is_known_is_shown_and_taken_back_where_it_counts(visit: Open, small: Site) -> None:
    tab = visit(small)
    sheet = look(tab)
    expect(sheet).to_contain_text("I don’t know anything about you yet")
    sheet.get_by_role("button", name="Close").click()
    tab.say(FUNNY)
    for act_of in ("like", "save", "seen"):
        tab.newest(f".card[data-item=bear] .act-{act_of}").click()
        expect(
            tab.newest(f".card[data-item=bear] .act-{act_of}[aria-pressed=true]")
        ).to_be_visible()
    tab.newest(".card[data-item=duck] .star").nth(4).click()
    expect(tab.newest(".card[data-item=duck] .star.lit")).to_have_count(5)
    tab.newest(".card[data-item=lake] .act-dislike").click()
    sheet = look(tab)
    expect(rows(sheet, "You like")).to_have_text(
        ["Duck and Cover (2011)5 of 5 stars", "The Marmalade Bear (2014)"]
    )
    expect(rows(sheet, "Not for you")).to_have_text(["Dark Lake (1985)"])
    expect(rows(sheet, "Saved")).to_have_text(["The Marmalade Bear (2014)"])
    expect(sheet).to_contain_text("comedy: 2 of 2")
    expect(sheet).to_contain_text("the 2010s: 2 of 2")
    assert tab.fits()

    act(sheet, "Take back: Dark Lake (1985)")
    expect(rows(sheet, "Not for you")).to_have_count(0)
    act(sheet, "Take back: warm")
    sheet.locator("#you-events summary").click()
    expect(rows(sheet, "What you did")).to_have_count(4)
    act(sheet, "Withdraw: Duck and Cover (2011)")
    expect(rows(sheet, "What you did")).to_have_count(3)  # and the list of them stays open
    expect(rows(sheet, "You like")).to_have_text(["The Marmalade Bear (2014)"])
    tab.page.keyboard.press("Escape")
    expect(tab.newest(".card[data-item=lake] .act-dislike")).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(tab.newest(".star.lit")).to_have_count(0)
    tab.say("something else")
    assert tab.newest(".chip").all_inner_texts() == ["a laugh", "funny"]


def test_it_is_taken_away_as_the_api_gives_it_and_erased_from_the_disk(
    visit: Open, small: Site, home: Path
) -> None:
    tab = visit(small)
    tab.say(FUNNY)
    tab.newest(".act-like").first.click()
    sheet = look(tab)
    with tab.page.expect_download() as saved:
        sheet.get_by_role("button", name="Download everything").click()
    assert saved.value.suggested_filename == "simpatico-export.json"
    own = json.loads(saved.value.path().read_text())
    url = f"{small.url}v1/users/{own['user']}/export"
    with httpx.Client(trust_env=False, timeout=60) as client:
        theirs = client.get(url).json()
    assert {**own, "at": ""} == {**theirs, "at": ""}
    assert own["events"] and own["conversations"][0]["turns"][0]["text"] == FUNNY
    sheet.get_by_role("button", name="Erase everything").click()
    tab.page.get_by_role("button", name="Keep it").click()
    expect(rows(sheet, "You like")).to_have_count(1)
    sheet.get_by_role("button", name="Erase everything").click()
    tab.page.get_by_role("button", name="Erase", exact=True).click()
    expect(sheet.locator(".you-said")).to_have_text("All that I knew of you is gone.")
    expect(sheet).to_contain_text("I don’t know anything about you yet")
    held = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in held if own["user"].encode() in path.read_bytes()]
    sheet.get_by_role("button", name="Close").click()
    expect(tab.page.locator(".empty")).to_be_visible()
    tab.say("hello there")


def test_moods_are_kept_for_who_wants_it_and_gone_when_not(
    visit: Open, small: Site, home: Path
) -> None:
    def files_with_moods() -> set[str]:
        held = {path.name: path.read_bytes() for path in home.glob("*.sqlite*")}
        words = (b"valence", b"embarrassment")  # one of them may lie across the end of a page
        return {name for name, said in held.items() if any(word in said for word in words)}

    tab = visit(small)
    tab.say(FUNNY)
    sheet = look(tab)
    switch = sheet.get_by_role("switch", name="Remember my moods")
    expect(switch).not_to_be_checked()
    expect(rows(sheet, "Your moods")).to_have_count(0)
    assert files_with_moods() == set()
    switch.click()
    expect(switch).to_be_checked()
    tab.page.keyboard.press("Escape")
    tab.say(FUNNY)
    sheet = look(tab)
    expect(rows(sheet, "Your moods")).to_have_count(1)
    expect(rows(sheet, "Your moods").first).to_contain_text("something funny and")
    assert files_with_moods()
    switch.click()
    expect(rows(sheet, "Your moods")).to_have_count(0)
    assert files_with_moods() == set()


def test_a_mood_is_not_read_until_the_person_says_otherwise(visit: Open, small: Site) -> None:
    def do_not_read(n: int) -> None:
        expect(says).to_contain_text("is that right?")
        tab.newest(".mood-fix summary").click()
        tab.page.get_by_role("button", name="Don’t read my mood").click()
        tab.wait_for(n)
        expect(says).to_contain_text("not reading your mood")

    tab = visit(small)
    says = tab.newest(".mood-says")
    tab.page.get_by_role("button", name="Conversations").click()
    tab.page.get_by_role("button", name="Temporary chat").click()
    expect(tab.page.locator(".temporary")).to_be_visible()
    tab.say(FUNNY)
    do_not_read(2)  # which is forgotten with the rest of it
    tab.page.get_by_role("button", name="Start over").click()
    expect(tab.page.locator(".empty")).to_be_visible()
    tab.say(FUNNY)
    do_not_read(2)
    tab.page.reload()
    expect(says).to_contain_text("not reading your mood", timeout=20_000)
    tab.page.get_by_role("button", name="Start over").click()
    expect(tab.page.locator(".empty")).to_be_visible()
    tab.say(FUNNY)
    expect(says).to_contain_text("not reading your mood")
    switch = look(tab).get_by_role("switch", name="Guess my mood")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    tab.page.keyboard.press("Escape")
    tab.say(FUNNY)
    expect(says).to_contain_text("is that right?")


def test_trying_again_takes_no_decision_about_moods_back(visit: Open, small: Site) -> None:
    tab = visit(small)
    says = tab.newest(".mood-says")
    tab.say(FUNNY)
    for n, mood in ((2, "cheerful"), (3, "Don’t read my mood")):
        tab.newest(".mood-fix summary").click()
        tab.page.get_by_role("button", name=mood).click()
        tab.wait_for(n)
    expect(says).to_contain_text("not reading your mood")
    for reloaded in (False, True):
        if reloaded:
            tab.page.reload()
            expect(says).to_contain_text("not reading your mood", timeout=20_000)
        before = tab.newest("[data-list]").first.get_attribute("data-list")
        tab.page.get_by_role("button", name="Try again").click()
        expect(tab.newest("[data-list]").first).not_to_have_attribute("data-list", before)
        tab.wait_for(3)
        expect(says).to_contain_text("not reading your mood")
    switch = look(tab).get_by_role("switch", name="Guess my mood")
    expect(switch).not_to_be_checked()


def test_two_tabs_of_one_person_agree_and_nobody_else_is_touched(visit: Open, small: Site) -> None:
    tab = visit(small)
    tab.say(FUNNY)
    other = Visit(tab.page.context, small.url)
    stranger = visit(small)
    other.say("something scary")
    other.newest(".card[data-item=lake] .act-like").click()
    there, here = look(other), look(tab)
    expect(rows(here, "You like")).to_have_text(["Dark Lake (1985)"])
    expect(rows(look(stranger), "You like")).to_have_count(0)
    here.get_by_role("switch", name="Use what you know about me").click()
    expect(there.get_by_role("switch", name="Use what you know about me")).not_to_be_checked()
    act(here, "Take back: Dark Lake (1985)")
    expect(rows(there, "You like")).to_have_count(0)
    other.page.keyboard.press("Escape")
    expect(other.newest(".card[data-item=lake] .act-like")).to_have_attribute(
        "aria-pressed", "false"
    )
    other.page.locator("#settings").click()
    expect(other.page.get_by_label("Use what you know about me").last).not_to_be_checked()
    here.get_by_role("button", name="Erase everything").click()
    tab.page.get_by_role("button", name="Erase", exact=True).click()
    expect(tab.page.locator(".empty")).to_have_count(1)
    expect(other.page.locator(".empty")).to_be_visible()
    expect(stranger.page.locator(".you-said")).to_have_text("")
    assert other.errors == []


def test_by_keyboard_alone_on_a_small_phone_in_the_dark_with_hostile_words(
    visit: Open, small: Site
) -> None:
    tab = visit(small, width=360, height=740, color_scheme="dark", reduced_motion="reduce")
    tab.say(f"something funny {HOSTILE}")
    tab.newest(".card[data-item=evil] .act-like").click()
    expect(tab.newest(".card[data-item=evil] .act-like")).to_have_attribute("aria-pressed", "true")

    def reach(name: str) -> None:
        for _ in range(60):
            tab.page.keyboard.press("Tab")
            if tab.page.evaluate(_FOCUSED).startswith(name):
                return
        raise AssertionError(f"Tab never came to {name!r}")

    tab.page.get_by_role("button", name="You", exact=True).focus()
    tab.page.keyboard.press("Enter")
    sheet = tab.page.locator("#sheet-you")
    expect(rows(sheet, "You like")).to_have_text([f"{HOSTILE} (1995)"])
    assert tab.fits() and sheet.evaluate("one => one.scrollWidth <= one.clientWidth")
    found = Axe().run(tab.page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found] == []
    reach("What you did")
    tab.page.keyboard.press("Enter")
    reach("Withdraw")
    tab.page.keyboard.press("Enter")
    expect(rows(sheet, "You like")).to_have_count(0)
    assert tab.page.evaluate(
        "document.querySelector('#sheet-you').contains(document.activeElement)"
    )
    reach("Erase everything")
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("dialog[open]")).to_have_count(0)
    assert tab.page.evaluate(_FOCUSED) == "You"


def test_a_temporary_chat_leaves_the_person_as_they_were(visit: Open, small: Site) -> None:
    tab = visit(small)
    tab.say(FUNNY)
    tab.newest(".card[data-item=bear] .act-like").click()
    tab.page.get_by_role("button", name="Conversations").click()
    tab.page.get_by_role("button", name="Temporary chat").click()
    expect(tab.page.locator(".exchange")).to_have_count(0)
    tab.say(FUNNY)
    tab.newest(".card[data-item=duck] .act-like").click()
    expect(tab.newest(".card[data-item=duck] .act-like")).to_have_attribute("aria-pressed", "true")
    sheet = look(tab)
    expect(sheet).to_contain_text("You are in a temporary chat")
    expect(rows(sheet, "You like")).to_have_text(["The Marmalade Bear (2014)"])
    tab.page.keyboard.press("Escape")
    expect(tab.newest(".card[data-item=duck] .act-like")).to_have_attribute("aria-pressed", "true")


_FOCUSED = """() => {
  const one = document.activeElement;
  return one.getAttribute("aria-label") ?? one.innerText ?? "";
}"""
