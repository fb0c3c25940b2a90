"""The page served on loopback and a real browser in front of it, for the tests of the page.

Nothing may be asked of any other machine: a request that leaves loopback fails the test.
"""

import asyncio
import io
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from simpatico.agent.api.app import create_app
from simpatico.agent.api.served import config_for
from simpatico.agent.known import Known
from simpatico.agent.service import Simpatico
from simpatico.domain import (
    CardsReady,
    Consent,
    Finished,
    Heading,
    Item,
    Media,
    Profile,
    Recommendation,
    Reply,
    StageUpdate,
    TextDelta,
    TurnOptions,
    Update,
    UserState,
)
from simpatico.errors import DataError, ModelError, StoreError
from simpatico.retrieval.catalog import Catalog
from simpatico.settings import Settings, load_settings
from simpatico.ui.web import mount

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
HOSTILE = "<img src=x onerror=alert(1)>`${alert(2)}</script>"


class Site:
    """A page being served, and the loop that serves it."""

    def __init__(
        self, make: Callable[[], Any], *, port: int = 0, settings: Settings | None = None
    ) -> None:
        """Serve what `make` (a coroutine function giving a service) gives; wait until it does."""
        self._settings = settings or Settings()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self.service = self.run(make())
            self.url = self._serve(port)
        except BaseException:
            self._end()
            raise

    def run(self, work: Any) -> Any:
        """The result of a coroutine on the site's loop."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(timeout=280)

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self.run(self._serving())
        self.run(self.service.aclose())
        self._end()

    def _serve(self, port: int) -> str:
        listening = socket.create_server(("127.0.0.1", port))

        async def mounted() -> FastAPI:  # without a running loop gradio makes some and leaves them
            return mount(create_app(self.service, settings=self._settings), self.service)

        app = self.run(mounted())
        self.metrics = app.state.door.metrics
        config = config_for(app)
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._task = asyncio.run_coroutine_threadsafe(
            self._server.serve(sockets=[listening]), self.loop
        )
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    async def _serving(self) -> None:
        await asyncio.wrap_future(self._task)

    def _end(self) -> None:
        async def cancel_the_rest() -> None:
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        self.run(cancel_the_rest())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class ScriptedDesk:
    """Remembers what people decided, and nothing else of them."""

    def __init__(self) -> None:
        self.decided: dict[str, Consent] = {}

    async def consent(self, user: str) -> Consent:
        """As at first until they decide."""
        return self.decided.get(user, Consent())

    async def decide(self, user: str, **decided: bool | None) -> None:
        """Remember it."""
        told = {name: value for name, value in decided.items() if value is not None}
        self.decided[user] = (await self.consent(user)).model_copy(update=told)

    async def known(self, user: str) -> Known:
        """Nothing is."""
        return Known(consent=await self.consent(user), profile=Profile(user=user))


class Scripted:
    """Stands where the service stands, for states the real one reaches only in an accident."""

    def __init__(self) -> None:
        item = Item(
            id=HOSTILE,
            title=HOSTILE,
            text=HOSTILE,
            media=(Media(kind="image", uri="https://upload.wikimedia.org/none.jpg"),),
        )
        self.catalog = Catalog("scripted", (item,))
        self.has_pictures = True
        self.cards = (Recommendation(item=item, p_accept=0.5),)
        self.asked: list[str] = []
        self.options: list[TurnOptions] = []
        self.taken_back: list[str] = []
        self.desk = ScriptedDesk()

    async def turn(
        self,
        text: str,
        *,
        user: str,
        session: str,
        options: TurnOptions,
        image: bytes | None = None,
        like: str = "",
    ) -> AsyncIterator[Update]:
        """Do what the message says: care, break, wait, look, or show the hostile card."""
        self.asked.append(text)
        self.options.append(options)
        yield StageUpdate(name="read", detail="Listening")
        if text == "break":
            raise RuntimeError("a secret of the machine")
        if text == "no picture":
            raise DataError("wanted a picture, got something else")
        if text == "full":
            raise StoreError("no space left on /a/secret/path")
        if text in ("wait", "slow"):
            yield TextDelta(text="So far")
            await asyncio.sleep(60 if text == "wait" else 2)
        state, care, cards = UserState(), text == "care", self.cards if text == "cards" else ()
        if cards:
            yield CardsReady(recommendations=cards, list_id="list", state=state)
        words = "Please talk to somebody." if care else HOSTILE
        if image is not None:
            with Image.open(io.BytesIO(image)) as file:
                words = f"{file.format} of {file.width} x {file.height}."
        yield TextDelta(text=words)
        yield Finished(
            reply=Reply(
                text=words,
                route="care" if care else "recommend",
                state=state,
                recommendations=cards,
                list_id="list" if cards else "",
                degraded=("the language model is not there",) if text == "degraded" else (),
            )
        )

    async def take_back(self, text: str, *, user: str, session: str) -> bool:
        """Nothing is kept, so nothing is left of it."""
        self.taken_back.append(text)
        return True

    @property
    def temporary(self) -> "Scripted":
        """It keeps nothing anyway."""
        return self

    @property
    def conversations(self) -> "Scripted":
        """None are kept."""
        return self

    async def headings(self, user: str) -> list[Heading]:
        """Nothing is kept."""
        return []

    async def reopen(self, user: str, session: str) -> None:
        """Nothing is kept."""

    async def erase(self, user: str) -> None:
        """Nothing is kept."""

    async def aclose(self) -> None:
        """Nothing to close."""


@pytest.fixture(scope="module")  # while it is there, no test may run a loop of its own
def browser() -> Iterator[Browser]:
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
    ]
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The real service on the films, without a language model."""
    from simpatico.agent.build import build

    home: Path = tmp_path_factory.mktemp("home")
    settings = load_settings(home=home, llm={"enabled": False})

    async def make() -> Simpatico:
        return await build(settings, progress=lambda *_: None)

    try:
        site = Site(make)
    except ModelError as error:
        pytest.skip(f"needs the embedded weights: {error}")
    yield site
    site.close()


