"""Responses, as OpenAI's own client asks for them."""

from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

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
        tools=[{"type": "function", "name": "f", "parameters": {}, "strict": True}],
        text={"format": {"type": "json_object"}},
    )
    assert made.model_extra is not None
    notes = " ".join(made.model_extra["simpatico"]["notes"])
    assert "instructions" in notes and "tools" in notes and "text.format" in notes


@pytest.mark.parametrize(
    "given",
    [[], [{"type": "function_call_output", "output": ""}], [{"role": "assistant", "content": "a"}]],
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
