"""A picture or a sound with a message: on a small catalogue of real files, and on the films."""

import asyncio
import base64
import http.server
import io
import socket
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tiny import at_work, tiny, tiny_home

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.build import build, look_at_media
from simpatico.agent.service import Simpatico
from simpatico.agent.showing import WORDS
from simpatico.domain import Finished, Item, Media, Reply, Turn, TurnOptions
from simpatico.errors import DataError, ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.media_index import MediaManifest
from simpatico.settings import Settings, load_settings

pytestmark = pytest.mark.model


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    """One request. Without certificates, whose loading would take longer than the request."""
    with httpx.Client(verify=False, trust_env=False, timeout=60) as client:
        return client.request(method, url, **more)


KINDS = ("squares", "stripes", "noise")
TOLD = ("A cat asleep on a sunny window sill.", "A steam train crossing an iron bridge.")


def quiet(label: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def pixels(kind: str, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    if kind == "noise":
        return Image.fromarray(rng.integers(0, 256, (96, 96, 3), dtype=np.uint8))
    at = np.arange(96)
    width = int(rng.integers(10, 14))
    lines = (at // width) % 2
    grid = lines[:, None] ^ lines if kind == "squares" else np.broadcast_to(lines, (96, 96))
    return Image.fromarray((np.repeat(grid[..., None], 3, axis=2) * 255).astype(np.uint8))


def picture(kind: str, seed: int) -> bytes:
    file = io.BytesIO()
    pixels(kind, seed).save(file, "PNG")
    return file.getvalue()


def sound(kind: str, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    time = np.arange(4 * 16_000) / 16_000
    if kind == "noise":
        heard = rng.uniform(-0.8, 0.8, len(time))
    else:
        pitch = rng.uniform(210, 230)
        tones = [0.2 / n * np.sin(2 * np.pi * pitch * n * time) for n in (1, 2, 3)]
        heard = np.sum(tones, axis=0)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((np.asarray(heard) * 32_000).astype("<i2").tobytes())
    return file.getvalue()


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with eighteen items: pictures of three kinds, and for the last six sounds of two.

    Of each kind the even ones are told to be of a cat, the odd ones of a train.
    """
    own = load_settings()
    home = tmp_path_factory.mktemp("home")
    cache = tmp_path_factory.mktemp("cache")
    for name in ("minilm", "efficientnet-lite0", "musicnn"):
        try:
            (cache / name).symlink_to(ModelStore(own.cache).path(name))
        except ModelError as error:
            pytest.skip(f"no weights: {error}")
    files = home / "media" / "shapes"
    files.mkdir(parents=True)
    items = []
    for at in range(18):
        kind, media = KINDS[at % 3], []
        (files / f"{at}.png").write_bytes(picture(kind, at))
        media.append(Media(kind="image", uri=f"shapes/{at}.png"))
        if at >= 12:
            (files / f"{at}.wav").write_bytes(sound("noise" if at % 2 else "tone", at))
            media.append(Media(kind="audio", uri=f"shapes/{at}.wav"))
        items.append(
            Item(
                id=f"{kind}-{at}",
                kind="poster",
                title=f"Number {at}",
                text=TOLD[at % 2],
                media=tuple(media),
            )
        )
    Catalogs(home).upsert("shapes", items)
    settings = load_settings(home=home, cache=cache, catalog="shapes", llm={"enabled": False})
    report = look_at_media(settings, progress=quiet)
    assert {count.medium: count.n_vectors for count in report.counts} == {"image": 18, "audio": 6}
    again = look_at_media(settings, progress=quiet)
    assert [count.n_made for count in again.counts] == [0, 0]
    return settings


class Running:
    """A service on a loop of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loop = asyncio.new_event_loop()
        self.service: Simpatico = self.loop.run_until_complete(build(settings, progress=quiet))

    def reply(self, text: str, **files: Any) -> Reply:
        async def turn() -> Reply:
            options = TurnOptions(k=4)
            session = files.pop("session", "s")
            async for update in self.service.turn(
                text, user=f"of {session}", session=session, options=options, **files
            ):
                last = update
            assert isinstance(last, Finished)
            return last.reply

        return self.loop.run_until_complete(turn())

    def close(self) -> None:
        self.loop.run_until_complete(self.service.aclose())
        self.loop.close()


@pytest.fixture(scope="module")
def shapes(made: Settings) -> Iterator[Running]:
    running = Running(made)
    yield running
    running.close()


@pytest.fixture
def films(settings: Settings) -> Iterator[Running]:
    running = Running(settings)
    yield running
    running.close()


def kinds(reply: Reply) -> list[str]:
    return [one.item.id.partition("-")[0] for one in reply.recommendations]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_brings_up_what_looks_like_it(shapes: Running, kind: str) -> None:
    reply = shapes.reply("find things that look like this", image=picture(kind, 100), session=kind)
    assert reply.route == "recommend" and reply.degraded == ()
    assert kinds(reply)[0] == kind and kinds(reply).count(kind) >= 3
    reasons = [why for one in reply.recommendations for why in one.reasons if why.kind == "media"]
    assert "Its picture looks like yours" in {why.text for why in reasons}
    assert "looks like yours" in reply.text


def test_a_picture_alone_is_wish_enough(shapes: Running) -> None:
    assert shapes.reply("", session="bare").route != "recommend"
    reply = shapes.reply("", image=picture("noise", 101), session="bare")
    assert reply.route == "recommend" and kinds(reply)[0] == "noise"


@pytest.mark.parametrize(
    "words",
    [
        "find things that look like this",
        "",
        "More like that one!",
        "跟这个差不多的",
        "像这个一样的",
    ],
)
def test_this_is_the_picture_and_not_what_was_shown_before(shapes: Running, words: str) -> None:
    session = f"second {words}"
    shapes.reply("posters please", image=picture("noise", 102), session=session)
    reply = shapes.reply(words, image=picture("stripes", 103), session=session)
    assert reply.route == "recommend" and kinds(reply)[0] == "stripes"
    assert reply.state.mentions.liked == ()


def test_a_sound_brings_up_what_sounds_like_it(shapes: Running) -> None:
    reply = shapes.reply("like this one", audio=sound("noise", 100), session="sound")
    first = reply.recommendations[0]
    assert any(medium.kind == "audio" for medium in first.item.media)
    assert int(first.item.id.partition("-")[2]) % 2  # noise
    assert any(why.text.startswith("It sounds like yours") for why in first.reasons)


@pytest.mark.parametrize("data", [b"no picture", picture("noise", 1)[:300]])
def test_what_is_no_picture_is_refused_and_nothing_is_kept(shapes: Running, data: bytes) -> None:
    with pytest.raises(DataError, match="picture"):
        shapes.reply("like this", image=data, session="broken")
    assert shapes.service._memory.turns("broken") == []


def test_help_does_not_wait_for_a_picture(shapes: Running) -> None:
    assert shapes.reply("I want to kill myself", image=b"no picture", session="c").route == "care"


def test_the_picture_is_kept_nowhere(shapes: Running) -> None:
    data = picture("noise", 77)
    before = {path for path in shapes.settings.cache.rglob("*.npy")}
    shapes.reply("like this", image=data, session="kept")
    needles = data[200:260], base64.b64encode(data)[300:360]
    for path in shapes.settings.home.rglob("*"):
        if path.is_file() and path.parent.name != "shapes":
            content = path.read_bytes()
            assert not any(needle in content for needle in needles), path
    assert {path for path in shapes.settings.cache.rglob("*.npy")} == before


def test_a_picture_counts_for_its_own_message_alone(shapes: Running) -> None:
    shapes.reply("like this", image=picture("noise", 5), session="alone")
    later = shapes.reply("surprise me", session="alone")
    assert not any(why.kind == "media" for one in later.recommendations for why in one.reasons)


def test_without_picture_vectors_it_says_so_and_answers_from_the_words(films: Running) -> None:
    reply = films.reply("a warm comedy like this", image=picture("noise", 1))
    assert reply.route == "recommend" and reply.recommendations
    (label,) = reply.degraded
    assert "by a picture" in label and "words alone" in label
    heard = films.reply("a warm comedy like this", audio=sound("tone", 1), session="two")
    assert "by a sound" in heard.degraded[0]


def test_a_ranking_for_a_dialogue_takes_a_picture_too(shapes: Running) -> None:
    async def rank() -> list[str]:
        found = await shapes.service.recommend(
            [Turn(role="user", text="like this")], k=3, image=picture("stripes", 50)
        )
        return [one.item.id.partition("-")[0] for one in found.recommendations]

    assert shapes.loop.run_until_complete(rank())[0] == "stripes"


@pytest.fixture(scope="module")
def url(made: Settings) -> Iterator[str]:
    with Loopback(create_app(lambda: build(made, progress=quiet), settings=made)) as server:
        while ask("GET", f"{server.url}/ready").status_code != 200:
            pass
        yield server.url


def chat(
    url: str,
    *parts: dict[str, Any],
    text: str = "find things that look like this",
    options: dict[str, Any] | None = None,
) -> Any:
    content = [{"type": "text", "text": text}, *parts]
    messages = [{"role": "user", "content": content}]
    body = {"model": "simpatico", "messages": messages, "simpatico": options}
    return ask("POST", f"{url}/v1/chat/completions", json=body)


def share(found: Any, of: Callable[[str, int], bool]) -> float:
    """Of the recommendations in an answer, how many have such an id."""
    names = [one["id"].partition("-") for one in found["recommendations"]]
    return sum(of(kind, int(number)) for kind, _, number in names) / len(names)


def test_the_api_takes_a_picture_as_a_data_url(url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": data_url(picture("squares", 60))}}
    found = chat(url, part).json()["simpatico"]
    assert found["notes"] == [] and found["degraded"] == []
    assert found["recommendations"][0]["id"].startswith("squares")
    assert found["recommendations"][0]["reasons"][0]["kind"] == "media"
    bare = chat(url, part, text="").json()["simpatico"]
    assert bare["recommendations"][0]["id"].startswith("squares")


@pytest.mark.parametrize("door", ["chat/completions", "responses", "recommendations"])
def test_words_and_picture_weigh_what_the_caller_says(url: str, door: str) -> None:
    """Of eighteen three have stripes and a cat; six have stripes, nine a cat."""
    picture_url = data_url(picture("stripes", 61))
    text = "a cat asleep in the sun, like this"
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": picture_url}},
    ]
    body: dict[str, Any] = {"messages": [{"role": "user", "content": parts}]}
    if door == "responses":
        parts[:] = [
            {"type": "input_text", "text": text},
            {"type": "input_image", "image_url": picture_url},
        ]
        body = {"input": body["messages"]}

    def found(weights: dict[str, float] | None) -> Any:
        options = {"k": 6, "adventurous": 0, "weights": weights}
        own = options if door == "recommendations" else {"simpatico": options}
        response = ask("POST", f"{url}/v1/{door}", json=body | own)
        assert response.status_code == 200, response.text
        answer = response.json()
        return answer if door == "recommendations" else answer["simpatico"]

    def cats_and_stripes(weights: dict[str, float] | None) -> tuple[float, float]:
        answer = found(weights)
        return (
            share(answer, lambda _, number: number % 2 == 0),
            share(answer, lambda kind, _: kind == "stripes"),
        )

    assert cats_and_stripes({"image": 10, "text": 0}) == (0.5, 1)
    cats, stripes = cats_and_stripes({"image": 0.1, "text": 10})
    assert cats == 1 and stripes <= 0.5
    plain = found(None)["recommendations"]
    assert {*[one["id"] for one in plain][:3]} == {"stripes-4", "stripes-10", "stripes-16"}
    alike: tuple[dict[str, float], ...] = ({}, {"text": 8, "image": 8, "audio": 0})
    for weights in alike:
        assert found(weights)["recommendations"] == plain


def test_weights_change_nothing_without_a_picture(url: str) -> None:
    text = "a steam train on a bridge"
    plain = chat(url, text=text).json()["simpatico"]
    weighed = chat(url, text=text, options={"weights": {"text": 0}}).json()["simpatico"]
    assert weighed["recommendations"] == plain["recommendations"]
    assert share(plain, lambda _, number: number % 2 == 1) == 1


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"picture": 2}, "simpatico.weights: wanted weights of text, image, audio"),
        ({"image": 11}, "simpatico.weights.image: "),
        ({"text": 0, "image": 0}, "wanted a weight above 0 of text or image"),
    ],
)
def test_weights_that_cannot_be_are_a_plain_400(url: str, weights: object, says: str) -> None:
    part = {"type": "image_url", "image_url": {"url": data_url(picture("noise", 2))}}
    response = chat(url, part, options={"weights": weights})
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(says)


