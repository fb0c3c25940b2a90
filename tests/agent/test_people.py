"""A person's data, through a real server: taken away, erased, and then nowhere on the disk."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tiny import started, tiny, tiny_home

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback

SECRET = "zyxomma"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    tiny_home(folder)
    return folder


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    settings = tiny(home)

    with Loopback(create_app(lambda: started(settings), settings=settings)) as server:
        for _ in range(600):
            if ask("GET", f"{server.url}/ready").status_code == 200:
                break
            time.sleep(0.05)
        yield server.url


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    with httpx.Client(verify=False, trust_env=False, timeout=60) as client:
        return client.request(method, url, **more)


def live(url: str, user: str, word: str) -> None:
    """Talk in a session that is kept, and like a film."""
    said = {"messages": [{"role": "user", "content": f"something funny, {word}"}], "user": user}
    headers = {"X-Session-Id": f"of-{user}"}
    answer = ask("POST", f"{url}/v1/chat/completions", json=said, headers=headers)
    assert answer.status_code == 200, answer.text
    event = {"user": user, "item_id": "bear", "kind": "like"}
    assert ask("POST", f"{url}/v1/events", json=event).json()["accepted"] == 1


def files_with(home: Path, word: str) -> list[str]:
    return [
        str(path.relative_to(home))
        for path in sorted(home.rglob("*"))
        if path.is_file() and word.encode() in path.read_bytes()
    ]


def test_an_export_has_what_was_said_done_shown_and_understood(url: str) -> None:
    live(url, "ann-7c1e", SECRET)
    live(url, "ben-92af", "and slow")
    answer = ask("GET", f"{url}/v1/users/ann-7c1e/export")
    assert answer.headers["content-disposition"].startswith("attachment")
    kept = answer.json()
    assert kept["user"] == "ann-7c1e"
    assert [event["item_id"] for event in kept["events"]] == ["bear"]
    assert kept["impressions"][0]["items"]
    (talk,) = kept["conversations"]
    assert [turn["role"] for turn in talk["turns"]] == ["user", "assistant"]
    assert SECRET in talk["turns"][0]["text"]
    assert talk["understood"]["intent"] == "seek"
    assert kept["profile"]["liked"] == ["bear"]
    assert "ben-92af" not in answer.text


def test_after_erasing_no_file_holds_a_word_or_the_name(url: str, home: Path) -> None:
    live(url, "cem-41d0", "quetzal")
    live(url, "dee-03b8", "and slow")
    assert files_with(home, "quetzal") and files_with(home, "cem-41d0")
    erased = ask("DELETE", f"{url}/v1/users/cem-41d0").json()
    assert (erased["n_conversations"], erased["n_events"]) == (1, 2)
    assert files_with(home, "quetzal") == []
    assert files_with(home, "cem-41d0") == []
    others = ask("GET", f"{url}/v1/users/dee-03b8/export").json()
    assert len(others["events"]) == len(others["conversations"]) == 1


def test_a_name_with_any_characters_is_erased(url: str) -> None:
    name = "key:a/b c?é"
    event = {"user": name, "item_id": "lake", "kind": "dislike"}
    assert ask("POST", f"{url}/v1/events", json=event).json()["accepted"] == 1
    erased = ask("DELETE", f"{url}/v1/users/{quote(name, safe='')}").json()
    assert (erased["user"], erased["n_events"]) == (name, 1)


def test_somebody_unknown_has_an_empty_export_and_nothing_to_erase(url: str) -> None:
    kept = ask("GET", f"{url}/v1/users/nobody/export").json()
    assert kept["events"] == kept["conversations"] == kept["impressions"] == []
    erased = ask("DELETE", f"{url}/v1/users/nobody")
    assert (erased.status_code, erased.json()["n_events"]) == (200, 0)


@pytest.mark.parametrize("name", ["%20", "a%00b", "x" * 201])
def test_a_name_that_nobody_can_have_is_refused(url: str, name: str) -> None:
    answer = ask("DELETE", f"{url}/v1/users/{name}")
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "user"


def test_a_person_can_begin_again_after_erasing(url: str) -> None:
    live(url, "eve-55aa", SECRET)
    ask("DELETE", f"{url}/v1/users/eve-55aa")
    live(url, "eve-55aa", "and quiet")
    kept = ask("GET", f"{url}/v1/users/eve-55aa/export").json()
    assert SECRET not in str(kept)
    assert len(kept["events"]) == 1


def test_a_stored_response_is_the_person_s_until_erased(url: str, home: Path) -> None:
    given = {"input": "something funny, oryxes", "user": "fay-2b77"}
    first = ask("POST", f"{url}/v1/responses", json=given).json()
    more = {**given, "input": "older", "previous_response_id": first["id"]}
    assert ask("POST", f"{url}/v1/responses", json=more).status_code == 200
    kept = ask("GET", f"{url}/v1/users/fay-2b77/export").json()
    assert len(kept["conversations"]) == 2
    assert ask("DELETE", f"{url}/v1/users/fay-2b77").json()["n_conversations"] == 2
    assert ask("POST", f"{url}/v1/responses", json=more).status_code == 404
    assert files_with(home, "oryxes") == []


def test_a_slash_that_belongs_to_a_name_is_not_forgiven(url: str) -> None:
    for name in ("gil", "gil/"):
        event = {"user": name, "item_id": "lake", "kind": "like"}
        assert ask("POST", f"{url}/v1/events", json=event).json()["accepted"] == 1
    assert ask("DELETE", f"{url}/v1/users/gil%2F").json()["user"] == "gil/"
    assert len(ask("GET", f"{url}/v1/users/gil/export").json()["events"]) == 1
