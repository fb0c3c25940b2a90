"""Chat completions, asked for by the real client over a real socket."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from pydantic import SecretStr

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.schemas import Message, card
from simpatico.agent.api.scripted import ScriptedService
from simpatico.agent.api.tasks import task_of
from simpatico.domain import (
    Constraints,
    Item,
    Mood,
    Part,
    Reason,
    Recommendation,
    Reply,
    Stage,
    Trace,
    Turn,
    TurnOptions,
    UserState,
)
from simpatico.errors import StoreError
from simpatico.retrieval.explore import EXPLORED
from simpatico.settings import Settings

PADDINGTON = Recommendation(
    item=Item(
        id="paddington",
        title="Paddington 2",
        year=2017,
        creators=("Paul King",),
        genres=("comedy", "family"),
    ),
    p_accept=0.75,
    reasons=(Reason(kind="quote", text="you asked for something warm", weight=0.5),),
)
REPLY = Reply(
    text="A rough week calls for **Paddington 2 (2017)** – Amélie’s 🧸 cousin.",
    route="recommend",
    state=UserState(
        mood=Mood(label="sadness", labels=("sadness",), valence=-0.5, confidence=0.75),
        need="cheer_up",
        intent="seek",
        constraints=Constraints(genres=("comedy",)),
    ),
    recommendations=(PADDINGTON,),
    list_id="list-1",
    trace=Trace(stages=(Stage(name="read", ms=12.5, counts=(("turns", 1),)),)),
    degraded=("the language model did not answer",),
)
FIELDS = {*CompletionCreateParamsBase.__annotations__} - {"messages", "model"}
"""Whatever the client of today may send."""
HELLO: list[Any] = [{"role": "user", "content": "rough week, something warm"}]


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
    running[0].asked.clear()
    return running[0]


@pytest.fixture
def url(running: tuple[ScriptedService, str]) -> str:
    return running[1]


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="EMPTY", max_retries=0) as client:
        yield client


def post(url: str, **body: Any) -> httpx.Response:
    return ask("POST", f"{url}/v1/chat/completions", json={"model": "simpatico", **body})


def chunks_of(text: str) -> list[Any]:
    """The JSON of each event of a stream; `[DONE]` stays text."""
    events = [part for part in text.split("\n\n") if part and not part.startswith(":")]
    assert all(event.startswith("data: ") for event in events)
    data = [event.removeprefix("data: ") for event in events]
    return [event if event == "[DONE]" else json.loads(event) for event in data]


def test_the_whole_answer_has_the_shape_of_the_protocol(url: str) -> None:
    body = post(url, messages=HELLO).json()
    assert body["id"].startswith("chatcmpl-")
    assert abs(body["created"] - time.time()) < 60
    assert {key: body[key] for key in ("object", "model", "choices", "usage")} == {
        "object": "chat.completion",
        "model": "simpatico",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": REPLY.text,
                    "refusal": None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        # 26 characters were sent and 67 came back: four to a token, rounded up.
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 17,
            "total_tokens": 24,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    }


def test_the_recommendations_come_in_a_key_of_their_own(url: str) -> None:
    extra = post(url, messages=HELLO).json()["simpatico"]
    assert extra["recommendations"] == [
        {
            "id": "paddington",
            "title": "Paddington 2",
            "year": 2017,
            "kind": "film",
            "genres": ["comedy", "family"],
            "creators": ["Paul King"],
            "p_accept": 0.75,
            "reasons": [{"kind": "quote", "text": "you asked for something warm", "weight": 0.5}],
            "explored": False,
        }
    ]
    assert extra["list_id"] == "list-1"
    assert extra["route"] == "recommend"
    assert extra["state"]["mood"]["label"] == "sadness"
    assert extra["trace"] == [{"name": "read", "ms": 12.5, "counts": [["turns", 1]]}]
    assert extra["degraded"] == ["the language model did not answer"]
    assert extra["notes"] == []


def test_a_stream_has_role_then_words_then_finish_then_done(url: str) -> None:
    response = post(url, messages=HELLO, stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in response.headers
    first, *middle, last, done = chunks_of(response.text)
    assert first["choices"] == [
        {
            "index": 0,
            "delta": {"role": "assistant", "content": ""},
            "logprobs": None,
            "finish_reason": None,
        }
    ]
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in middle) == REPLY.text
    assert len(middle) == len(REPLY.text.split(" "))
    assert last["choices"][0]["delta"] == {}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["simpatico"]["recommendations"][0]["id"] == "paddington"
    assert done == "[DONE]"
    chunks = [first, *middle, last]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert all("usage" not in chunk for chunk in chunks)
    assert all("simpatico" not in chunk for chunk in chunks[:-1])


def test_usage_comes_in_a_chunk_without_choices_when_asked_for(url: str) -> None:
    response = post(url, messages=HELLO, stream=True, stream_options={"include_usage": True})
    *chunks, usage, done = chunks_of(response.text)
    assert done == "[DONE]"
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 24
    assert all(chunk["usage"] is None for chunk in chunks)


def test_the_openai_client_reads_the_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="simpatico", messages=HELLO)
    assert answer.choices[0].message.content == REPLY.text
    assert answer.usage is not None and answer.usage.total_tokens == 24
    assert answer.model_extra is not None
    assert answer.model_extra["simpatico"]["list_id"] == "list-1"


def test_the_openai_client_reads_the_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model="simpatico", messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == REPLY.text
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == 17
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"


def test_the_helper_for_streams_of_the_openai_client_works(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="simpatico", messages=HELLO) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.content == REPLY.text


async def _ask_async(url: str) -> tuple[str, str]:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        whole = await client.chat.completions.create(model="simpatico", messages=HELLO)
        text = ""
        async with await client.chat.completions.create(
            model="simpatico", messages=HELLO, stream=True
        ) as stream:
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
    return whole.choices[0].message.content or "", text


def test_the_asynchronous_openai_client_reads_both(url: str) -> None:
    import asyncio

    assert asyncio.run(_ask_async(url)) == (REPLY.text, REPLY.text)


def test_every_field_of_the_protocol_is_tolerated(client: openai.OpenAI) -> None:
    everything: dict[str, Any] = {
        "temperature": 0.2,
        "top_p": 0.9,
        "n": 1,
        "stop": ["\n\n"],
        "seed": 7,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "logit_bias": {"1": 2},
        "logprobs": True,
        "top_logprobs": 3,
        "response_format": {"type": "text"},
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "metadata": {"a": "b"},
        "store": False,
        "service_tier": "auto",
        "reasoning_effort": "low",
        "verbosity": "low",
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "modalities": ["text"],
        "audio": {"voice": "alloy", "format": "wav"},
        "prediction": {"type": "content", "content": "x"},
        "web_search_options": {},
        "functions": [{"name": "f", "parameters": {}}],
        "function_call": "none",
        "moderation": {"model": "m"},
        "prompt_cache_options": {"ttl": "1h"},
        "max_tokens": 10**6,
        "max_completion_tokens": 10**6,
        "user": "ann",
        "safety_identifier": "s-1",
        "stream_options": None,
        "extra_body": {"surely_nobody_knows": {"this": [1, None]}},
    }
    assert {*everything} == {*FIELDS, "extra_body"}
    answer = client.chat.completions.create(model="simpatico", messages=HELLO, **everything)
    assert answer.choices[0].message.content == REPLY.text
    assert answer.model_extra is not None
    assert answer.choices[0].logprobs is None
    assert answer.model_extra["simpatico"]["notes"] == [
        "a tool is called only when tool_choice insists on one",
        "an answer is composed, not sampled, so there are no log-probabilities of it",
    ]


def test_null_means_not_given(url: str) -> None:
    given = dict.fromkeys((*FIELDS, "stream", "simpatico"))
    assert post(url, messages=HELLO, **given).status_code == 200


def test_all_roles_and_content_shapes_are_read(url: str, service: ScriptedService) -> None:
    messages = [
        {"role": "system", "content": "be nice"},
        {"role": "developer", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f"}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": "42"},
        {"role": "function", "name": "f", "content": "42"},
        {"role": "assistant", "content": "How are you?", "refusal": None},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "like this", "prompt_cache_breakpoint": True},
                {"type": "file", "file": {"file_id": "f"}},
                {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
                {"type": "text", "text": "but sadder"},
            ],
        },
    ]
    extra = post(url, messages=messages).json()["simpatico"]
    (asked,) = service.asked
    assert asked.text == "like this\nbut sadder"
    assert asked.dialogue == (
        Turn(role="user", text="hello"),
        Turn(role="assistant", text="How are you?"),
    )
    assert extra["notes"] == [
        "only words, pictures and sounds are read; ignored: file, video_url",
        "system and developer messages do not change how Simpatico works",
    ]


@pytest.mark.parametrize(
    ("fields", "user"),
    [
        ({"safety_identifier": "s", "user": "u"}, "s"),
        ({"safety_identifier": " ", "user": "u"}, "u"),
        ({"user": "u"}, "u"),
    ],
)
def test_the_person_is_the_safety_identifier_else_the_user(
    url: str, service: ScriptedService, fields: dict[str, str], user: str
) -> None:
    post(url, messages=HELLO, **fields)
    assert service.asked[0].user == user


def test_nameless_callers_share_nothing(url: str, service: ScriptedService) -> None:
    post(url, messages=HELLO)
    post(url, messages=HELLO)
    first, second = service.asked
    assert first.user.startswith("anonymous:")
    assert first.user != second.user
    assert first.session != second.session
    assert not first.options.personal


def test_with_a_key_the_person_is_its_holder() -> None:
    service = ScriptedService(REPLY)
    settings = Settings(api_key=SecretStr("sesame"))
    with Loopback(create_app(service, settings=settings)) as server:
        for _ in range(2):
            ask(
                "POST",
                f"{server.url}/v1/chat/completions",
                json={"messages": HELLO},
                headers={"Authorization": "Bearer sesame"},
            ).raise_for_status()
    first, second = service.asked
    assert first.user == second.user
    assert first.user.startswith("key:") and "sesame" not in first.user


def test_without_a_session_the_messages_are_the_dialogue(
    url: str, service: ScriptedService
) -> None:
    post(url, messages=HELLO, user="ann")
    assert service.asked[0].dialogue == ()


def test_a_session_is_its_owners_alone(url: str, service: ScriptedService) -> None:
    headers = {"X-Session-Id": "s-1"}
    body = {"messages": [*HELLO, {"role": "assistant", "content": "hm"}, *HELLO], "user": "ann"}
    answer = ask("POST", f"{url}/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == 200
    assert service.asked[0].session == "s-1"
    assert service.asked[0].dialogue is None
    assert answer.json()["simpatico"]["notes"] == [
        "the session has its own memory; only the last message was read"
    ]
    body["user"] = "bob"
    refused = ask("POST", f"{url}/v1/chat/completions", json=body, headers=headers)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "not_allowed"
    streamed = ask(
        "POST", f"{url}/v1/chat/completions", json={**body, "stream": True}, headers=headers
    )
    assert streamed.status_code == 403


@pytest.mark.parametrize(("name", "param"), [("a b", "X-Session-Id"), ("fine", "user")])
def test_a_session_needs_a_good_name_and_a_person(url: str, name: str, param: str) -> None:
    answer = ask(
        "POST",
        f"{url}/v1/chat/completions",
        json={"messages": HELLO, **({"user": "ann"} if param != "user" else {})},
        headers={"X-Session-Id": name},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_wishes_for_the_turn_reach_the_service(url: str, service: ScriptedService) -> None:
    post(url, messages=HELLO, user="ann", simpatico={"k": 2, "mood": "joy", "adventurous": 1})
    assert service.asked[0].options == TurnOptions(k=2, mood="joy", adventurous=1.0)


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_budget_cuts_the_answer_and_says_so(url: str, field: str, stream: bool) -> None:
    response = post(url, messages=HELLO, stream=stream, **{field: 3})
    if stream:
        *middle, last, _ = chunks_of(response.text)
        text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in middle)
        reason = last["choices"][0]["finish_reason"]
        extra = last["simpatico"]
    else:
        body = response.json()
        text = body["choices"][0]["message"]["content"]
        reason = body["choices"][0]["finish_reason"]
        extra = body["simpatico"]
        assert body["usage"]["completion_tokens"] == 3
    assert text == REPLY.text[:12]
    assert reason == "length"
    assert len(extra["recommendations"]) == 1


def test_a_budget_that_suffices_changes_nothing(url: str) -> None:
    choice = post(url, messages=HELLO, max_tokens=17).json()["choices"][0]
    assert choice["message"]["content"] == REPLY.text
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"messages": []}, 400, "messages"),
        ({}, 400, "messages"),
        ({"messages": "hello"}, 400, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, 400, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, 400, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [7]}]}, 400, "messages.0.content"),
        ({"messages": [{"role": "user", "content": None}]}, 400, "messages"),
        ({"messages": [*HELLO, {"role": "assistant", "content": "x"}]}, 400, "messages"),
        ({"messages": HELLO * 201}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 20_001}]}, 400, "messages.0.content"),
        ({"messages": HELLO, "n": 10**9}, 400, "n"),
        ({"messages": HELLO, "n": 0}, 400, "n"),
        ({"messages": HELLO, "n": "many"}, 400, "n"),
        ({"messages": HELLO, "max_tokens": 0}, 400, "max_tokens"),
        ({"messages": HELLO, "model": "gpt-6"}, 404, "model"),
        ({"messages": HELLO, "model": 7}, 400, "model"),
        ({"messages": HELLO, "user": "x" * 201}, 400, "user"),
        ({"messages": HELLO, "user": "a\u0000b"}, 400, "user"),
        ({"messages": HELLO, "simpatico": {"k": 999}}, 400, "simpatico.k"),
        ({"messages": HELLO, "simpatico": {"kk": 1}}, 400, "simpatico.kk"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_field_named(
    url: str, service: ScriptedService, body: dict[str, Any], status: int, param: str | None
) -> None:
    response = ask("POST", f"{url}/v1/chat/completions", json=body)
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert service.asked == []


def test_the_openai_client_raises_its_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-6", messages=HELLO)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as many:
        client.chat.completions.create(model="simpatico", messages=HELLO, n=5)
    assert many.value.param == "n"


def test_no_words_of_the_person_come_back_in_an_error(url: str) -> None:
    secret = "my secret sorrow"
    response = post(url, messages=[{"role": secret, "content": secret}], n=secret)
    assert response.status_code == 400
    assert secret not in response.text
    response = post(url, messages=HELLO, simpatico={"mood": secret})
    assert response.json()["error"]["message"].endswith("got another word")


def test_half_a_surrogate_pair_is_read_as_a_replacement_mark(
    url: str, service: ScriptedService
) -> None:
    raw = b'{"messages": [{"role": "user", "content": "cut \\ud83e"}]}'
    response = ask(
        "POST",
        f"{url}/v1/chat/completions",
        content=raw,
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 200
    assert service.asked[0].text == "cut \ufffd"


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_before_the_first_word_has_a_proper_status(stream: bool) -> None:
    service = ScriptedService(REPLY, error=StoreError("disk full at /secret/place"))
    with Loopback(create_app(service, settings=Settings())) as server:
        response = post(server.url, messages=HELLO, stream=stream)
    assert response.status_code == 503
    assert "retry-after" in response.headers
    assert response.json()["error"]["code"] == "unavailable"
    assert "/secret" not in response.text


def test_an_unforeseen_error_tells_nothing_but_where_to_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = ScriptedService(REPLY, error=ZeroDivisionError("sorrow / 0"))
    with Loopback(create_app(service, settings=Settings())) as server:
        response = post(server.url, messages=HELLO)
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "server_error"
    assert "sorrow" not in response.text and "Traceback" not in response.text
    (logged,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert response.headers["x-request-id"] in logged.getMessage()
    assert "sorrow" not in logged.getMessage()


def test_an_error_in_mid_stream_is_an_event_that_the_client_raises() -> None:
    service = ScriptedService(REPLY, error=ZeroDivisionError("sorrow / 0"), error_after=4)
    with Loopback(create_app(service, settings=Settings())) as server:
        text = post(server.url, messages=HELLO, stream=True).text
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="x", max_retries=0)
        with client, pytest.raises(openai.APIError, match="wrong on our side"):
            with client.chat.completions.create(
                model="simpatico", messages=HELLO, stream=True
            ) as stream:
                list(stream)
    *chunks, error, done = chunks_of(text)
    said = [chunk["choices"][0]["delta"]["content"] for chunk in chunks]
    assert said == ["", "A ", "rough "]
    assert error["error"]["code"] == "internal_error"
    assert done == "[DONE]"


def test_a_turn_that_takes_too_long_is_given_up() -> None:
    service = ScriptedService(REPLY, pause_s=30)
    with Loopback(create_app(service, settings=Settings(turn_timeout_s=0.1), grace_s=0)) as server:
        response = post(server.url, messages=HELLO)
    assert response.status_code == 504
    assert service.stopped.is_set()


def test_silence_is_filled_with_comments() -> None:
    service = ScriptedService(REPLY, pause_s=0.06)
    with Loopback(create_app(service, settings=Settings(), keep_alive_s=0.02)) as server:
        text = post(server.url, messages=HELLO, stream=True).text
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="x", max_retries=0)
        with (
            client,
            client.chat.completions.create(
                model="simpatico", messages=HELLO, stream=True
            ) as stream,
        ):
            said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert ": keep-alive\n\n" in text
    assert said == REPLY.text


@pytest.mark.parametrize("stream", [True, False])
def test_when_the_caller_leaves_the_turn_is_cancelled(stream: bool) -> None:
    service = ScriptedService(REPLY, pause_s=2)
    with Loopback(create_app(service, settings=Settings())) as server:
        body = json.dumps({"messages": HELLO, "stream": stream}).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
            if stream:
                assert b"200 OK" in connection.recv(100)
            else:
                while "simpatico_turns_running 1.0" not in ask("GET", f"{server.url}/metrics").text:
                    time.sleep(0.01)
        # Nine words at 2 s each: were the turn not cancelled, it would take far longer.
        assert service.stopped.wait(10)
        metrics = ask("GET", f"{server.url}/metrics").text
    assert 'simpatico_turns_failed_total{code="caller_gone",door="api"} 1.0' in metrics
    assert "simpatico_turns_running 0.0" in metrics


TITLE = """### Task:
Generate a concise, 3-5 word title with an emoji summarizing the chat history.
### Guidelines:
- The title should clearly represent the main theme or subject of the conversation.
### Output:
JSON format: { "title": "your concise title here" }
### Examples:
- { "title": "📉 Stock Market Trends" },
### Chat History:
<chat_history>
USER: rough week, I need something warm and funny
ASSISTANT: Paddington 2
</chat_history>"""


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        (TITLE, {"title": "rough week, I need something warm"}),
        (
            TITLE.replace("rough week, I need", "最近工作好累，想看点轻松搞笑的电影，不要太长，"),
            {"title": "最近工作好累"},
        ),
        (TITLE.replace('"title"', '"tags"'), {"tags": ["Recommendations"]}),
        (TITLE.replace('"title"', '"queries"'), {"queries": []}),
        (TITLE.replace('"title"', '"nonsense"'), {}),
    ],
)
def test_a_clients_housekeeping_never_reaches_the_service(
    url: str, service: ScriptedService, prompt: str, answer: dict[str, Any]
) -> None:
    body = post(url, messages=[{"role": "user", "content": prompt}], user="ann").json()
    assert json.loads(body["choices"][0]["message"]["content"]) == answer
    assert body["simpatico"]["route"] == "task"
    assert body["simpatico"]["recommendations"] == []
    assert service.asked == []


EMOJI = (
    "Your task is to reflect the speaker's likely facial expression through a fitting emoji. "
    "Interpret emotions from the message and reflect their facial expression using fitting, "
    "diverse emojis (e.g., 😊, 😢, 😡, 😱).\n\nMessage: ```something warm, please```"
)
TOOLS = (
    'Available Tools: [{"name": "weather"}]\n\nYour task is to choose and return the correct '
    "tool(s) from the list of available tools based on the query. Follow these guidelines:\n\n"
    "- Return only the JSON object, without any additional text or explanation."
)
QUERY = 'Query: History:\nUSER: """something warm"""\nQuery: something warm'


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        ([{"role": "user", "content": EMOJI}], "💬"),
        (
            [{"role": "system", "content": TOOLS}, {"role": "user", "content": QUERY}],
            '{"tool_calls": []}',
        ),
    ],
)
def test_an_emoji_or_a_choice_of_tools_asked_for_by_a_client_is_no_wish(
    url: str, service: ScriptedService, messages: list[Any], answer: str
) -> None:
    body = post(url, messages=messages, user="ann").json()
    assert body["choices"][0]["message"]["content"] == answer
    assert service.asked == []


@pytest.mark.parametrize("said", ["I want to kill myself", "我不想活了"])
def test_nothing_is_offered_about_words_of_crisis(url: str, said: str) -> None:
    for key, wanted in (("title", "A conversation"), ("tags", []), ("follow_ups", [])):
        prompt = TITLE.replace('"title"', f'"{key}"').replace("rough week, I need", f"{said}, so")
        body = post(url, messages=[{"role": "user", "content": prompt}]).json()
        assert json.loads(body["choices"][0]["message"]["content"]) == {key: wanted}


def test_a_title_may_be_asked_for_plainly_and_streamed(url: str, service: ScriptedService) -> None:
    prompt = (
        "Provide a concise, 5-word-or-less title for the conversation, using title case "
        "conventions. Only return the title itself."
    )
    messages = [*HELLO, {"role": "user", "content": prompt}]
    _, said, _, _ = chunks_of(post(url, messages=messages, stream=True).text)
    assert said["choices"][0]["delta"]["content"] == "rough week, something warm"
    assert service.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "### Task: find me a film",
        "what's the title of that film with a long conversation in a cafe?",
        "give me a JSON format film",
        "Query: something warm",
        "Your task is to reflect the speaker's likely taste",
    ],
)
def test_people_who_sound_a_little_like_a_client_are_heard(text: str) -> None:
    assert task_of([Message(role="user", content=text)]) is None


def test_a_card_tells_that_it_is_there_by_chance() -> None:
    drawn = PADDINGTON.model_copy(update={"parts": (Part(name=EXPLORED, value=0.0),)})
    assert card(drawn).explored and not card(PADDINGTON).explored


def test_a_caller_may_leave_after_any_event_of_a_stream() -> None:
    service = ScriptedService(REPLY, pause_s=0.005)
    body = json.dumps({"messages": HELLO, "stream": True}).encode()
    with Loopback(create_app(service, settings=Settings())) as server:
        n_events = len(chunks_of(post(server.url, messages=HELLO, stream=True).text))
        for n in range(n_events):
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(
                    b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(body), body)
                )
                lines = connection.makefile("rb")
                for _ in range(n):
                    while not lines.readline().startswith(b"data: "):
                        pass
        while "simpatico_turns_running 0.0" not in ask("GET", f"{server.url}/metrics").text:
            time.sleep(0.01)
        assert post(server.url, messages=HELLO).status_code == 200
