"""Responses, as OpenAI's own client asks for them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from pydantic import BaseModel

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.domain import Item, Recommendation, Reply, UserState
from simpatico.errors import LLMUnavailable
from simpatico.settings import Settings

REPLY = Reply(
    text="Try Up tonight.",
    route="recommend",
    state=UserState(query="something fun"),
    recommendations=(Recommendation(item=Item(id="up", title="Up"), p_accept=0.5),),
)
EVENTS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService(REPLY)


@pytest.fixture
def client(service: ScriptedService) -> Iterator[OpenAI]:
    with Loopback(create_app(service, settings=Settings())) as server, open_client(server) as made:
        yield made


def open_client(server: Loopback) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/v1", api_key="EMPTY", max_retries=0)


def test_a_text_is_answered(client: OpenAI, service: ScriptedService) -> None:
    made = client.responses.create(model="simpatico", input="something fun", user="ann")
    assert made.output_text == "Try Up tonight."
    assert (made.status, made.model, made.object) == ("completed", "simpatico", "response")
    assert made.usage is not None
    assert (made.usage.input_tokens, made.usage.output_tokens) == (4, 4)
    assert made.model_extra is not None
    assert made.model_extra["simpatico"]["recommendations"][0]["id"] == "up"
    assert service.asked[0].text == "something fun"


def test_items_are_the_dialogue_whatever_their_parts_are_called(
    client: OpenAI, service: ScriptedService
) -> None:
    given: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": "hello"}]},
        {"type": "function_call_output", "call_id": "1", "output": "{}"},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "hi", "annotations": []}],
        },
        {"role": "user", "content": "something fun"},
    ]
    client.responses.create(model="simpatico", input=given)
    asked = service.asked[0]
    assert asked.text == "something fun"
    assert [turn.text for turn in asked.dialogue or ()] == ["hello", "hi"]


def test_a_stream_has_every_event_in_its_order(client: OpenAI) -> None:
    with client.responses.stream(model="simpatico", input="fun", user="ann") as stream:
        events = list(stream)
        final = stream.get_final_response()
    raw = [event for event in events if event.type in EVENTS]
    assert [event.type for event in raw] == EVENTS
    assert [event.sequence_number for event in raw] == list(range(len(EVENTS)))
    assert final.output_text == "Try Up tonight."


def test_a_response_is_continued_by_its_id(client: OpenAI, service: ScriptedService) -> None:
    first = client.responses.create(model="simpatico", input="something fun", user="ann")
    second = client.responses.create(
        model="simpatico", input="funnier", previous_response_id=first.id, user="ann"
    )
    third = client.responses.create(
        model="simpatico", input="older", previous_response_id=first.id, user="ann"
    )
    assert len({first.id, second.id, third.id}) == 3
    for asked in service.asked[1:]:
        said = [turn.text for turn in asked.dialogue or ()]
        assert said == ["something fun", "Try Up tonight."]
    assert second.previous_response_id == first.id


def test_a_response_belongs_to_its_person(client: OpenAI) -> None:
    first = client.responses.create(model="simpatico", input="fun", user="ann")
    with pytest.raises(NotFoundError, match="of this person"):
        client.responses.create(
            model="simpatico", input="more", previous_response_id=first.id, user="ben"
        )
    with pytest.raises(BadRequestError, match="belongs to a person"):
        client.responses.create(model="simpatico", input="more", previous_response_id=first.id)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(first.id, extra_query={"user": "ben"})
    back = client.responses.retrieve(first.id, extra_query={"user": "ann"})
    assert (back.id, back.output_text) == (first.id, "Try Up tonight.")


def test_what_is_not_to_be_stored_is_not(client: OpenAI) -> None:
    for given in ({"store": False, "user": "ann"}, {}):
        made = client.responses.create(model="simpatico", input="fun", **given)  # type: ignore[call-overload]
        assert made.model_extra["store"] is False
        with pytest.raises(NotFoundError):
            client.responses.retrieve(made.id, extra_query={"user": "ann"})


def test_a_full_disk_costs_the_continuation_not_the_answer(
    client: OpenAI, service: ScriptedService
) -> None:
    service.store_works = False
    made = client.responses.create(model="simpatico", input="fun", user="ann")
    assert made.output_text == "Try Up tonight."
    assert made.model_extra is not None
    assert made.model_extra["store"] is False
    assert "not stored" in made.model_extra["simpatico"]["notes"][0]


def test_an_answer_that_is_cut_is_incomplete(client: OpenAI) -> None:
    made = client.responses.create(model="simpatico", input="fun", max_output_tokens=1)
    assert (made.status, made.output_text) == ("incomplete", "Try ")
    assert made.incomplete_details is not None
    assert made.incomplete_details.reason == "max_output_tokens"


def test_what_was_not_used_is_said(client: OpenAI) -> None:
    made = client.responses.create(
        model="simpatico",
        input="fun",
        user="ann",
        instructions="Answer as a pirate.",
        conversation="conv_1",
        background=True,
        tools=[{"type": "function", "name": "f", "parameters": {}, "strict": True}],
    )
    assert made.model_extra is not None
    assert made.model_extra["simpatico"]["notes"] == [
        "instructions do not change how Simpatico works",
        "no conversation is known here; previous_response_id continues a response",
        "nothing runs in the background; the answer is here",
        "a tool is called only when tool_choice insists on one",
    ]


class Pick(BaseModel):
    title: str
    mood: str


TOOL: Any = {
    "type": "function",
    "name": "book",
    "parameters": Pick.model_json_schema(),
    "strict": True,
}
CHOICES: list[Any] = [
    "required",
    {"type": "function", "name": "book"},
    {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "book"}],
    },
]


def test_an_answer_is_data_when_that_is_asked_for(client: OpenAI) -> None:
    made = client.responses.parse(model="simpatico", input="fun", text_format=Pick)
    assert made.output_parsed == Pick(title="Up", mood="unknown")
    loose = client.responses.create(
        model="simpatico", input="fun", text={"format": {"type": "json_object"}}
    )
    assert json.loads(loose.output_text)["recommendations"][0]["title"] == "Up"


def test_data_that_cannot_be_had_is_refused_with_the_field_named(client: OpenAI) -> None:
    schema = {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}
    form: Any = {"format": {"type": "json_schema", "name": "x", "schema": schema}}
    with pytest.raises(BadRequestError, match="price") as refused:
        client.responses.create(model="simpatico", input="fun", text=form)
    assert (refused.value.code, refused.value.param) == ("unsupported_schema", "text.format")


@pytest.mark.parametrize("choice", CHOICES)
def test_a_tool_that_is_insisted_on_is_called(client: OpenAI, choice: Any) -> None:
    made = client.responses.create(
        model="simpatico", input="fun", tools=[TOOL], tool_choice=choice, user="ann"
    )
    (call,) = made.output
    assert call.type == "function_call" and call.status == "completed"
    assert (call.name, json.loads(call.arguments)) == ("book", {"title": "Up", "mood": "unknown"})


def test_a_tool_call_is_streamed_in_its_own_events(client: OpenAI) -> None:
    with client.responses.stream(
        model="simpatico", input="fun", tools=[TOOL], tool_choice="required"
    ) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert final.output[0].type == "function_call"
    assert json.loads(final.output[0].arguments)["title"] == "Up"


def test_the_result_of_a_call_continues_the_response(
    client: OpenAI, service: ScriptedService
) -> None:
    first = client.responses.create(
        model="simpatico", input="fun", tools=[TOOL], tool_choice="required", user="ann"
    )
    assert first.output[0].type == "function_call"
    result: Any = {
        "type": "function_call_output",
        "call_id": first.output[0].call_id,
        "output": "booked",
    }
    then = client.responses.create(
        model="simpatico", input=[result], previous_response_id=first.id, user="ann"
    )
    assert then.output_text == "Try Up tonight."
    assert (service.asked[1].text, service.asked[1].dialogue) == ("fun", ())


def test_without_anything_to_recommend_data_are_refused_in_words() -> None:
    talk = ScriptedService(Reply(text="How are you?", route="talk", state=UserState()))
    with Loopback(create_app(talk, settings=Settings())) as server, open_client(server) as client:
        whole = client.responses.parse(model="simpatico", input="hi", text_format=Pick)
        with client.responses.stream(model="simpatico", input="hi", text_format=Pick) as stream:
            events = list(stream)
            streamed = stream.get_final_response()
        called = client.responses.create(
            model="simpatico", input="hi", tools=[TOOL], tool_choice="required"
        )
    for made in (whole, streamed):
        assert made.output_parsed is None
        (message,) = made.output
        assert message.type == "message" and message.content[0].type == "refusal"
        assert message.content[0].refusal == "How are you?"
    kinds = [event.type for event in events]
    assert "response.refusal.delta" in kinds and "response.refusal.done" in kinds
    assert called.output_text == "How are you?"


def test_a_clients_housekeeping_never_reaches_the_service(
    client: OpenAI, service: ScriptedService
) -> None:
    prompt = '### Task:\nTags.\n### Output:\nJSON format: { "tags": ["a"] }'
    made = client.responses.create(model="simpatico", input=prompt, user="ann")
    assert json.loads(made.output_text) == {"tags": ["Recommendations"]}
    assert service.asked == []


def test_nothing_runs_in_the_background_to_be_cancelled(client: OpenAI) -> None:
    made = client.responses.create(model="simpatico", input="fun", user="ann")
    with pytest.raises(BadRequestError, match="background"):
        client.responses.cancel(made.id, extra_query={"user": "ann"})
    with pytest.raises(NotFoundError):
        client.responses.cancel("resp_nobody", extra_query={"user": "ann"})


@pytest.mark.parametrize(
    "given",
    [
        [],
        [{"type": "function_call_output", "output": ""}],
        [{"role": "assistant", "content": "a"}],
        [{"type": ["message"], "role": "user", "content": "a"}],
    ],
)
def test_without_words_of_the_person_there_is_nothing_to_answer(client: OpenAI, given: Any) -> None:
    with pytest.raises(BadRequestError):
        client.responses.create(model="simpatico", input=given)


def test_a_stream_that_breaks_says_so(service: ScriptedService) -> None:
    broken = ScriptedService(REPLY, error=LLMUnavailable("gone"), error_after=4)
    with (
        Loopback(create_app(broken, settings=Settings())) as server,
        open_client(server) as client,
        client.responses.create(model="simpatico", input="fun", stream=True) as stream,
    ):
        events = list(stream)
    assert events[-1].type == "response.failed"
    assert events[-1].response.status == "failed"
    assert events[-1].response.error is not None
