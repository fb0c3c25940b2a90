"""A server as a system, over a real loopback: dead, lying, refusing, slow to come back."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simpatico.errors import BadReply, DataError, LLMUnavailable, SettingsError
from simpatico.eval.endpoint import AT_ONCE, KEPT, N_SILENT, Endpoint, ServerGone, json_in


def chats(n: int) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": f"question {at}"}] for at in range(n)]


def test_answers_come_in_the_order_of_the_questions_and_are_not_asked_again(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    server = serve(lambda messages: messages[0]["content"].upper())
    system = Endpoint(server.url, keep=tmp_path, key="k-1")
    assert system.name == f"fake at {server.url.split('/')[2]}"
    told: list[int] = []
    found = system.ask(chats(9), max_tokens=9, progress=lambda what, done, n: told.append(done))
    assert [each.text for each in found] == [f"QUESTION {at}" for at in range(9)]
    assert sorted(told) == list(range(1, 10))
    assert server.keys == {"Bearer k-1"}
    again = Endpoint(f"{server.url}#fake", keep=tmp_path).ask(chats(12), max_tokens=9)
    assert [each.text for each in again[:9]] == [each.text for each in found]
    assert len(server.asked) == 12
    assert "k-1" not in (tmp_path / KEPT).read_text()


def test_a_refused_question_fails_alone_and_stays_failed(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    server = serve(lambda messages: 400 if "3" in messages[0]["content"] else "yes")
    found = Endpoint(server.url, keep=tmp_path).ask(chats(6), max_tokens=9)
    assert [each.text for each in found] == ["yes", "yes", "yes", None, "yes", "yes"]
    Endpoint(server.url, keep=tmp_path).ask(chats(6), max_tokens=9)
    assert len(server.asked) == 6


def test_a_server_that_goes_away_stops_the_run_and_the_next_goes_on(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    gone = threading.Event()

    def say(messages: list[dict[str, str]]) -> str | int:
        return 503 if gone.is_set() else messages[0]["content"]

    server = serve(say)
    Endpoint(server.url, keep=tmp_path).ask(chats(8), max_tokens=9)
    gone.set()
    system = Endpoint(server.url, keep=tmp_path)
    with pytest.raises(ServerGone, match="in a row .*the same command goes on"):
        system.ask(chats(30), max_tokens=9)
    assert len({each[0]["content"] for each in server.asked}) < 8 + N_SILENT + AT_ONCE
    with (tmp_path / KEPT).open("a") as file:
        file.write('{"question": "cut o')  # as a killed process leaves it
    gone.clear()
    server.asked.clear()
    found = Endpoint(server.url, keep=tmp_path).ask(chats(30), max_tokens=9)
    assert [each.text for each in found] == [f"question {at}" for at in range(30)]
    assert len(server.asked) == 22
    Endpoint(server.url, keep=tmp_path).ask(chats(30), max_tokens=9)
    assert len(server.asked) == 22


def test_nobody_there_no_model_and_bad_addresses_are_told_apart(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    server = serve(lambda messages: "yes", models=())
    with pytest.raises(DataError, match="lists no model"):
        Endpoint(server.url)
    server.close()
    with pytest.raises(LLMUnavailable, match="127.0.0.1"):
        Endpoint(server.url)
    with pytest.raises(SettingsError, match="--key-env"):
        Endpoint("http://me:secret@127.0.0.1:1/v1")
    with pytest.raises(SettingsError, match="wanted an address"):
        Endpoint("http:///v1")
    (tmp_path / KEPT).write_text("no json\n{}\n")
    with pytest.raises(DataError, match="are damaged"):
        Endpoint("http://127.0.0.1:1/v1#m", keep=tmp_path)


def test_models_in_another_shape_are_a_bad_reply(serve: Callable[..., Any]) -> None:
    with pytest.raises(BadReply, match="models in the wrong shape"):
        Endpoint(serve(lambda messages: "yes", models=5).url)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Sure! {"label": "joy"} and ["a", {"b": 1}].', [{"label": "joy"}, ["a", {"b": 1}]]),
        ("{broken [1, 2]", [[1, 2]]),
        ("nothing", []),
        ("[" * 50_000, []),
    ],
)
def test_json_is_found_among_words(text: str, found: list[Any]) -> None:
    assert list(json_in(text)) == found
