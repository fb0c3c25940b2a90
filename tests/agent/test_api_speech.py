"""Speech as OpenAI's client and plain forms send it."""

import asyncio
import gc
import io
import logging
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from openai import BadRequestError, InternalServerError, NotFoundError, OpenAI

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.agent.build import listener
from simpatico.agent.hearing import MAX_WAITING, Ears, TooBusy
from simpatico.agent.whisper import HOW, MODEL
from simpatico.domain import Reply, Spoken, UserState
from simpatico.errors import DataError, ModelError, UnknownLanguage
from simpatico.modelstore import ModelStore
from simpatico.settings import Settings

REPLY = Reply(text="Here.", route="talk", state=UserState())
PATH = "/v1/audio/transcriptions"


def tone(seconds: float = 2.0) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(int(seconds * 16_000)), 16_000, format="WAV")
    return file.getvalue()


class Deaf(ScriptedService):
    async def hear(self, sound: bytes, *, language: str = "") -> Spoken:
        raise ModelError(HOW)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    settings = Settings(api_key="sesame")
    with Loopback(create_app(ScriptedService(REPLY), settings=settings)) as server:
        yield server.url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="sesame", max_retries=0) as made:
        yield made


def send(url: str, key: str = "sesame", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
    with httpx.Client(verify=False, trust_env=False) as http:
        return http.post(f"{url}{PATH}", headers=headers, **more)


def test_the_client_gets_words_and_how_long_they_took(client: OpenAI) -> None:
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=("voice.wav", tone()), language="zh", temperature=0, prompt="Hm."
    )
    assert heard.text == "2 s of zh"
    assert heard.usage is not None and heard.usage.to_dict() == {"type": "duration", "seconds": 2}
    plain = client.audio.transcriptions.create(
        model="whisper-base", file=tone(), response_format="text"
    )
    assert plain == "2 s of something\n"
    more = client.audio.transcriptions.create(
        model="whisper-1", file=tone(2.4), response_format="verbose_json", language="zh"
    )
    assert (more.text, more.language, more.duration) == ("2.4 s of zh", "zh", 2.4)


def test_what_cannot_be_is_refused_in_the_clients_own_words(client: OpenAI) -> None:
    make = client.audio.transcriptions.create
    with pytest.raises(NotFoundError, match="wanted one of whisper-base"):
        make(model="gpt-5", file=tone())
    with pytest.raises(BadRequestError, match="response_format"):
        make(model="whisper-1", file=tone(), response_format="srt")
    with pytest.raises(BadRequestError, match="wanted WAV"):
        make(model="whisper-1", file=b"no sound at all")
    with pytest.raises(BadRequestError, match="language"):
        make(model="whisper-1", file=tone(), language="English")


def test_a_form_without_a_file_or_none_at_all_is_told_so(url: str) -> None:
    file = {"file": ("a.wav", tone())}
    for status, named, sent in (
        (401, "API key", {"key": "wrong", "files": file}),
        (415, "multipart/form-data", {"json": {"model": "whisper-1"}}),
        (400, "wanted a sound file", {"files": {"other": (None, "text")}}),
        (400, "wanted a sound file", {"files": {"file": (None, "text")}}),
        (400, "wanted a form", {"files": {**file, "second": ("b.wav", b"")}}),
        (
            400,
            "wanted a form",
            {"content": b"--", "headers": {"Content-Type": "multipart/form-data"}},
        ),
        (413, "at most", {"files": {"file": b"\0" * 20_200_000}}),
    ):
        answer = send(url, **sent)
        assert (answer.status_code, named in answer.text) == (status, True), answer.text


def test_nothing_of_a_large_file_is_written_to_the_disk(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any) -> None:
        raise AssertionError("a voice came to lie on the disk")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", refuse)
    answer = send(url, files={"file": ("long.wav", tone(100))})
    assert answer.json()["text"] == "100 s of something"


def test_where_nothing_hears_the_answer_says_what_to_run() -> None:
    with (
        Loopback(create_app(Deaf(REPLY), settings=Settings())) as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="EMPTY", max_retries=0) as client,
        pytest.raises(InternalServerError, match="simpatico model fetch whisper-base"),
    ):
        client.audio.transcriptions.create(model="whisper-1", file=tone())


class Raising(ScriptedService):
    def __init__(self, error: Exception) -> None:
        super().__init__(REPLY)
        self._wrong = error

    async def hear(self, sound: bytes, *, language: str = "") -> Spoken:
        raise self._wrong


@pytest.mark.parametrize(
    ("error", "status", "param"),
    [
        (UnknownLanguage("wanted a language by its two letters, got 'xx'"), 400, "language"),
        (ValueError("A SECRET of the decoder"), 500, None),
    ],
)
def test_only_an_unknown_language_is_called_one(
    error: Exception, status: int, param: str | None
) -> None:
    with Loopback(create_app(Raising(error), settings=Settings())) as server:
        answer = send(server.url, files={"file": ("a.wav", tone())})
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    assert "SECRET" not in answer.text


