"""Pictures and sounds of items beside the page: what is served, what never is, and the player."""

import asyncio
import io
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import pytest
import soundfile
import uvicorn
from browsing import ScriptedDesk
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from simpatico.agent.api.app import create_app
from simpatico.domain import (
    CardsReady,
    EventKind,
    Finished,
    Heading,
    Item,
    Media,
    Recommendation,
    Reply,
    TurnOptions,
    Update,
    UserState,
)
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.packs.music import load_tables
from simpatico.retrieval.sniffing import HEAD, content_type
from simpatico.settings import load_settings
from simpatico.ui.cards import card
from simpatico.ui.local_media import address
from simpatico.ui.media_route import media_routes
from simpatico.ui.web import mount

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
TABLES = load_tables()
TRACK = next(track for track in TABLES.tracks if track.picture)
PIECE = TABLES.track_item(TRACK, picture=TABLES.pictures[TRACK.picture])
HOSTILE_ID = '"><img src=x onerror=alert(1)>&../..'


def sound(kind: str, *, seconds: float = 2.0) -> bytes:
    """A tone as a file."""
    wave = np.sin(np.arange(int(8000 * seconds)) * 0.3).astype(np.float32) * 0.1
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, 8000, format=kind)
    return buffer.getvalue()


def picture(kind: str = "PNG") -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 60), "teal").save(buffer, kind)
    return buffer.getvalue()


def item(item_id: str, *uris: str, kind: str = "audio") -> Item:
    media = tuple(Media.model_validate({"kind": kind, "uri": uri}) for uri in uris)
    return Item(id=item_id, kind="music", title=item_id, media=media)


@contextmanager
def serving(make: Callable[[], FastAPI]) -> Iterator[str]:
    """Serve an app that is made on the loop it runs on; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        config = uvicorn.Config(make(), log_level="error", ws="none", timeout_graceful_shutdown=1)
        servers.append(uvicorn.Server(config))
        await servers[0].serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        servers[0].should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sound and the picture of a piece of the pack, and things around them."""
    home = tmp_path_factory.mktemp("home")
    files = {
        PIECE.media[0].uri: sound("OGG"),
        PIECE.media[1].uri: picture(),
        "shop/tone.opus": sound("WAV"),
        "shop/page.ogg": b"<html><script>alert(1)</script>",
        "shop/picture.ogg": picture(),
        "../secret.ogg": sound("OGG"),
    }
    for place, data in files.items():
        path = home / "media" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (home / "media" / "shop" / "out.ogg").symlink_to(home / "secret.ogg")
    return home


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[httpx.Client]:
    known = [
        PIECE,
        item("tone", "shop/tone.opus"),
        item("page", "shop/page.ogg"),
        item("second", "shop/page.ogg", "shop/tone.opus"),
        item("picture as sound", "shop/picture.ogg"),
        item("above", "../secret.ogg"),
        item("absolute", str(home / "secret.ogg")),
        item("link", "shop/out.ogg"),
        item("folder", "shop"),
        item("nul", "shop/\0tone.opus"),
        item("gone", "shop/gone.ogg"),
        item("remote", "https://example.org/tone.ogg"),
        item("file uri", f"file://{home}/secret.ogg"),
        item("nothing"),
        item(HOSTILE_ID, "shop/tone.opus"),
    ]

    def make() -> FastAPI:
        app = FastAPI()
        app.include_router(media_routes({one.id: one for one in known}.get, home / "media"))
        return app

    with serving(make) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_a_piece_and_its_picture_are_served_as_what_they_are(
    client: httpx.Client, home: Path
) -> None:
    heard = client.get(f"/{address(PIECE, 'audio')}")
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/ogg")
    assert heard.content == (home / "media" / PIECE.media[0].uri).read_bytes()
    assert heard.headers["content-security-policy"] == "default-src 'none'"
    assert heard.headers["x-content-type-options"] == "nosniff"
    assert heard.headers["accept-ranges"] == "bytes"
    seen = client.get(f"/{address(PIECE, 'image')}")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
    named_wrong = client.get("/media/audio", params={"item": "tone"})
    assert named_wrong.headers["content-type"] == "audio/wav"
    assert client.get("/media/audio", params={"item": "second"}).content == named_wrong.content
    assert client.get("/media/audio", params={"item": HOSTILE_ID}).status_code == 200
    asked = client.head(f"/{address(PIECE, 'audio')}")
    assert (asked.status_code, asked.content) == (200, b"")


