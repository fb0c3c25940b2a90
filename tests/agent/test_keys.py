"""Keys, what they may do and how often, through a real server."""

import json
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from pydantic import SecretStr, ValidationError

from simpatico.agent.api.app import create_app
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.keys import FILE, Keys, Scope
from simpatico.agent.api.limits import MAX_TRIES
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.operator import admit
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Item, Recommendation, Reply, UserState
from simpatico.errors import DataError, StoreError
from simpatico.settings import LimitSettings, Settings

REPLY = Reply(
    text="Here.",
    route="recommend",
    state=UserState(),
    recommendations=(Recommendation(item=Item(id="up", title="Up"), p_accept=0.5),),
)
CALLS: tuple[tuple[Scope, str, str, Any], ...] = (
    ("chat", "POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    ("chat", "POST", "/v1/recommendations", {"text": "fun"}),
    ("chat", "POST", "/v1/embeddings", {"input": "fun"}),
    ("events", "POST", "/v1/events", {"user": "ann", "item_id": "up", "kind": "like"}),
    ("admin", "GET", "/v1/users/ann/export", None),
    ("admin", "DELETE", "/v1/users/ann", None),
    ("admin", "GET", "/metrics", None),
)


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService(REPLY)


@pytest.fixture
def url(tmp_path: Path, service: ScriptedService) -> Iterator[str]:
    with Loopback(create_app(service, settings=Settings(home=tmp_path))) as server:
        yield server.url


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / FILE)


def ask(method: str, url: str, key: str = "", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(verify=False, trust_env=False) as client:
        return client.request(method, url, headers=headers, **more)


def test_a_key_is_found_by_its_secret_and_kept_without_it(keys: Keys, tmp_path: Path) -> None:
    key, secret = keys.add("shop", scopes=["chat"])
    assert keys.find(secret) == key
    assert keys.find(secret[:-1]) is None
    kept = (tmp_path / FILE).read_text()
    assert secret not in kept and secret.rpartition("-")[2] not in kept
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_keys_differ_and_come_back_in_order(keys: Keys, tmp_path: Path) -> None:
    made = [keys.add(f"k{n}", scopes=["chat", "chat", "events"])[0] for n in range(3)]
    assert Keys(tmp_path / FILE).all() == tuple(made)
    assert len({key.digest for key in made}) == 3
    assert made[0].scopes == ("chat", "events")


def test_a_rotated_key_ends_after_its_grace(keys: Keys) -> None:
    old, secret = keys.add("shop", scopes=["events"], tenant="acme")
    new, fresh = keys.rotate(old.id, grace=timedelta(hours=1))
    assert (new.name, new.scopes, new.tenant) == ("shop", ("events",), "acme")
    assert keys.find(fresh) == new
    still = keys.find(secret)
    assert still is not None and still.until is not None
    assert still.until - datetime.now(UTC) < timedelta(hours=1)
    assert not still.holds(still.until)


def test_a_revoked_key_is_none_any_more(keys: Keys) -> None:
    key, secret = keys.add("shop", scopes=["chat"])
    keys.revoke(key.id)
    assert keys.find(secret) is None
    with pytest.raises(DataError, match="still holds"):
        keys.revoke(key.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "scopes": ["chat"]},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["root"]},
        {"name": "a", "scopes": ["chat"], "tenant": "A b"},
        {"name": "a", "scopes": ["chat"], "tenant": "a:b"},
    ],
)
def test_a_key_that_cannot_be_is_not_made(keys: Keys, wrong: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="a key's"):
        keys.add(**wrong)
    assert keys.all() == ()


def test_a_damaged_file_lets_nobody_in(keys: Keys, tmp_path: Path, url: str) -> None:
    _, secret = keys.add("shop", scopes=["chat"])
    (tmp_path / FILE).write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        keys.find(secret)
    assert ask("GET", f"{url}/v1/models").status_code == 503


def test_the_first_key_closes_the_door(keys: Keys, url: str) -> None:
    assert ask("GET", f"{url}/v1/models").status_code == 200
    key, secret = keys.add("shop", scopes=["chat"])
    assert ask("GET", f"{url}/v1/models").status_code == 401
    assert ask("GET", f"{url}/v1/models", secret).status_code == 200
    keys.revoke(key.id)
    assert ask("GET", f"{url}/v1/models", secret).status_code == 401


