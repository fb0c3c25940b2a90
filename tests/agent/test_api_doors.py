"""What holds for every endpoint: errors, ids, keys, hosts, bodies, health and metrics."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.responses import PlainTextResponse

from simpatico.agent.api.app import create_app
from simpatico.agent.api.body import parse
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.guard import hosts_for
from simpatico.agent.api.limits import MAX_LARGE
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Reply, Stage, Trace, UserState
from simpatico.errors import ModelError
from simpatico.settings import Settings

REPLY = Reply(
    text="Hello you.",
    route="talk",
    state=UserState(),
    trace=Trace(stages=(Stage(name="read", ms=30.0),)),
    degraded=("the language model did not answer",),
)
CHAT = {"messages": [{"role": "user", "content": "my secret sorrow"}]}
JSON = {"Content-Type": "application/json"}
KEY = "open sesame, the whole long night"


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    """One request. Without certificates, whose loading would take longer than the request."""
    with httpx.Client(verify=False, trust_env=False) as client:
        return client.request(method, url, **more)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[ScriptedService, Loopback]]:
    service = ScriptedService(REPLY)
    with Loopback(create_app(service, settings=Settings())) as server:
        yield service, server


@pytest.fixture
def url(running: tuple[ScriptedService, Loopback]) -> str:
    running[0].forget()
    return running[1].url


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    settings = Settings(api_key=SecretStr(KEY))
    with Loopback(create_app(ScriptedService(REPLY), settings=settings)) as server:
        yield server.url


def error_of(response: httpx.Response) -> dict[str, Any]:
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] is None or isinstance(error["code"], str)
    assert isinstance(error, dict)
    return error


def test_models_are_listed_and_retrieved(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="EMPTY", max_retries=0) as client:
        (listed,) = client.models.list().data
        assert (listed.id, listed.object) == ("simpatico", "model")
        assert listed.created > 1_700_000_000
        assert client.models.retrieve("simpatico") == listed
        with pytest.raises(openai.NotFoundError) as missing:
            client.models.retrieve("some/other")
    assert missing.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1", 404),
        ("GET", "//v1/models", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/events", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/health", 405),
        ("OPTIONS", "/v1/chat/completions", 405),
        ("TRACE", "/v1/models", 405),
        ("GET", "/v1", 404),
        ("GET", "/v1/", 404),
    ],
)
def test_unknown_paths_and_methods_have_the_same_error_shape(
    url: str, method: str, path: str, status: int
) -> None:
    response = ask(method, url + path)
    assert response.status_code == status
    assert error_of(response)["type"] == "invalid_request_error"
    if status == 405:
        assert response.headers["allow"]
    assert "access-control-allow-origin" not in response.headers


def test_a_page_mounted_at_the_root_does_not_hide_the_api() -> None:
    app = create_app(ScriptedService(REPLY), settings=Settings())
    app.mount("/", PlainTextResponse("the page"))
    with Loopback(app) as server:
        assert ask("GET", server.url).text == "the page"
        assert ask("GET", f"{server.url}/v1/models").json()["object"] == "list"
        unknown = ask("GET", f"{server.url}/v1/nothing")
        wrong = ask("GET", f"{server.url}/v1/chat/completions")
        asked = ask("POST", f"{server.url}/health")
        assert ask("HEAD", f"{server.url}/metrics").headers["content-type"].startswith("text/plain")
        strange = ask("GET", server.url, headers={"Host": "evil.example"})
    assert (unknown.status_code, wrong.status_code, strange.status_code) == (404, 405, 400)
    assert wrong.headers["allow"] == "POST"
    assert (asked.status_code, asked.headers["allow"]) == (405, "GET, HEAD")
    assert error_of(asked)["code"] == "method_not_allowed"
    assert error_of(unknown)["code"] == "not_found"


def test_a_trailing_slash_changes_nothing(url: str) -> None:
    assert ask("GET", f"{url}/v1/models/").json() == ask("GET", f"{url}/v1/models").json()
    assert ask("POST", f"{url}/v1/chat/completions/", json=CHAT).status_code == 200
    assert ask("GET", f"{url}/health/").json() == ask("GET", f"{url}/health").json()
    assert ask("HEAD", f"{url}/ready/").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/metrics", "/openapi.json", "/v1/models/", "/v1/x"])
def test_a_head_is_a_get_without_its_body(url: str, path: str) -> None:
    got, head = ask("GET", url + path), ask("HEAD", url + path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert (head.headers["content-length"] == got.headers["content-length"]) or path == "/metrics"


def test_request_ids_are_echoed_when_sane_and_made_when_not(url: str) -> None:
    for sent in ("abc-123", "req_9.x:y"):
        response = ask("GET", f"{url}/health", headers={"x-request-id": sent})
        assert response.headers["x-request-id"] == sent
    for sent in ("", "a b", "x" * 129, "<script>"):
        response = ask("GET", f"{url}/health", headers={"x-request-id": sent})
        assert response.headers["x-request-id"].startswith("req_")
    assert int(response.headers["openai-processing-ms"]) >= 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'"hi"', 400),
        (b"null", 400),
        (b"7", 400),
        (b"{", 400),
        (b'{"messages": [}', 400),
        (b'{"a": 1, "a": 2}', 400),
        (b'{"temperature": NaN}', 400),
        (b'{"temperature": -Infinity}', 400),
        (b'{"temperature": 1e999}', 400),
        (b'{"seed": ' + b"9" * 5000 + b"}", 400),
        (b'{"messages": "\xff\xfe"}', 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 65 + b"1" + b"}" * 65, 400),
        (b'{"a": "' + b"~" * 1_000_001 + b'"}', 413),
    ],
)
def test_bodies_that_are_not_one_sane_json_object_are_refused(
    url: str, body: bytes, status: int
) -> None:
    response = ask("POST", f"{url}/v1/chat/completions", content=body, headers=JSON)
    assert response.status_code == status
    assert error_of(response)["type"] == "invalid_request_error"


def test_a_body_without_a_length_is_counted_as_it_comes(url: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    try:
        response = ask("POST", f"{url}/v1/chat/completions", content=endless(), headers=JSON)
    except httpx.TransportError:
        return  # the server hung up on the sender, who had not finished: just as good
    assert response.status_code == 413


def test_a_caller_who_leaves_while_sending_is_no_error_of_ours(
    running: tuple[ScriptedService, Loopback], url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", running[1].port)) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
        )
    for _ in range(20):
        assert ask("GET", f"{url}/health").status_code == 200
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_body_that_never_arrives_is_waited_for_so_long(
    running: tuple[ScriptedService, Loopback], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simpatico.agent.api.body.READ_TIMEOUT_S", 0.05)
    with socket.create_connection(("127.0.0.1", running[1].port)) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
        )
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "timeout"


def test_only_some_large_bodies_are_read_at_once(
    running: tuple[ScriptedService, Loopback], url: str
) -> None:
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2000000\r\n\r\n"
    )
    with contextlib.ExitStack() as open_ones:
        for _ in range(MAX_LARGE):
            slow = socket.create_connection(("127.0.0.1", running[1].port))
            open_ones.enter_context(slow).sendall(head + b'{"messages": [')
        while (refused := _large(url)).status_code != 429:
            time.sleep(0.01)
        assert refused.headers["retry-after"] and error_of(refused)["code"] == "rate_limit_exceeded"
        assert ask("POST", f"{url}/v1/chat/completions", json=CHAT).status_code == 200
    while (answered := _large(url)).status_code == 429:
        time.sleep(0.01)
    assert answered.status_code == 200


def _large(url: str) -> httpx.Response:
    """A chat with a sound of some size, which is never looked at: it is an earlier message's."""
    sound = {"type": "input_audio", "input_audio": {"data": "A" * 2_000_000, "format": "wav"}}
    earlier = [{"role": "user", "content": [sound]}, {"role": "assistant", "content": "hm"}]
    body = json.dumps({"messages": [*earlier, *CHAT["messages"]]}).encode()
    return ask("POST", f"{url}/v1/chat/completions", content=body, headers=JSON)


