"""Stop sequences: the words end before the first one, whole or streamed, and nothing else does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import started, tiny, tiny_home

from simpatico.agent.api.app import create_app
from simpatico.agent.api.bounds import Bounds
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.agent.safety import care_reply
from simpatico.domain import Item, Recommendation, Reply, UserState
from simpatico.settings import Settings

TEXT = "Two for you:\n\n**Heat** – quick.\n\n**Lake** – slow."
FOUND = Recommendation(item=Item(id="heat", title="Heat"), p_accept=0.5, reasons=())
REPLY = Reply(text=TEXT, route="recommend", state=UserState(), recommendations=(FOUND,))
HELLO: list[Any] = [{"role": "user", "content": "something quick"}]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Loopback(create_app(ScriptedService(REPLY), settings=Settings())) as server:
        yield server.url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="EMPTY", max_retries=0) as client:
        yield client


def ends(text: str, stop: list[str]) -> str:
    """Letter by letter, as a model would say it."""
    for end in range(len(text) + 1):
        if whole := [each for each in stop if text[:end].endswith(each)]:
            return text[: end - max(map(len, whole))]
    return text


@given(
    text=st.text("ab", max_size=12),
    stop=st.lists(st.text("ab", min_size=1, max_size=4), max_size=4),
    at=st.lists(st.integers(0, 12), max_size=6),
)
def test_however_it_comes_in_pieces_the_text_ends_before_the_first_sequence(
    text: str, stop: list[str], at: list[int]
) -> None:
    marks = [0, *sorted(at), len(text)]
    pieces = [text[a:b] for a, b in zip(marks, marks[1:], strict=False)]
    bounds = Bounds(budget=None, stop=stop)
    sent = [bounds.take(piece) for piece in pieces] + [bounds.take("", last=True)]
    assert "".join(sent) == ends(text, stop)
    assert not bounds.cut


def test_no_more_is_held_back_than_may_begin_a_sequence() -> None:
    bounds = Bounds(budget=None, stop=["\n\nHuman:", "##"])
    assert [bounds.take(piece) for piece in ("one\n", "two\n\nHu", "go #", "1 #", "# x", "y")] == [
        "one",
        "\ntwo",
        "\n\nHugo ",
        "#1 ",
        "",
        "",
    ]


def test_what_is_held_back_when_the_budget_ends_is_sent_and_said_to_be_cut() -> None:
    bounds = Bounds(budget=1, stop=["ef"])
    assert [bounds.take("abc"), bounds.take("de"), bounds.take("", last=True)] == ["abc", "d", ""]
    assert bounds.cut
    enough = Bounds(budget=1, stop=["ef"])
    assert [enough.take("abcdef"), enough.take("gh", last=True)] == ["abcd", ""]
    assert not enough.cut, "what comes after the sequence was not wanted anyway"


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        ("\n\n", "Two for you:"),
        (["slow", " – qui"], "Two for you:\n\n**Heat**"),
        ("Two", ""),
        (["not there", "slow.!"], TEXT),
        ([], TEXT),
        (["", ""], TEXT),
        (None, TEXT),
    ],
)
def test_the_client_gets_the_words_before_it_whole_and_streamed(
    client: openai.OpenAI, stop: Any, said: str
) -> None:
    whole = client.chat.completions.create(model="simpatico", messages=HELLO, stop=stop)
    assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == (said, "stop")
    assert whole.usage and whole.usage.completion_tokens == -(-len(said) // 4)
    assert whole.model_extra
    assert [each["id"] for each in whole.model_extra["simpatico"]["recommendations"]] == ["heat"]
    streamed = list(
        client.chat.completions.create(model="simpatico", messages=HELLO, stop=stop, stream=True)
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed) == said
    assert streamed[-1].choices[0].finish_reason == "stop"
    assert streamed[-1].model_extra
    assert streamed[-1].model_extra["simpatico"] == whole.model_extra["simpatico"]


def test_data_is_not_broken_off(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="simpatico", messages=HELLO, stop=['"'], response_format={"type": "json_object"}
    )
    assert json.loads(answer.choices[0].message.content or "")
    assert answer.model_extra
    assert answer.model_extra["simpatico"]["notes"] == [
        "data does not end at a stop sequence; only words do"
    ]


@pytest.mark.parametrize(
    "stop", [7, {"a": 1}, [1], [["a"]], [None], ["a", "b", "c", "d", "e"], "x" * 501]
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_no_stop_sequence_is_refused(url: str, stop: Any, stream: bool) -> None:
    body = {"messages": HELLO, "stop": stop, "stream": stream}
    with httpx.Client(verify=False, trust_env=False) as plain:
        answer = plain.post(f"{url}/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "stop"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    home: Path = tmp_path_factory.mktemp("home")
    film = Item(id="bear", title="The Marmalade Bear", year=2014, genres=("Comedy",))
    settings: Settings = tiny(home)
    tiny_home(home, [film])
    with (
        Loopback(create_app(lambda: started(settings), settings=settings)) as server,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="EMPTY", max_retries=5) as client,
    ):
        yield client


def test_a_session_keeps_the_whole_answer(real: openai.OpenAI) -> None:
    answer = real.chat.completions.create(
        model="simpatico",
        messages=[{"role": "user", "content": "a comedy, please"}],
        stop=["Marmalade"],
        user="ann",
        extra_headers={"X-Session-Id": "s-1"},
    )
    said = answer.choices[0].message.content or ""
    kept = real.get("/users/ann/export", cast_to=object)
    assert isinstance(kept, dict)
    (question, whole) = kept["conversations"][0]["turns"]
    assert "The Marmalade Bear" in whole["text"]
    assert said == whole["text"][: whole["text"].index("Marmalade")]


def test_help_is_not_cut(real: openai.OpenAI) -> None:
    answer = real.chat.completions.create(
        model="simpatico",
        messages=[{"role": "user", "content": "I want to kill myself"}],
        stop=[" "],
    )
    assert answer.choices[0].message.content == care_reply("en")