def test_the_api_takes_a_sound(url: str) -> None:
    data = base64.b64encode(sound("noise", 60)).decode()
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    found = chat(url, part, text="like this").json()["simpatico"]
    assert int(found["recommendations"][0]["id"].partition("-")[2]) % 2


def test_a_picture_of_megabytes_is_taken_but_not_as_much_of_words(url: str) -> None:
    file = io.BytesIO()
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (1200, 1200, 3), dtype=np.uint8)).save(file, "PNG")
    part = {"type": "image_url", "image_url": {"url": data_url(file.getvalue())}}
    assert len(file.getvalue()) > 4_000_000
    found = chat(url, part).json()["simpatico"]
    assert found["recommendations"][0]["id"].startswith("noise")
    words = "many words " * 100_000
    assert chat(url, part, text=words).status_code == 413


@pytest.mark.parametrize(
    ("part", "code", "says"),
    [
        ({"url": "https://example.org/a.png"}, "remote_media_refused", "data: URL"),
        ({"url": "http://127.0.0.1/a.png"}, "remote_media_refused", "data: URL"),
        ({"url": "file:///etc/passwd"}, "invalid_value", "data: URL"),
        ({"url": "/etc/passwd"}, "invalid_value", "data: URL"),
        ({}, "invalid_value", "data: URL"),
        ({"url": "data:image/png;base64,!!!"}, "invalid_value", "base64"),
        ({"url": "data:image/png;base64,"}, "invalid_value", "got nothing"),
        ({"url": data_url(b"GIF89a no picture")}, "invalid_data", "picture"),
    ],
)
def test_what_is_no_picture_is_a_plain_400(
    url: str, part: dict[str, str], code: str, says: str
) -> None:
    response = chat(url, {"type": "image_url", "image_url": part})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == code and says in error["message"]