def test_a_byte_order_mark_is_forgiven(url: str) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(CHAT).encode()
    response = ask("POST", f"{url}/v1/chat/completions", content=body, headers=JSON)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_only_json_is_taken_so_that_forms_of_other_sites_cannot_act(
    running: tuple[ScriptedService, Loopback], url: str, headers: dict[str, str]
) -> None:
    for path in ("/v1/chat/completions", "/v1/events", "/v1/recommendations"):
        body = json.dumps(CHAT).encode()
        response = ask("POST", url + path, content=body, headers=headers)
        assert response.status_code == 415
        error_of(response)
    assert running[0].asked == []


def test_posts_from_other_sites_pages_are_refused(url: str) -> None:
    for site, status in (("cross-site", 403), ("same-origin", 200), ("none", 200)):
        response = ask(
            "POST", f"{url}/v1/chat/completions", json=CHAT, headers={"Sec-Fetch-Site": site}
        )
        assert response.status_code == status


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7860", "127.0.0.1:1", "[::1]:7860"])
def test_a_loopback_server_answers_to_its_own_names(url: str, host: str) -> None:
    assert ask("GET", f"{url}/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "a b", "[::2]"],
)
def test_a_loopback_server_does_not_answer_to_other_names(url: str, host: str) -> None:
    for path in ("/health", "/v1/models", "/anything"):
        response = ask("GET", url + path, headers={"Host": host})
        assert response.status_code == 400
        assert error_of(response)["code"] == "invalid_host"