@pytest.mark.parametrize("scope", ["chat", "events", "admin"])
def test_a_key_opens_what_its_scope_names_and_nothing_else(
    keys: Keys, url: str, scope: Scope
) -> None:
    _, secret = keys.add("one", scopes=[scope])
    for needed, method, path, body in CALLS:
        answer = ask(method, f"{url}{path}", secret, **({"json": body} if body else {}))
        assert answer.status_code == (200 if needed == scope else 403), (path, answer.text)
        if needed != scope:
            assert answer.json()["error"]["code"] == "insufficient_scope"


@pytest.mark.parametrize(
    "path", ["//v1/users/ann", "/v1/users/ann/", "/v1//users/ann", "/V1/users/ann"]
)
def test_no_spelling_of_a_path_leads_around_a_key(keys: Keys, url: str, path: str) -> None:
    _, secret = keys.add("shop", scopes=["chat"])
    assert ask("DELETE", f"{url}{path}", secret).status_code in (403, 404, 405)
    assert ask("DELETE", f"{url}{path}").status_code in (401, 404, 405)


@pytest.mark.parametrize("sent", ["sim-", "' OR 1=1 --", "\xff\xfe", "x" * 10_000])
def test_hostile_keys_are_wrong_keys(keys: Keys, url: str, sent: str) -> None:
    keys.add("shop", scopes=["chat"])
    with httpx.Client(verify=False, trust_env=False) as client:
        given = {b"Authorization": f"Bearer {sent}".encode("latin-1")}
        assert client.get(f"{url}/v1/models", headers=given).status_code == 401


def test_people_of_two_tenants_are_two_people(
    keys: Keys, url: str, service: ScriptedService
) -> None:
    secrets = [
        keys.add(t, scopes=["chat", "admin", "events"], tenant=t)[1] for t in ("red", "blue")
    ]
    for secret in secrets:
        sent = {"user": "ann", "item_id": "up", "kind": "like"}
        assert ask("POST", f"{url}/v1/events", secret, json=sent).json()["accepted"] == 1
    assert {event.user for event in service.events} == {"tenant:red:ann", "tenant:blue:ann"}
    assert ask("DELETE", f"{url}/v1/users/ann", secrets[0]).json()["n_events"] == 1
    assert [event.user for event in service.events] == ["tenant:blue:ann"]


def test_who_runs_it_can_take_away_and_erase_a_tenant_s_person(keys: Keys, url: str) -> None:
    _, theirs = keys.add("shop", scopes=["events", "admin"], tenant="acme")
    _, ours = keys.add("operator", scopes=["admin"])
    event = {"user": "ann", "item_id": "up", "kind": "like"}
    assert ask("POST", f"{url}/v1/events", theirs, json=event).json()["accepted"] == 1
    kept = ask("GET", f"{url}/v1/users/tenant:acme:ann/export", ours).json()
    assert len(kept["events"]) == 1
    _, others = keys.add("rival", scopes=["admin"], tenant="rival")
    assert ask("GET", f"{url}/metrics", ours).status_code == 200
    assert ask("GET", f"{url}/metrics", theirs).status_code == 403
    for key in (theirs, others):
        assert ask("DELETE", f"{url}/v1/users/tenant:acme:ann", key).status_code == 400
    erased = ask("DELETE", f"{url}/v1/users/tenant:acme:ann", ours).json()
    assert (erased["user"], erased["n_events"]) == ("tenant:acme:ann", 1)
    assert ask("GET", f"{url}/v1/users/ann/export", theirs).json()["events"] == []


def test_a_holder_who_is_named_by_the_key_stays_the_same_when_it_is_rotated(
    keys: Keys, url: str, service: ScriptedService
) -> None:
    said = {"messages": [{"role": "user", "content": "hi"}]}
    key, first = keys.add("web", scopes=["chat"])
    second_key, second = keys.rotate(key.id, grace=timedelta(hours=1))
    _, third = keys.rotate(second_key.id, grace=timedelta(hours=1))
    for secret in (first, second, third):
        assert ask("POST", f"{url}/v1/chat/completions", secret, json=said).status_code == 200
    assert {asked.user for asked in service.asked} == {f"key:{key.id}"}


