"""The page for everybody: what axe finds, the keyboard alone, a small screen, a broken-off turn."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Open, Site, Visit
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)
OPENING = "rough week, I need something warm and funny, nothing with kids"


def findings(tab: Visit) -> list[str]:
    """What axe finds of every weight, each with the first place."""
    violations: list[dict[str, Any]] = Axe().run(tab.page).response["violations"]
    return [f"{one['impact']} {one['id']}: {one['nodes'][0]['html'][:150]}" for one in violations]


@pytest.mark.model
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(visit: Open, site: Site, scheme: str, width: int) -> None:
    tab = visit(site, color_scheme=scheme, width=width, reduced_motion="reduce")
    assert findings(tab) == []
    tab.say("a western")
    tab.say(OPENING)
    tab.newest(".act-like").first.click()
    expect(tab.newest(".noted").first).not_to_be_empty()
    tab.newest(".star").first.click()
    tab.newest(".why summary").first.click()
    tab.newest(".mood-fix summary").first.click()
    tab.page.get_by_role("button", name="Edit").click()
    expect(tab.page.locator(".notice")).to_be_visible()
    assert findings(tab) == []
    tab.page.locator("#settings").click()
    expect(tab.page.locator("#drawer")).to_be_visible()
    assert findings(tab) == []
    assert tab.fits()
    moving = "[...document.getAnimations()].filter((one) => one.playState === 'running').length"
    assert tab.page.evaluate(moving) == 0


def test_axe_finds_nothing_where_a_turn_broke_or_runs(visit: Open, scripted: Site) -> None:
    tab = visit(scripted, reduced_motion="reduce")
    tab.say("break")
    tab.say("care")
    assert findings(tab) == []
    tab.page.get_by_label("Your message").fill("wait")
    tab.page.get_by_label("Your message").press("Enter")
    expect(tab.newest(".answer")).to_contain_text("So far")
    assert findings(tab) == []
    tab.page.get_by_role("button", name="Stop").click()


@pytest.mark.model
def test_a_conversation_with_the_keyboard_alone(visit: Open, site: Site) -> None:
    tab = visit(site, reduced_motion="reduce")

    def reach(name: str) -> None:
        """Go on with Tab until the focus is on the button of that name."""
        for _ in range(120):
            tab.page.keyboard.press("Tab")
            if tab.page.evaluate(_FOCUSED).startswith(name):
                return
        raise AssertionError(f"Tab never came to {name!r}")

    expect(tab.page.get_by_label("Your message")).to_be_focused()
    tab.page.keyboard.type(OPENING)
    tab.page.keyboard.press("Enter")
    tab.wait_for(1)
    tab.page.locator("h1").evaluate("one => { one.tabIndex = -1; one.focus(); }")
    for name, act in (("Edit", None), ("Like", "like"), ("4 of 5 stars", "star"), ("Why", None)):
        reach(name)
        if act:
            tab.page.keyboard.press("Space")
            expect(tab.newest(f"[class*={act}][aria-pressed=true]").first).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(tab.newest(".why-body").first).to_be_visible()
    reach("More like this")
    tab.page.keyboard.press("Enter")
    tab.wait_for(2)
    expect(tab.newest(".card")).not_to_have_count(0)
    reach("Take back")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".exchange")).to_have_count(1)
    expect(tab.page.get_by_label("Your message")).to_be_focused()


_FOCUSED = """() => {
  const one = document.activeElement;
  return one.getAttribute("aria-label") ?? one.innerText ?? "";
}"""


def test_a_reload_in_mid_stream_ends_the_turn_and_leaves_a_page_that_works(
    visit: Open, scripted: Site
) -> None:
    def running() -> bool:
        lines = scripted.metrics.text().decode().splitlines()
        return any(
            line.startswith("simpatico_turns_running") and float(line.split()[-1]) for line in lines
        )

    tab = visit(scripted)
    box = tab.page.get_by_label("Your message")
    box.fill("slow")
    box.press("Enter")
    expect(tab.newest(".answer")).to_contain_text("So far")
    assert running()
    tab.page.reload()
    expect(tab.page.locator("#settings")).to_have_attribute("aria-expanded", "false")
    tab.errors.clear()  # gradio's client says that its stream was cut off, which it was
    tab.until(lambda: not running())
    tab.say("care")
    expect(tab.newest(".care")).to_contain_text("Please talk to somebody.")
