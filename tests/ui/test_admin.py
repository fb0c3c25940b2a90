"""The operator's sheet in a real browser: who is let in, what it shows, the ranker rolled back."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import HOSTILE, Open, Site, Visit
from playwright.sync_api import expect
from pydantic import SecretStr
from tiny import FILMS, started, tiny, tiny_home

from simpatico.agent.api.keys import FILE, Keys
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.fusion import read_card, write_card
from simpatico.retrieval.versions import Versions
from simpatico.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest_plugins = ("browsing",)
NAME = "20261122T184703Z"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A little home whose catalogue has a ranker beside the one that ships, chosen after it."""
    home = tmp_path_factory.mktemp("home")
    Catalogs(home).upsert("movies", list(FILMS))
    versions = Versions(home, "movies")
    assert versions.shipped is not None
    with versions.making() as making:
        shutil.copytree(versions.shipped, making)
        write_card(making, read_card(making).model_copy(update={"data": HOSTILE}))
        versions.add(making, datetime(2026, 11, 22, 18, 47, 3, tzinfo=UTC))
    versions.use(NAME)
    return tiny(home, catalog="movies")


@pytest.fixture(scope="module")
def open_site(settings: Settings) -> Iterator[Site]:
    site = Site(lambda: started(settings), settings=settings)
    yield site
    site.close()


def look(tab: Visit) -> Any:
    """Open the sheet; gives it."""
    tab.page.get_by_role("link", name="How it runs").click()
    sheet = tab.page.locator("#sheet-admin")
    expect(sheet.locator("h3, form").first).to_be_visible()
    return sheet


def part(sheet: Any, name: str) -> Any:
    return sheet.locator("section", has=sheet.page.get_by_role("heading", name=name, exact=True))


def test_who_sits_here_sees_how_it_runs_and_nobody_s_words(visit: Open, open_site: Site) -> None:
    tab = visit(open_site)
    for n in range(6):
        tab.say(f"something funny, zyxomma {n}")
    tab.newest(".act-like").first.click()
    expect(tab.newest(".act-like").first).to_have_attribute("aria-pressed", "true")
    sheet = look(tab)
    expect(part(sheet, "Traffic").locator(".op-tiles li").first).to_have_text("6turns answered")
    rows = part(sheet, "Latency").locator("tbody th").all_inner_texts()
    assert rows[:3] == ["first word", "a whole turn", "read"]
    expect(part(sheet, "Latency").locator("tbody tr").nth(1).locator("td").first).to_have_text("6")
    expect(part(sheet, "Moods").locator(".op-bars li")).to_have_text(["nothing special6"])
    expect(part(sheet, "Feedback")).to_contain_text("0.17for each recommending turn")
    expect(part(sheet, "Coverage")).to_contain_text(re.compile(r"\d+ of 12,003 items were shown"))
    expect(part(sheet, "Parts and index").locator(".op-ok")).to_have_count(3)
    expect(part(sheet, "Models")).to_contain_text("hash")
    assert "zyxomma" not in sheet.inner_text()
    sheet.get_by_role("button", name="Check the index").click()
    expect(sheet).to_contain_text("200 items tried, 0 not found by their own vector")


def test_the_ranker_is_rolled_back_after_a_question(
    visit: Open, open_site: Site, settings: Settings
) -> None:
    tab = visit(open_site)
    sheet = look(tab)
    expect(part(sheet, "Models")).to_contain_text(HOSTILE)  # as text
    back = sheet.get_by_role("button", name="Roll back to shipped")
    back.click()
    tab.page.get_by_role("button", name="Cancel").click()
    assert Versions(settings.home, "movies").current == NAME
    back.click()
    tab.page.get_by_role("button", name="Roll back", exact=True).click()
    expect(sheet.get_by_role("status")).to_have_text("shipped is served from the next start on.")
    expect(back).to_have_count(0)
    assert Versions(settings.home, "movies").current == "shipped"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_by_keyboard_alone_and_nothing_for_axe(
    visit: Open, open_site: Site, scheme: str, width: int
) -> None:
    tab = visit(open_site, width=width, height=740, color_scheme=scheme, reduced_motion="reduce")
    link = tab.page.get_by_role("link", name="How it runs")
    link.focus()
    tab.page.keyboard.press("Enter")
    sheet = tab.page.locator("#sheet-admin")
    expect(part(sheet, "Models")).to_be_visible()
    assert tab.fits() and sheet.evaluate("one => one.scrollWidth <= one.clientWidth")
    found = Axe().run(tab.page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found] == []
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.innerText") == "Refresh"
    tab.page.keyboard.press("Enter")
    expect(sheet.get_by_role("button", name="Refresh")).to_be_focused()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("dialog[open]")).to_have_count(0)
    expect(link).to_be_focused()


def test_with_keys_it_is_shut_until_an_operators_key_and_again_when_closed(
    visit: Open, tmp_path: Path
) -> None:
    settings = tiny(tiny_home(tmp_path), api_key=SecretStr("s3cret-of-the-settings"))
    _, chat = Keys(tmp_path / FILE).add("shop", scopes=["chat"])
    _, admin = Keys(tmp_path / FILE).add("operator", scopes=["admin"])
    site = Site(lambda: started(settings), settings=settings)
    tab = visit(site)
    sheet = look(tab)
    key = sheet.get_by_label("Operator’s key")
    assert key.get_attribute("type") == "password"
    for wrong, told in ((chat, "This key may not do that"), (HOSTILE, "no key of this server")):
        key.fill(wrong)
        key.press("Enter")
        expect(sheet.get_by_role("alert")).to_contain_text(told)
        expect(key).to_be_focused()
        expect(sheet.locator("section")).to_have_count(0)
    key.fill(admin)
    key.press("Enter")
    expect(part(sheet, "Traffic")).to_be_visible()
    sheet.get_by_role("button", name="Refresh").click()
    expect(part(sheet, "Traffic")).to_be_visible()
    assert admin not in tab.page.content() and admin not in tab.kept()
    tab.page.keyboard.press("Escape")
    expect(sheet.locator("section")).to_have_count(0)  # not even behind the page
    sheet = look(tab)
    expect(key).to_have_value("")
    for n in range(10):
        key.fill(f"guess {n}")
        key.press("Enter")
        expect(key).to_have_value("")
    key.fill("s3cret-of-the-settings")
    key.press("Enter")
    expect(sheet.get_by_role("alert")).to_contain_text("Too many tries")
    key.fill(admin)  # which nobody could find by trying
    key.press("Enter")
    expect(part(sheet, "Traffic")).to_be_visible()
    tab.page.close()
    site.close()