def test_earlier_and_further_pictures_are_said_not_to_count(url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": data_url(picture("noise", 3))}}
    other = {"type": "image_url", "image_url": {"url": data_url(picture("stripes", 3))}}
    found = chat(url, other, part).json()["simpatico"]
    assert found["recommendations"][0]["id"].startswith("stripes")
    assert len(found["notes"]) == 1 and "one picture" in found["notes"][0]


def test_an_address_is_fetched_from_a_host_that_is_allowed(made: Settings) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 (the library's name)
            data = picture("stripes", 9)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{server.server_port}"
    retrieval = made.retrieval.model_copy(update={"media_hosts": (host,)})
    settings = made.model_copy(update={"retrieval": retrieval})
    try:
        with Loopback(create_app(lambda: build(settings, progress=quiet), settings=settings)) as on:
            while ask("GET", f"{on.url}/ready").status_code != 200:
                pass
            part = {"type": "image_url", "image_url": {"url": f"http://{host}/a.png"}}
            found = chat(on.url, part).json()["simpatico"]
            assert found["recommendations"][0]["id"].startswith("stripes")
            part = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:1/a.png"}}
            refused = chat(on.url, part)
            assert refused.status_code == 400 and "allowed host" in refused.text
    finally:
        server.shutdown()
        server.server_close()


def test_a_silent_host_does_not_hold_up_each_start(tmp_path: Path) -> None:
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def hang_up() -> None:
            with suppress(OSError):  # until it is closed
                while True:
                    caller, _ = silent.accept()
                    asked.append(caller.recv(100).decode().split()[1])
                    caller.close()

        threading.Thread(target=hang_up, daemon=True).start()
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        media = [Media(kind="image", uri=f"http://{host}/{name}.png") for name in ("a", "b")]
        items = [Item(id=one.uri, title="A thing", media=(one,)) for one in media]
        settings = tiny(
            tiny_home(tmp_path, items),
            weights=True,
            retrieval={"encoder": "hash", "media_hosts": [host]},
        )

        def start() -> None:
            asyncio.run(at_work(settings, lambda service: service.health()))

        start()  # whose index the media are looked at beside
        look_at_media(settings, progress=quiet)
        assert asked == ["/a.png"]
        start()
        start()
        assert asked == ["/a.png"]
        look_at_media(settings, progress=quiet)
        assert asked == ["/a.png"] * 2
        (file,) = tmp_path.rglob("media.json")
        told = MediaManifest.model_validate_json(file.read_bytes())
        long_ago = told.model_copy(update={"at": datetime.now(UTC) - timedelta(hours=4)})
        file.write_text(long_ago.model_dump_json())
        start()
        start()
        assert asked == ["/a.png"] * 3


def test_words_that_stand_for_none_wish_for_nothing_else(shapes: Running) -> None:
    for text in WORDS.values():
        state = shapes.reply(text, session=text).state
        assert state.query == "" and not state.constraints.genres
