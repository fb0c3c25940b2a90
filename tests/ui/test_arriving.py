"""What a person does while the server has not said yet what they set: on a slow line."""

from collections.abc import Iterator

import pytest
from browsing import Site
from playwright.sync_api import Browser, Locator, Page, Route, expect

pytestmark = pytest.mark.browser
pytest_plugins = ("browsing",)


class Slow:
    """A tab whose first call to the server does not get there before it may."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._held: list[Route] = []
        self._holds = False
        page.route("**/gradio_api/run/**", self._route)

    def open(self, url: str) -> None:
        """Open the page, or anew; it is drawn, and its first call is held."""
        self._held.clear()
        self._holds = True
        self.page.goto(url)
        expect(self.page.locator("#picture-file")).to_be_attached(timeout=30_000)
        while not self._held:
            self.page.wait_for_timeout(20)
        self._holds = False

    def arrive(self) -> None:
        """Let the call through."""
        self._held[0].continue_()

    def say(self, text: str) -> None:
        """Send a message."""
        box = self.page.locator("#message textarea")
        box.fill(text)
        box.press("Enter")

    @property
    def exchanges(self) -> Locator:
        """Those that have ended."""
        return self.page.locator(".exchange:not(.running)")

    @property
    def slider(self) -> Locator:
        return self.page.get_by_role("slider", name="Little or well known")

    def _route(self, route: Route) -> None:
        if self._holds and not self._held:
            self._held.append(route)
        else:
            route.continue_()


@pytest.fixture
def slow(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Slow]:
    """In a browser of the language that the test names."""
    context = browser.new_context(locale=request.param)
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Slow(page)
    context.close()
    assert errors == []


@pytest.mark.parametrize("slow", ["en-GB"], indirect=True)
def test_settings_open_once_they_are_the_person_s_and_stay_as_they_are_put(
    slow: Slow, scripted: Site
) -> None:
    for before, key, after, popular in (("50", "Home", "0", 0.0), ("0", "End", "100", 1.0)):
        slow.open(scripted.url)
        slow.page.locator("#settings").click()
        expect(slow.slider).to_have_count(0)
        slow.arrive()
        expect(slow.slider).to_have_value(before)  # and the press is not lost
        slow.slider.focus()
        slow.page.keyboard.press(key)
        expect(slow.slider).to_have_value(after)
        slow.page.keyboard.press("Escape")
        slow.say("hello")
        expect(slow.exchanges).to_have_count(1)
        assert scripted.service.options[-1].popular == popular


@pytest.mark.parametrize("slow", ["zh-CN"], indirect=True)
def test_a_message_that_is_there_first_stays_and_is_gone_on_from(
    slow: Slow, scripted: Site
) -> None:
    scripted.service.asked.clear()
    slow.open(scripted.url)
    slow.say("cards")
    expect(slow.exchanges).to_have_count(1)
    slow.arrive()
    expect(slow.page.locator("#settings")).to_have_attribute("aria-expanded", "false")
    expect(slow.exchanges).to_have_count(1)
    slow.say("hello")
    expect(slow.exchanges).to_have_count(2)
    assert scripted.service.asked == ["cards", "hello"]