def test_nobody_may_call_themselves_one_of_a_tenant(keys: Keys, url: str) -> None:
    _, secret = keys.add("own", scopes=["chat"])
    said = {"messages": [{"role": "user", "content": "hi"}], "user": "tenant:red:ann"}
    answer = ask("POST", f"{url}/v1/chat/completions", secret, json=said)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_value")


def test_the_key_of_the_settings_may_do_everything(
    tmp_path: Path, service: ScriptedService
) -> None:
    settings = Settings(home=tmp_path, api_key=SecretStr("sesame"))
    with Loopback(create_app(service, settings=settings)) as server:
        for _, method, path, body in CALLS:
            answer = ask(
                method, f"{server.url}{path}", "sesame", **({"json": body} if body else {})
            )
            assert answer.status_code == 200, (path, answer.text)


def test_wrong_keys_close_a_short_one_for_their_peer_at_every_door(
    tmp_path: Path, service: ScriptedService
) -> None:
    service.parts = {"store": "degraded: slow"}
    settings = Settings(home=tmp_path, api_key=SecretStr("sesame"))
    app = create_app(service, settings=settings)
    _, made = app.state.door.keys.add("shop", scopes=["chat"])
    with Loopback(app) as server:
        models, ready = f"{server.url}/v1/models", f"{server.url}/ready"
        found = [ask("GET", models, f"guess-{n}").status_code for n in range(MAX_TRIES - 1)]
        assert {*found} == {401}
        assert ask("GET", ready, "sesame").json()["parts"] == service.parts
        assert ask("GET", ready, "wrong").json()["parts"] == {"store": "degraded"}  # one more try
        right, wrong = ask("GET", models, "sesame"), ask("GET", models, "wrong")
        assert ask("GET", ready, "sesame").json()["parts"] == {"store": "degraded"}
        assert ask("GET", models, made).status_code == 200
    assert (right.status_code, wrong.status_code) == (429, 429)
    assert right.content == wrong.content
    assert 1 <= int(right.headers["retry-after"]) <= 60
    with pytest.raises(ApiError, match="too many wrong keys"):  # the operator's sheet counts along
        admit(app.state.door, peer="127.0.0.1", headers=[], key="sesame")


def test_too_many_calls_are_told_when_to_come_back(
    tmp_path: Path, service: ScriptedService
) -> None:
    settings = Settings(home=tmp_path, limits=LimitSettings(per_key=3))
    with Loopback(create_app(service, settings=settings)) as server:
        answers = [ask("GET", f"{server.url}/v1/models") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    left = [answer.headers["x-ratelimit-remaining-requests"] for answer in answers]
    assert left == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["error"] == {
        "message": "at most 3 calls a minute for each key",
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limit_exceeded",
    }


def test_one_person_s_calls_do_not_count_for_another(
    tmp_path: Path, service: ScriptedService
) -> None:
    settings = Settings(home=tmp_path, limits=LimitSettings(per_person=1))
    said = {"messages": [{"role": "user", "content": "hi"}]}
    with Loopback(create_app(service, settings=settings)) as server:
        url = f"{server.url}/v1/chat/completions"
        found = [
            ask("POST", url, json={**said, "user": user}).status_code
            for user in ("ann", "ben", "ann")
        ]
    assert found == [200, 200, 429]


def test_no_more_turns_run_at_once_than_may(tmp_path: Path) -> None:
    slow = ScriptedService(REPLY, pause_s=0.4)
    settings = Settings(home=tmp_path, limits=LimitSettings(at_once=1))
    said = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    with Loopback(create_app(slow, settings=settings)) as server:
        url = f"{server.url}/v1/chat/completions"
        with (
            httpx.Client(verify=False, trust_env=False) as client,
            client.stream("POST", url, json=said) as first,
        ):
            lines = first.iter_lines()
            next(lines)
            second = ask("POST", url, json={**said, "stream": False})
            assert (second.status_code, second.headers["retry-after"]) == (429, "1")
            for path, body in (
                ("recommendations", {"text": "fun"}),
                ("embeddings", {"input": "fun"}),
            ):
                assert ask("POST", f"{server.url}/v1/{path}", json=body).status_code == 429
            rest = list(lines)
        assert "data: [DONE]" in rest
        assert ask("POST", url, json={**said, "stream": False}).status_code == 200


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 2, "keys": []}))
    with pytest.raises(StoreError, match="version"):
        Keys(tmp_path / FILE)