def test_two_host_headers_are_refused(running: tuple[ScriptedService, Loopback]) -> None:
    with socket.create_connection(("127.0.0.1", running[1].port)) as connection:
        connection.sendall(
            b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"
            b"Connection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b" 400 " in answer.split(b"\r\n")[0]


def test_the_names_a_server_answers_to_follow_from_where_it_is_bound() -> None:
    assert hosts_for("127.0.0.1") == frozenset({"localhost", "127.0.0.1", "[::1]"})
    assert hosts_for("::1") == frozenset({"localhost", "127.0.0.1", "[::1]"})
    assert hosts_for("192.168.1.5", more=["Films.lan"]) == frozenset(
        {"localhost", "127.0.0.1", "[::1]", "192.168.1.5", "films.lan"}
    )
    assert hosts_for("0.0.0.0") is None
    assert hosts_for("::") is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/recommendations"),
        ("POST", "/v1/events"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/models/simpatico"),
        ("GET", "/v1/%6dodels"),
        ("GET", "/metrics"),
        ("GET", "/version"),
        ("GET", "/openapi.json"),
    ],
)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}2"]
)
def test_without_the_key_nothing_but_health_is_told(
    locked: str, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = ask(method, locked + path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert error_of(response)["code"] == "invalid_api_key"


def test_the_key_opens_and_a_strange_one_is_no_accident(locked: str) -> None:
    url = f"{locked}/v1/models"
    for header in (f"Bearer {KEY}", f"bearer {KEY}"):
        assert ask("GET", url, headers={"Authorization": header}).status_code == 200
    strange = {b"Authorization": b"Bearer \xff\xfe\x80"}
    assert ask("GET", url, headers=strange).status_code == 401
    twice = [("Authorization", f"Bearer {KEY}"), ("Authorization", "Bearer wrong")]
    assert ask("GET", url, headers=twice).status_code == 401
    with openai.OpenAI(base_url=f"{locked}/v1", api_key="wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            client.models.list()


def test_health_needs_no_key_but_reasons_do(locked: str) -> None:
    service = ScriptedService(REPLY)
    service.parts = {"store": "down: /home/ann is full", "llm": "degraded: slow"}
    settings = Settings(api_key=SecretStr(KEY))
    with Loopback(create_app(service, settings=settings)) as server:
        assert ask("GET", f"{server.url}/health").json() == {"status": "ok"}
        stranger = ask("GET", f"{server.url}/ready").json()
        friend = ask(
            "GET", f"{server.url}/ready", headers={"Authorization": f"Bearer {KEY}"}
        ).json()
    assert stranger["parts"] == {"store": "down", "llm": "degraded"}
    assert friend["parts"] == service.parts


@pytest.mark.parametrize(
    ("parts", "status", "word"),
    [
        ({"store": "ok", "llm": "ok"}, 200, "ready"),
        ({"store": "ok", "llm": "degraded: no answer"}, 200, "degraded"),
        ({"store": "down: folder missing", "llm": "ok"}, 503, "down"),
    ],
)
def test_ready_tells_how_each_part_is(
    running: tuple[ScriptedService, Loopback],
    url: str,
    parts: dict[str, str],
    status: int,
    word: str,
) -> None:
    running[0].parts = parts
    response = ask("GET", f"{url}/ready")
    assert response.status_code == status
    assert response.json() == {"status": word, "parts": parts}


def test_an_app_that_builds_its_service_is_alive_before_it_is_ready() -> None:
    service = ScriptedService(REPLY)
    may_finish = threading.Event()

    async def build() -> ScriptedService:
        await asyncio.to_thread(may_finish.wait)
        return service

    with Loopback(create_app(build, settings=Settings())) as server:
        assert ask("GET", f"{server.url}/health").status_code == 200
        early = ask("GET", f"{server.url}/ready")
        assert (early.status_code, early.json()["status"]) == (503, "starting")
        refused = ask("POST", f"{server.url}/v1/chat/completions", json=CHAT)
        assert refused.status_code == 503 and refused.headers["retry-after"]
        may_finish.set()
        for _ in range(200):
            if ask("GET", f"{server.url}/ready").status_code == 200:
                break
        assert ask("POST", f"{server.url}/v1/chat/completions", json=CHAT).status_code == 200
        assert not service.closed
    assert service.closed


def test_a_service_that_cannot_be_built_is_named() -> None:
    async def build() -> ScriptedService:
        raise ModelError("wanted the model minilm; run `simpatico model fetch minilm`")

    with Loopback(create_app(build, settings=Settings())) as server:
        for _ in range(200):
            response = ask("GET", f"{server.url}/ready")
            if response.json()["status"] == "down":
                break
        assert response.status_code == 503
        assert "minilm" in response.json()["parts"]["service"]


def test_a_service_that_was_handed_in_stays_open() -> None:
    service = ScriptedService(REPLY)
    with Loopback(create_app(service, settings=Settings())):
        pass
    assert not service.closed


def test_metrics_count_and_never_quote() -> None:
    with Loopback(create_app(ScriptedService(REPLY), settings=Settings())) as server:
        for stream in (False, True):
            ask("POST", f"{server.url}/v1/chat/completions", json={**CHAT, "stream": stream})
        ask(
            "POST",
            f"{server.url}/v1/events",
            json=[{"user": "ann", "item_id": "my secret sorrow", "kind": "my secret sorrow"}],
        )
        response = ask("GET", f"{server.url}/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    lines = response.text.splitlines()
    assert 'simpatico_turns_total{door="api",route="talk"} 2.0' in lines
    assert 'simpatico_turns_degraded_total{door="api"} 2.0' in lines
    assert 'simpatico_time_to_first_word_seconds_count{door="api"} 2.0' in lines
    assert 'simpatico_stage_seconds_sum{stage="read"} 0.06' in lines
    assert 'simpatico_events_total{kind="unknown",status="refused"} 1.0' in lines
    assert "secret" not in response.text and "ann" not in response.text


def test_the_version_and_the_description_are_served(url: str) -> None:
    assert ask("GET", f"{url}/version").json()["name"] == "simpatico"
    document = ask("GET", f"{url}/openapi.json").json()
    assert "/v1/chat/completions" in document["paths"]
    body = document["paths"]["/v1/chat/completions"]["post"]["requestBody"]
    assert "messages" in body["content"]["application/json"]["schema"]["properties"]
    assert "$ref" not in json.dumps(body)
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    operations = [(path, one) for path, held in document["paths"].items() for one in held.values()]
    assert {path for path, one in operations if "security" not in one} == {"/health", "/ready"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON_VALUES)
@settings(deadline=None)
def test_every_json_value_is_read_as_it_was_written(value: Any) -> None:
    try:
        raw = json.dumps(value, allow_nan=False).encode()
    except ValueError:
        return  # infinity
    assert parse(raw) == value


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_either_json_or_refused(raw: bytes) -> None:
    try:
        parse(raw)
    except ApiError as error:
        assert error.status == 400