@pytest.fixture(scope="session")
def scripted() -> Iterator[Site]:
    async def make() -> Scripted:
        return Scripted()

    site = Site(make)
    yield site
    site.close()


class Visit:
    """A browser tab on the page, with what went wrong in it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.remote: list[Request] = []
        self.errors: list[str] = []
        self.page.on("request", self._note_request)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._note_dialog)
        self.page.on(
            "console", lambda one: self.errors.append(one.text) if one.type == "error" else None
        )
        self.page.goto(url)
        expect(self.page.locator(".empty")).to_be_visible(timeout=30_000)
        expect(self.page.locator("#settings")).to_have_attribute("aria-expanded", "false")

    def say(self, text: str) -> None:
        """Type a message, send it with the keyboard, and wait for the whole answer."""
        n = self.page.locator(".exchange").count()
        box = self.page.get_by_label("Your message")
        box.fill(text)
        box.press("Enter")
        self.wait_for(n + 1)

    def wait_for(self, n: int) -> None:
        """Wait until the n-th exchange is there and has ended."""
        expect(self.page.locator(".exchange")).to_have_count(n, timeout=20_000)
        expect(self.page.locator(".exchange.newest:not(.running)")).to_be_visible(timeout=30_000)

    def kept(self) -> str:
        """What the browser keeps of the person, encoded."""
        return str(self.page.evaluate("localStorage.getItem('simpatico') ?? ''"))

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that the page does not show."""
        for _ in range(200):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("it did not come to hold within ten seconds")

    def newest(self, inside: str = "") -> Any:
        """A locator in the newest exchange."""
        return self.page.locator(f".exchange.newest {inside}".strip())

    def titles(self) -> list[str]:
        """The titles of the newest cards, in order."""
        titles: list[str] = self.newest(".card h3").all_inner_texts()
        return titles

    def fits(self) -> bool:
        """Whether nothing sticks out to the side."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.remote.append(request)

    def _note_dialog(self, dialog: Any) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Opens tabs; at the end none of them may have met an error or another machine."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def open_(site: Site, *, width: int = 1280, height: int = 900, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        visits.append(Visit(context, site.url))
        return visits[-1]

    yield open_
    for context in contexts:
        context.close()
    assert [request.url for one in visits for request in one.remote] == []
    assert [error for one in visits for error in one.errors] == []