def test_a_file_that_goes_while_in_use_lets_nobody_in(keys: Keys, tmp_path: Path, url: str) -> None:
    _, secret = keys.add("shop", scopes=["chat"])
    assert ask("GET", f"{url}/v1/models", secret).status_code == 200
    (tmp_path / FILE).unlink()
    assert ask("GET", f"{url}/v1/models").status_code == 503


def test_rotating_twice_gives_the_old_key_no_longer_life(keys: Keys) -> None:
    old, _ = keys.add("shop", scopes=["chat"])
    keys.rotate(old.id, grace=timedelta(hours=1))
    keys.rotate(old.id, grace=timedelta(hours=24))
    until = next(key.until for key in keys.all() if key.id == old.id)
    assert until is not None and until - datetime.now(UTC) < timedelta(hours=1)


def test_sessions_and_events_of_two_tenants_may_have_one_name(
    keys: Keys, url: str, service: ScriptedService
) -> None:
    secrets = [keys.add(t, scopes=["chat", "events"], tenant=t)[1] for t in ("red", "blue")]
    said = {"messages": [{"role": "user", "content": "hi"}], "user": "ann"}
    event = {"id": "shop-1", "user": "ann", "item_id": "up", "kind": "like"}
    for secret in secrets:
        headers = {"Authorization": f"Bearer {secret}", "X-Session-Id": "chat-1"}
        with httpx.Client(verify=False, trust_env=False) as client:
            chat = client.post(f"{url}/v1/chat/completions", json=said, headers=headers)
        assert chat.status_code == 200, chat.text
        (outcome,) = ask("POST", f"{url}/v1/events", secret, json=event).json()["data"]
        assert (outcome["id"], outcome["status"]) == ("shop-1", "accepted")
    assert len({asked.session for asked in service.asked}) == 2


def test_a_batch_of_one_person_s_events_is_one_call_about_them(
    tmp_path: Path, service: ScriptedService
) -> None:
    settings = Settings(home=tmp_path, limits=LimitSettings(per_person=1))
    events = [{"user": "ann", "item_id": "up", "kind": "like"} for _ in range(5)]
    with Loopback(create_app(service, settings=settings)) as server:
        url = f"{server.url}/v1/events"
        first, second = (ask("POST", url, json=events) for _ in range(2))
    assert (first.status_code, first.json()["accepted"]) == (200, 5)
    assert (second.status_code, len(service.events)) == (429, 5)


def chat(url: str, key: str, /, **headers: str) -> httpx.Response:
    return chat_with({}, url, key, **headers)


def chat_with(more: Mapping[str, str], url: str, key: str, /, **headers: str) -> httpx.Response:
    said = {"messages": [{"role": "user", "content": "hi"}], **more}
    with httpx.Client(verify=False, trust_env=False) as client:
        headers["Authorization"] = f"Bearer {key}"
        return client.post(f"{url}/v1/chat/completions", json=said, headers=headers)


def test_only_a_key_that_forwards_people_is_believed_whom_it_names(
    keys: Keys, url: str, service: ScriptedService
) -> None:
    page, trusted = keys.add("page", scopes=["chat"], tenant="acme", forwards=True)
    _, rotated = keys.rotate(page.id, grace=timedelta(hours=1))
    plain, other = keys.add("other", scopes=["chat"])
    for secret in (trusted, rotated, other):
        assert chat(url, secret, **{"X-OpenWebUI-User-Id": "u-1"}).status_code == 200
    assert chat(url, trusted).status_code == 200
    assert [asked.user for asked in service.asked] == [
        "tenant:acme:u-1",
        "tenant:acme:u-1",
        f"key:{plain.id}",
        f"tenant:acme:key:{page.id}",
    ]
    wrong = chat(url, trusted, **{"X-OpenWebUI-User-Id": "u" * 300})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "X-OpenWebUI-User-Id")


