"""Recommendations and events, and what a store's failure looks like."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.recommend import profile_from, together
from simpatico.agent.api.scripted import ScriptedService
from simpatico.agent.profile import PastEvent
from simpatico.domain import Item, Mood, Profile, Recommendation, Reply, UserState
from simpatico.settings import Settings

ITEMS = ("up", "coco", "heat", "jaws")
REPLY = Reply(
    text="Here.",
    route="recommend",
    state=UserState(mood=Mood(label="joy"), query="something fun"),
    recommendations=tuple(
        Recommendation(item=Item(id=name, title=name.title()), p_accept=0.9 - index / 10)
        for index, name in enumerate(ITEMS)
    ),
)


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    """One request. Without certificates, whose loading would take longer than the request."""
    with httpx.Client(verify=False, trust_env=False) as client:
        return client.request(method, url, **more)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[ScriptedService, str]]:
    service = ScriptedService(REPLY)
    with Loopback(create_app(service, settings=Settings())) as server:
        yield service, server.url


@pytest.fixture
def service(running: tuple[ScriptedService, str]) -> ScriptedService:
    running[0].forget()
    return running[0]


@pytest.fixture
def url(running: tuple[ScriptedService, str], service: ScriptedService) -> str:
    return running[1]


def ids_for(url: str, **body: Any) -> list[str]:
    response = ask("POST", f"{url}/v1/recommendations", json=body)
    assert response.status_code == 200, response.text
    return [found["id"] for found in response.json()["recommendations"]]


def send(url: str, events: Any, **headers: str) -> Any:
    response = ask("POST", f"{url}/v1/events", json=events, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_ranking_has_scores_and_the_state(url: str) -> None:
    body = ask("POST", f"{url}/v1/recommendations", json={"text": "fun", "k": 2}).json()
    assert body["object"] == "recommendations"
    assert [(found["id"], found["p_accept"]) for found in body["recommendations"]] == [
        ("up", 0.9),
        ("coco", 0.8),
    ]
    assert body["state"]["query"] == "something fun"
    assert body["degraded"] == []


@pytest.mark.parametrize(
    "said",
    [
        {"text": "fun"},
        {"turns": [{"role": "user", "text": "fun"}]},
        {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "fun"}]},
    ],
)
def test_what_is_wanted_may_come_in_three_ways(url: str, said: dict[str, Any]) -> None:
    assert ids_for(url, **said) == list(ITEMS)


def test_a_history_that_the_caller_keeps_counts(url: str) -> None:
    history = [
        {"item_id": "up", "kind": "like", "at": "2026-01-01T00:00:00Z"},
        {"item_id": "heat", "kind": "rate", "value": 5},
    ]
    assert ids_for(url, text="fun", history=history) == ["coco", "jaws"]


def test_events_of_a_known_person_count_in_the_next_ranking(url: str) -> None:
    send(url, {"user": "ann", "item_id": "coco", "kind": "dislike"})
    assert ids_for(url, text="fun", user="ann") == ["up", "heat", "jaws"]
    assert ids_for(url, text="fun", user="ann", personal=False) == list(ITEMS)
    assert ids_for(url, text="fun", user="bob") == list(ITEMS)
    assert ids_for(url, text="fun") == list(ITEMS)


def test_the_examples_in_the_docs_work(url: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    examples = re.findall(r"curl .*?7860(\S+) .*?-d '(.*?)'\n```", page, re.S)
    assert [path for path, _ in examples] == [
        "/v1/chat/completions",
        "/v1/recommendations",
        "/v1/events",
    ]
    for path, body in examples:
        response = ask(
            "POST", url + path, content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 200, response.text


def test_the_history_is_read_in_the_order_of_its_times() -> None:
    history = [
        PastEvent(item_id="up", kind="dislike", at=datetime(2026, 2, 1, tzinfo=UTC)),
        PastEvent(item_id="up", kind="like", at=datetime(2026, 1, 1, tzinfo=UTC)),
        PastEvent(item_id="heat", kind="seen"),
    ]
    assert profile_from("ann", history) == Profile(
        user="ann", disliked=("up",), seen=("heat",), n_events=3
    )


def test_a_history_decides_where_it_disagrees_with_what_is_known() -> None:
    known = Profile(user="ann", liked=("up", "heat"), seen=("up",), shown=("x",), n_events=3)
    past = Profile(user="ann", disliked=("up",), liked=("coco",), n_events=2)
    assert together(known, past) == Profile(
        user="ann",
        liked=("heat", "coco"),
        disliked=("up",),
        seen=("up",),
        shown=("x",),
        n_events=5,
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"text": "a", "turns": [{"role": "user", "text": "b"}]}, None),
        ({"turns": [{"role": "assistant", "text": "b"}]}, None),
        ({"messages": [{"role": "system", "content": "b"}]}, None),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "a", "k": 0}, "k"),
        ({"text": "a", "k": 101}, "k"),
        ({"text": "a", "mood": "hangry"}, "mood"),
        ({"text": "a", "adventurous": 2}, "adventurous"),
        ({"text": "a", "not_genres": "Horror"}, "not_genres"),
        ({"text": "a", "not_genres": ["Horror", 5]}, "not_genres.1"),
        ({"text": "a", "not_genres": ["Horror"] * 41}, "not_genres"),
        ({"text": "a", "history": [{"item_id": "up", "kind": "ate"}]}, "history.0"),
        ({"text": "a", "history": [{"item_id": "up", "kind": "rate"}]}, "history.0"),
    ],
)
def test_a_ranking_that_cannot_be_made_names_the_field(
    url: str, body: dict[str, Any], param: str | None
) -> None:
    response = ask("POST", f"{url}/v1/recommendations", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


def test_an_event_is_accepted_once(url: str) -> None:
    event = {"id": "e-1", "user": "ann", "item_id": "up", "kind": "rate", "value": 4}
    assert send(url, event) == {
        "object": "list",
        "accepted": 1,
        "duplicate": 0,
        "refused": 0,
        "data": [{"index": 0, "id": "e-1", "status": "accepted", "reason": None}],
    }
    assert send(url, event)["data"][0]["status"] == "duplicate"


def test_an_event_without_a_time_happened_now(url: str, service: ScriptedService) -> None:
    send(url, {"user": "ann", "item_id": "up", "kind": "like"})
    (event,) = service.events
    assert abs(event.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_same_idempotency_key_gives_the_same_events(url: str) -> None:
    events = [{"user": "ann", "item_id": "up", "kind": "click"}] * 2
    key = {"Idempotency-Key": "k-1"}
    assert send(url, events, **key)["accepted"] == 2
    assert send(url, events, **key)["duplicate"] == 2
    assert send(url, [{**events[0], "user": "bob"}], **key)["accepted"] == 1
    assert send(url, [{**events[0], "kind": "like"}], **key)["accepted"] == 1
    assert send(url, events)["accepted"] == 2


def test_each_event_of_a_list_is_judged_alone(url: str) -> None:
    good = {"user": "ann", "item_id": "up", "kind": "like"}
    future = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    sent: list[Any] = [
        good,
        {**good, "item_id": "no-such-film", "id": "mine"},
        {**good, "kind": "ate"},
        {**good, "kind": "rate"},
        {**good, "value": 3},
        {**good, "user": " "},
        {"item_id": "up", "kind": "like"},
        {**good, "at": "2026-01-01T00:00:00"},
        {**good, "at": future},
        {**good, "at": "0001-01-01T00:00:00+14:00"},
        {**good, "id": "x" * 201},
        "like",
        good,
    ]
    body = send(url, sent)
    assert (body["accepted"], body["refused"]) == (2, 11)
    assert [outcome["index"] for outcome in body["data"]] == list(range(13))
    assert body["data"][1]["id"] == "mine"
    reasons = [outcome["reason"] for outcome in body["data"]]
    assert reasons[0] is None and reasons[-1] is None
    words = ["no-such-film", "kind", "stars", "only a rating", "user", "user", "zone", "future"]
    words.append("before the year 1900")
    for reason, word in zip(reasons[1:10], words, strict=True):
        assert word in reason


def test_a_list_has_a_limit(url: str) -> None:
    event = {"user": "ann", "item_id": "up", "kind": "like"}
    response = ask("POST", f"{url}/v1/events", json=[event] * 1001)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "too_many_events"
    assert send(url, [event] * 1000)["accepted"] == 1000
    assert send(url, [])["data"] == []


def test_nothing_is_acknowledged_when_the_store_fails(url: str, service: ScriptedService) -> None:
    event = {"id": "e-1", "user": "ann", "item_id": "up", "kind": "like"}
    service.store_works = False
    response = ask("POST", f"{url}/v1/events", json=[event])
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert response.json()["error"]["type"] == "server_error"
    assert "accepted" not in response.text
    service.store_works = True
    assert send(url, event)["accepted"] == 1


def test_a_refused_event_does_not_repeat_what_was_sent(url: str) -> None:
    sent = {"user": "ann", "item_id": "up", "kind": "my secret sorrow"}
    assert "secret" not in str(send(url, sent))