def test_where_the_weights_lie_is_told_to_the_log_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("ctranslate2", reason="needs simpatico[voice]")
    monkeypatch.setattr(ModelStore, "path", lambda self, name: tmp_path / name)
    with pytest.raises(ModelError) as caught:
        listener(Settings(cache=tmp_path))
    assert str(caught.value) == HOW
    assert str(tmp_path / MODEL) in caplog.text


class Slow:
    """Hears nothing until it is let."""

    name = "slow"

    def __init__(self) -> None:
        self.let = threading.Event()
        self.begun = threading.Event()
        self.n_given = 0

    def listen(self, wave: Any, *, language: str = "") -> Spoken:
        self.n_given += 1
        self.begun.set()
        self.let.wait(30)
        return Spoken(text="A SECRET", language="en", seconds=len(wave) / 16_000)


def test_only_so_many_voices_wait() -> None:
    async def run() -> None:
        slow = Slow()
        ears = Ears(lambda: slow)
        waiting = [asyncio.create_task(ears.hear(tone())) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await ears.hear(tone())
        slow.let.set()
        assert [one.text for one in await asyncio.gather(*waiting)] == ["A SECRET"] * MAX_WAITING
        ears.close()

    asyncio.run(run())


class Sound(bytearray):
    """One that can be looked at from afar, as bytes cannot."""


async def gone(task: "asyncio.Task[Spoken]") -> None:
    """Ends a task as a caller does who leaves."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_who_leaves_the_queue_frees_the_place_and_takes_the_sound_along() -> None:
    async def run() -> None:
        slow = Slow()
        ears = Ears(lambda: slow)
        first = asyncio.create_task(ears.hear(tone()))
        await asyncio.to_thread(slow.begun.wait, 30)
        left: list[weakref.ref[Sound]] = []
        for _ in range(2 * MAX_WAITING):
            sound = Sound(tone())
            left.append(weakref.ref(sound))
            task = asyncio.create_task(ears.hear(sound))  # type: ignore[arg-type]
            del sound
            await asyncio.sleep(0)
            await gone(task)
            del task
        await asyncio.sleep(0)  # the loop itself holds the last one for a step
        gc.collect()
        assert [one() for one in left if one() is not None] == []
        slow.let.set()
        assert (await first).text == (await ears.hear(tone())).text == "A SECRET"
        assert slow.n_given == 2
        ears.close()

    asyncio.run(run())


def test_one_who_leaves_while_being_heard_counts_until_that_ends() -> None:
    async def run() -> None:
        slow = Slow()
        ears = Ears(lambda: slow)
        first = asyncio.create_task(ears.hear(tone()))
        await asyncio.to_thread(slow.begun.wait, 30)
        await gone(first)
        waiting = [asyncio.create_task(ears.hear(tone())) for _ in range(MAX_WAITING - 1)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await ears.hear(tone())
        slow.let.set()
        assert len(await asyncio.gather(*waiting)) == MAX_WAITING - 1
        assert slow.n_given == MAX_WAITING
        ears.close()

    asyncio.run(run())


def test_what_waits_when_the_ears_are_closed_is_told_so() -> None:
    async def run() -> None:
        slow = Slow()
        ears = Ears(lambda: slow)
        first, second = (asyncio.create_task(ears.hear(tone())) for _ in range(2))
        await asyncio.to_thread(slow.begun.wait, 30)
        ears.close()
        slow.let.set()
        assert (await first).text == "A SECRET"
        with pytest.raises(ModelError, match="any more"):
            await second

    asyncio.run(run())


def test_what_is_too_long_is_refused_and_words_are_never_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        caplog.set_level(logging.DEBUG)
        slow = Slow()
        slow.let.set()
        ears = Ears(lambda: slow)
        with pytest.raises(DataError, match="up to 120 s"):
            await ears.hear(tone(121))
        assert (await ears.hear(tone())).text == "A SECRET"
        ears.close()
        assert "SECRET" not in caplog.text

    asyncio.run(run())


def test_what_was_not_there_is_looked_for_again() -> None:
    async def run() -> None:
        slow = Slow()
        slow.let.set()
        found: list[Any] = [ModelError(HOW), slow]

        def load() -> Any:
            if isinstance(one := found.pop(0), Exception):
                raise one
            return one

        ears = Ears(load)
        with pytest.raises(ModelError, match="model fetch"):
            await ears.ready()
        await ears.ready()
        await ears.ready()
        assert found == []
        ears.close()

    asyncio.run(run())
