"""The API in front of a real Simpatico: small catalogue, hash encoder, no language model."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tiny import started, tiny, tiny_home

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.domain import Item
from simpatico.settings import Settings

FILMS = {
    "bear": Item(id="bear", title="The Marmalade Bear", year=2014, genres=("Comedy",)),
    "lake": Item(id="lake", title="Dark Lake", year=1985, genres=("Horror",)),
    "heist": Item(id="heist", title="One Last Heist", year=1995, genres=("Crime",)),
    "waltz": Item(id="waltz", title="Waltz in Vienna", year=1962, genres=("Romance", "Comedy")),
    "robot": Item(
        id="robot",
        title="My Robot Cousin",
        year=2009,
        genres=("Comedy",),
        extra=(("language", "German"),),
    ),
    "ghost": Item(id="ghost", title="The Polite Ghost", year=1999, genres=("Horror", "Comedy")),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    tiny_home(home, FILMS.values())
    return tiny(home)


def served(settings: Settings) -> Loopback:
    return Loopback(create_app(lambda: started(settings), settings=settings))


def wait_until_ready(url: str) -> None:
    for _ in range(600):
        answer = ask("GET", f"{url}/ready")
        if answer.status_code == 200:
            return
        assert answer.json()["status"] == "starting", answer.text
        time.sleep(0.05)
    raise AssertionError(answer.text)


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    with served(settings) as server:
        wait_until_ready(server.url)
        yield server.url


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    """One request. Without certificates, whose loading would take longer than the request."""
    with httpx.Client(verify=False, trust_env=False, timeout=60) as client:
        return client.request(method, url, **more)


def chat(url: str, *said: str, session: str = "", **more: Any) -> dict[str, Any]:
    """Say something; what was said before alternates between the person and Simpatico."""
    messages = [
        {"role": "assistant" if index % 2 else "user", "content": text}
        for index, text in enumerate(said)
    ]
    headers = {"X-Session-Id": session} if session else {}
    answer = ask(
        "POST", f"{url}/v1/chat/completions", json={"messages": messages, **more}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ids_of(body: dict[str, Any]) -> list[str]:
    return [found["id"] for found in body["simpatico"]["recommendations"]]


def test_a_message_is_answered_with_films_of_the_catalogue(url: str) -> None:
    body = chat(url, "I would like a comedy, nothing before 1990")
    assert sorted(ids_of(body)) == ["bear", "ghost", "robot"]
    text = body["choices"][0]["message"]["content"]
    assert all(FILMS[name].title in text for name in ids_of(body))
    state = body["simpatico"]["state"]
    assert (state["constraints"]["genres"], state["constraints"]["year_from"]) == (["Comedy"], 1990)
    assert [stage["name"] for stage in body["simpatico"]["trace"]]


def test_a_chinese_message_is_answered_in_chinese_with_the_same_films(url: str) -> None:
    body = chat(url, "想看喜剧，不要1990年以前的")
    assert sorted(ids_of(body)) == ["bear", "ghost", "robot"]
    text = body["choices"][0]["message"]["content"]
    assert all(FILMS[name].title in text for name in ids_of(body)) and "三部电影" in text
    assert body["simpatico"]["state"]["language"] == "zh"
    answered = chat(url, "想看喜剧", text, "第一部讲什么？")
    assert answered["choices"][0]["message"]["content"].startswith("**")


def test_the_messages_are_the_dialogue(url: str) -> None:
    body = chat(url, "I would like a comedy", "How about these?", "nothing before 1990, please")
    assert sorted(ids_of(body)) == ["bear", "ghost", "robot"]


def test_a_session_remembers_and_belongs_to_its_owner(url: str) -> None:
    chat(url, "I would like a comedy", session="s-1", user="ann")
    body = chat(url, "nothing before 1990, please", session="s-1", user="ann")
    assert sorted(ids_of(body)) == ["bear", "ghost", "robot"]
    foreign = ask(
        "POST",
        f"{url}/v1/chat/completions",
        json={"messages": [{"role": "user", "content": "what did I say?"}], "user": "bob"},
        headers={"X-Session-Id": "s-1"},
    )
    assert foreign.status_code == 403


def test_what_a_person_disliked_is_not_ranked_for_them(url: str) -> None:
    event = {"user": "cat", "item_id": "robot", "kind": "dislike"}
    assert ask("POST", f"{url}/v1/events", json=event).json()["accepted"] == 1
    for user, wanted in (("cat", False), ("dan", True)):
        wish = {"text": "a comedy", "user": user}
        body = ask("POST", f"{url}/v1/recommendations", json=wish).json()
        assert ("robot" in [found["id"] for found in body["recommendations"]]) is wanted


@pytest.mark.parametrize(
    ("text", "k", "first", "let_go"),
    [
        ("a comedy, nothing before 1990", 3, {"bear", "ghost", "robot"}, []),
        ("a comedy, nothing before 1990", 4, {"bear", "ghost", "robot"}, ["year_from"]),
        ("a horror film, nothing before 2005", 1, {"lake", "ghost"}, ["year_from"]),
        ("music for a rainy evening", 1, set(FILMS), ["kinds"]),
    ],
)
def test_a_ranking_tells_which_wishes_not_all_of_it_meets(
    url: str, text: str, k: int, first: set[str], let_go: list[str]
) -> None:
    body = ask("POST", f"{url}/v1/recommendations", json={"text": text, "k": k}).json()
    ids = [found["id"] for found in body["recommendations"]]
    assert len(ids) == k and set(ids[: len(first)]) <= first
    assert body["let_go"] == let_go


def test_a_chat_tells_which_wishes_not_all_that_is_shown_meets(url: str) -> None:
    told = chat(url, "a horror film, nothing before 2005")
    assert told["simpatico"]["let_go"] == ["year_from"]
    assert "I let go of the years" in told["choices"][0]["message"]["content"]
    assert chat(url, "a comedy, nothing before 1990")["simpatico"]["let_go"] == []


def test_years_and_languages_that_are_never_wanted_are_left_out_unless_asked_for(url: str) -> None:
    years = [{"first": 1960, "last": 1969}, {"first": 1999, "last": 1999}]
    never: dict[str, Any] = {"not_years": years, "not_languages": ["de"]}
    assert ids_of(chat(url, "a comedy", simpatico=never)) == ["bear"]
    for text, wanted in (("a comedy from the 60s", "waltz"), ("a German comedy", "robot")):
        body = ask("POST", f"{url}/v1/recommendations", json={"text": text, "k": 1, **never}).json()
        assert [found["id"] for found in body["recommendations"]] == [wanted]
    told = chat(url, "a comedy, nothing from the 90s, not in German")
    assert {"ghost", "robot"}.isdisjoint(ids_of(told))
    constraints = told["simpatico"]["state"]["constraints"]
    assert constraints["not_years"] == [{"first": 1990, "last": 1999}]
    assert constraints["not_languages"] == ["German"]
    wrong = {"text": "a comedy", "not_years": [{"first": 1999, "last": 1960}]}
    refused = ask("POST", f"{url}/v1/recommendations", json=wrong)
    assert refused.status_code == 400 and "1999-1960" in refused.text


def test_foreign_films_and_times_that_they_play_in(url: str) -> None:
    told = chat(url, "a comedy, nothing with subtitles")
    constraints = told["simpatico"]["state"]["constraints"]
    assert constraints["languages"] == ["English"]
    assert told["simpatico"]["let_go"] == ["languages"]  # no film here says that it is in English
    german = chat(url, "a comedy from Germany")
    assert ids_of(german) == ["robot"] and german["simpatico"]["let_go"] == []
    again = chat(url, "a comedy, no foreign films", "How about these?", "foreign films are fine")
    assert again["simpatico"]["state"]["constraints"]["languages"] == []
    chinese = chat(url, "想看喜剧，不要外国片")
    assert chinese["simpatico"]["state"]["constraints"]["languages"] == ["Chinese"]
    plays = chat(url, "a comedy set in the 60s")["simpatico"]["state"]["constraints"]
    assert (plays["year_from"], plays["year_to"]) == (None, None)


def test_genres_that_are_never_wanted_are_left_out_at_every_door(url: str) -> None:
    never = ["horror", "no genre of ours"]
    assert sorted(ids_of(chat(url, "a comedy", simpatico={"not_genres": never}))) == [
        "bear", "robot", "waltz"
    ]  # fmt: skip
    answer = ask(
        "POST",
        f"{url}/v1/responses",
        json={"input": "a comedy, nothing before 1990", "simpatico": {"not_genres": never}},
    )
    assert sorted(ids_of(answer.json())) == ["bear", "robot"]
    for text, wanted in (("a comedy", False), ("a horror film", True)):  # asked for by name
        wish = {"text": text, "not_genres": never}
        body = ask("POST", f"{url}/v1/recommendations", json=wish).json()
        assert ("ghost" in [found["id"] for found in body["recommendations"]]) is wanted
    document = ask("GET", f"{url}/openapi.json").json()
    body = document["paths"]["/v1/recommendations"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]["properties"]["not_genres"]
    assert (schema["type"], schema["maxItems"]) == ("array", 40)
    for options in ({"not_genres": "Horror"}, {"not_genres": ["Horror"] * 41}):
        wrong = {"messages": [{"role": "user", "content": "a comedy"}], "simpatico": options}
        refused = ask("POST", f"{url}/v1/chat/completions", json=wrong)
        assert refused.status_code == 400
        assert refused.json()["error"]["param"] == "simpatico.not_genres"


def test_words_of_crisis_are_answered_without_recommending(url: str) -> None:
    whole = chat(url, "I want to kill myself")
    body = chat(url, "I want to kill myself", max_tokens=5)
    assert body["simpatico"]["route"] == "care"
    assert ids_of(body) == []
    assert "988" in body["choices"][0]["message"]["content"]  # help is not cut short
    assert body["choices"] == whole["choices"]


def test_an_unknown_item_is_refused(url: str) -> None:
    event = {"user": "ann", "item_id": "no-such-film", "kind": "like"}
    (outcome,) = ask("POST", f"{url}/v1/events", json=event).json()["data"]
    assert outcome["status"] == "refused"


def test_an_accepted_event_is_there_after_a_restart(tmp_path: Path, settings: Settings) -> None:
    tiny_home(tmp_path, FILMS.values())
    own = settings.model_copy(update={"home": tmp_path})
    event = {"id": "once", "user": "ann", "item_id": "bear", "kind": "save"}
    seen = []
    for _ in range(2):
        with served(own) as server:
            wait_until_ready(server.url)
            seen.append(ask("POST", f"{server.url}/v1/events", json=event).json()["data"][0])
    assert [outcome["status"] for outcome in seen] == ["accepted", "duplicate"]