def test_a_part_can_be_asked_for(client: httpx.Client) -> None:
    at = f"/{address(PIECE, 'audio')}"
    whole = client.get(at).content
    part = client.get(at, headers={"Range": "bytes=10-99"})
    assert (part.status_code, part.content) == (206, whole[10:100])
    assert part.headers["content-range"] == f"bytes 10-99/{len(whole)}"
    assert part.headers["content-type"] == "audio/ogg"
    rest = client.get(at, headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.content) == (206, whole[100:])
    beyond = client.get(at, headers={"Range": f"bytes={len(whole) + 1}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    "item_id",
    [
        *("page", "picture as sound", "above", "absolute", "link", "folder", "nul", "gone"),
        *("remote", "file uri", "nothing", "", "unknown", "shop/tone.opus", "../secret.ogg"),
        *("/etc/passwd", "..%2f..%2fsecret.ogg", "x" * 10_000, "\0", PIECE.media[0].uri),
    ],
)
def test_nothing_else_is_served(client: httpx.Client, item_id: str) -> None:
    assert client.get("/media/audio", params={"item": item_id}).status_code == 404


@pytest.mark.parametrize(
    "at",
    [
        *("/media/text?item=tone", "/media/image?item=tone", "/media/audio", "/media/"),
        *("/media/../secret.ogg", "/media/audio/tone", "/media/shop/tone.opus?item=tone"),
    ],
)
def test_an_address_is_no_path(client: httpx.Client, at: str) -> None:
    assert client.get(at).status_code == 404
    assert client.post(at).status_code in (404, 405)


def test_what_a_file_is_its_first_bytes_say() -> None:
    for kind, name in (("WAV", "wav"), ("FLAC", "flac"), ("OGG", "ogg"), ("MP3", "mpeg")):
        head = sound(kind)[:HEAD]
        assert content_type(head, "audio") == f"audio/{name}"
        assert content_type(head, "image") == ""
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        head = picture(kind)[:HEAD]
        assert content_type(head, "image") == f"image/{kind.lower()}"
        assert content_type(head, "audio") == ""
    for head in (b"", b"\xff", b"<html>", b"OggS" + bytes(60), b"RIFFxxxxAVI ", b"%PDF-1.7"):
        assert content_type(head, "audio") == content_type(head, "image") == ""


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def drawn(one: Item) -> str:
    pressed: tuple[EventKind, ...] = ("seen",)
    return card(Recommendation(item=one, p_accept=0.5), list_id="list", key="k", pressed=pressed)


def test_a_card_of_music_has_a_player_its_picture_and_its_credits() -> None:
    markup = drawn(PIECE)
    tags = Tags(markup)
    (player,) = tags.of("audio")
    assert player == {
        "class": "player",
        "controls": None,
        "preload": "none",
        "src": f"media/audio?item={quote(PIECE.id, safe='')}",
        "aria-label": f"Play {PIECE.label}",
    }
    (cover,) = tags.of("img")
    assert cover["src"] == f"media/image?item={quote(PIECE.id, safe='')}"
    extra = dict(PIECE.extra)
    for line in (extra["attribution"], extra["picture_attribution"]):
        assert line.replace('"', "&quot;").replace("'", "&#x27;") in markup
    assert TRACK.licence in extra["attribution"]
    assert "Heard it" in markup and "you’ve heard it" in markup and "Seen it" not in markup
    assert f'aria-label="Cover of {PIECE.label}"' in markup


def test_what_has_no_media_here_has_no_player_and_ids_stay_words() -> None:
    remote = item("remote", "https://example.org/tone.ogg")
    assert Tags(drawn(remote)).of("audio") == []
    film = Item(id="f", title="Heat")
    assert "Seen it" in drawn(film) and 'aria-label="Poster of Heat"' in drawn(film)
    tags = Tags(drawn(item(HOSTILE_ID, "shop/tone.opus")))
    (player,) = tags.of("audio")
    assert player["src"] == f"media/audio?item={quote(HOSTILE_ID, safe='')}"
    assert tags.of("img") == []


class OneList:
    """Stands where the service stands and always shows the piece."""

    catalog = Catalog("one", (PIECE,))
    desk = ScriptedDesk()
    has_pictures = False

    async def turn(
        self, text: str, *, user: str, session: str, options: TurnOptions, **more: object
    ) -> AsyncIterator[Update]:
        """Show it."""
        cards = (Recommendation(item=PIECE, p_accept=0.5),)
        yield CardsReady(recommendations=cards, list_id="list", state=UserState())
        yield Finished(
            reply=Reply(
                text="Here is one piece of music.",
                route="recommend",
                state=UserState(),
                recommendations=cards,
                list_id="list",
            )
        )

    @property
    def conversations(self) -> "OneList":
        """None are kept."""
        return self

    async def headings(self, user: str) -> list[Heading]:
        """Nothing is kept."""
        return []

    async def record(self, event: object) -> bool:
        """Note nothing."""
        return True

    async def aclose(self) -> None:
        """Nothing to close."""


@pytest.fixture
def served(home: Path) -> Iterator[str]:
    """The page with its media, served; gives the address."""
    settings = load_settings(home=home)

    def make() -> FastAPI:
        service: Any = OneList()
        return mount(create_app(service, settings=settings), service)

    with serving(make) as url:
        httpx.get(f"{url}health", timeout=60, trust_env=False)  # it is there
        yield url


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")
def test_a_track_plays_on_the_page_and_goes_on_when_a_button_is_pressed(served: str) -> None:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        errors: list[str] = []
        asked: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(served)
        box = page.get_by_label("Your message")
        box.fill("some music")
        box.press("Enter")
        player = page.locator(".card audio")
        expect(player).to_have_count(1, timeout=20_000)
        expect(page.locator(".exchange.newest:not(.running)")).to_be_visible(timeout=20_000)
        assert not [url for url in asked if "/media/audio" in url]  # nothing before it is started
        assert all(url.startswith((served, "data:", "blob:")) for url in asked)
        player.evaluate("one => { one.muted = true; one.loop = true; one.play(); }")
        _wait(page, "one => one.readyState >= 1 && one.duration > 1.5 && one.currentTime > 0")
        picture = page.locator(".card img.poster")
        picture.scroll_into_view_if_needed()
        page.wait_for_function("document.querySelector('.card img.poster').naturalWidth === 40")
        page.locator(".act-like").click()
        expect(page.locator(".act-like")).to_have_attribute("aria-pressed", "true")
        assert player.evaluate("one => !one.paused && one.readyState >= 1")
        assert errors == []
        hostile = page.request.get(f"{served}media/audio?item=../secret.ogg")
        assert hostile.status == 404
        browser.close()


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(f"({condition})(document.querySelector('.card audio'))", timeout=15_000)