SECRET = "what Open WebUI signs people's names with, long enough for HS512, too"
SIGNED = "X-OpenWebUI-User-Jwt"


def signed(sub: str = "u-1", *, secret: str = SECRET, ends_s: int = 300, how: str = "HS256") -> str:
    """A name as Open WebUI signs it."""
    now = datetime.now(UTC)
    claims = {"sub": sub, "name": "Ann", "role": "user", "iss": "open-webui", "iat": now}
    return jwt.encode({**claims, "exp": now + timedelta(seconds=ends_s)}, secret, algorithm=how)


@pytest.fixture
def signing_url(tmp_path: Path, service: ScriptedService) -> Iterator[str]:
    settings = Settings(home=tmp_path, forward_secret=SecretStr(SECRET))
    with Loopback(create_app(service, settings=settings)) as server:
        yield server.url


def test_a_signed_name_is_the_person(
    keys: Keys, signing_url: str, service: ScriptedService
) -> None:
    _, page = keys.add("page", scopes=["chat"], tenant="acme", forwards=True)
    other_key, other = keys.add("other", scopes=["chat"])
    assert chat(signing_url, page, **{SIGNED: signed()}).status_code == 200
    assert chat(signing_url, page, **{SIGNED: signed("u-2", ends_s=-5)}).status_code == 200
    assert chat(signing_url, other, **{SIGNED: signed()}).status_code == 200
    assert [asked.user for asked in service.asked] == [
        "tenant:acme:u-1",
        "tenant:acme:u-2",  # clocks differ a little
        f"key:{other_key.id}",
    ]
    long = chat(signing_url, page, **{SIGNED: signed("u" * 300)})
    assert (long.status_code, long.json()["error"]["param"]) == (400, SIGNED)


@pytest.mark.parametrize(
    "sent",
    [
        {SIGNED: signed(secret="another secret of the same good length")},
        {SIGNED: signed(ends_s=-600)},
        {SIGNED: signed(secret="", how="none")},
        {SIGNED: signed(how="HS512")},
        {SIGNED: "no token"},
        {SIGNED: ""},
        {SIGNED: jwt.encode({"exp": datetime(2100, 1, 1, tzinfo=UTC)}, SECRET)},
        {SIGNED: jwt.encode({"sub": "u-1"}, SECRET)},
        {SIGNED: signed("")},
        {SIGNED: signed(" ")},
        {"X-OpenWebUI-User-Id": "u-1"},
        {},
    ],
)
def test_a_name_whose_signature_does_not_hold_is_refused_and_makes_nobody_else_of_them(
    keys: Keys, signing_url: str, service: ScriptedService, sent: dict[str, str]
) -> None:
    _, page = keys.add("page", scopes=["chat"], forwards=True)
    refused = chat(signing_url, page, **sent)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
    assert refused.json()["error"]["param"] in (sent or {SIGNED})
    assert service.asked == []


def test_a_body_does_not_outweigh_a_signed_name(
    keys: Keys, signing_url: str, service: ScriptedService
) -> None:
    _, page = keys.add("page", scopes=["chat"], forwards=True)
    for named in ({"user": "bob"}, {"safety_identifier": "bob"}):
        assert chat_with(named, signing_url, page, **{SIGNED: signed("ann")}).status_code == 200
    assert [asked.user for asked in service.asked] == ["ann", "ann"]


def test_a_signed_name_that_cannot_be_checked_is_told(
    keys: Keys, url: str, service: ScriptedService
) -> None:
    _, page = keys.add("page", scopes=["chat"], forwards=True)
    refused = chat(url, page, **{SIGNED: signed()})
    assert refused.status_code == 403
    assert "SIMPATICO_FORWARD_SECRET" in refused.json()["error"]["message"]
    assert service.asked == []


def test_a_secret_that_could_be_guessed_is_no_setting() -> None:
    with pytest.raises(ValidationError, match="32 characters"):
        Settings(forward_secret=SecretStr("short"))
