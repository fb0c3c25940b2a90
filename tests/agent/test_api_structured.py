"""Answers as data: filled from what was found, refused where that cannot be."""

import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from openai import BadRequestError, OpenAI
from pydantic import BaseModel, Field

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.api.scripted import ScriptedService
from simpatico.agent.api.structured import CannotFill, NothingFound, check, fill, wanted
from simpatico.domain import Item, Mood, Reason, Recommendation, Reply, UserState
from simpatico.settings import Settings

REPLY = Reply(
    text="Up, because you wanted something warm.",
    route="recommend",
    state=UserState(mood=Mood(label="sadness", labels=("sadness", "grief")), need="cheer_up"),
    recommendations=(
        Recommendation(
            item=Item(id="up", title="Up", year=2009, genres=("Family",), creators=("Pete",)),
            p_accept=0.75,
            reasons=(Reason(kind="quote", text="a warm film"), Reason(kind="mood", text="gentle")),
        ),
        Recommendation(item=Item(id="q", title='A "quoted" title\n'), p_accept=0.5),
    ),
    list_id="l1",
)
NOTHING = Reply(text="What are you in the mood for?", route="clarify", state=UserState())
HELLO: Any = [{"role": "user", "content": "something warm"}]


class Film(BaseModel):
    title: str
    year: int | None
    why: str
    genres: list[str] = Field(default_factory=list)


class Answer(BaseModel):
    mood: str
    films: list[Film]
    answer: str


class Pick(BaseModel):
    title: str
    score: float


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    yield from open_client(REPLY)


@pytest.fixture(scope="module")
def empty() -> Iterator[OpenAI]:
    yield from open_client(NOTHING)


def open_client(reply: Reply) -> Iterator[OpenAI]:
    with (
        Loopback(create_app(ScriptedService(reply), settings=Settings())) as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="EMPTY", max_retries=0) as made,
    ):
        yield made


def tool(model: type[BaseModel], name: str = "show") -> Any:
    return {"type": "function", "function": {"name": name, "parameters": model.model_json_schema()}}


def test_a_model_is_filled_with_what_was_found(client: OpenAI) -> None:
    made = client.chat.completions.parse(model="simpatico", messages=HELLO, response_format=Answer)
    parsed = made.choices[0].message.parsed
    assert parsed == Answer(
        mood="sadness",
        answer=REPLY.text,
        films=[
            Film(title="Up", year=2009, why="a warm film; gentle", genres=["Family"]),
            Film(title='A "quoted" title\n', year=None, why="", genres=[]),
        ],
    )
    assert made.choices[0].finish_reason == "stop"


def test_the_same_comes_in_a_stream(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="simpatico", messages=HELLO, response_format=Answer
    ) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    parsed = final.choices[0].message.parsed
    assert parsed is not None and [film.title for film in parsed.films][0] == "Up"


def test_one_item_is_the_best_and_with_none_the_answer_is_a_refusal(
    client: OpenAI, empty: OpenAI
) -> None:
    made = client.chat.completions.parse(model="simpatico", messages=HELLO, response_format=Pick)
    assert made.choices[0].message.parsed == Pick(title="Up", score=0.75)
    refused = empty.chat.completions.parse(
        model="simpatico", messages=HELLO, response_format=Pick
    ).choices[0]
    assert (refused.message.parsed, refused.message.content) == (None, None)
    assert refused.message.refusal == NOTHING.text


def test_json_without_a_schema_has_the_usual_fields(client: OpenAI) -> None:
    made = client.chat.completions.create(
        model="simpatico", messages=HELLO, response_format={"type": "json_object"}
    )
    found = json.loads(made.choices[0].message.content or "")
    assert found["recommendations"][0] == {
        "id": "up",
        "title": "Up",
        "year": 2009,
        "why": "a warm film; gentle",
    }


def test_a_tool_that_is_insisted_on_is_called(client: OpenAI) -> None:
    named: Any = {"type": "function", "function": {"name": "show"}}
    choices: list[Any] = ["required", named]
    for choice in choices:
        made = client.chat.completions.create(
            model="simpatico", messages=HELLO, tools=[tool(Answer)], tool_choice=choice
        ).choices[0]
        assert (made.finish_reason, made.message.content) == ("tool_calls", None)
        (call,) = made.message.tool_calls or []
        assert call.type == "function" and call.function.name == "show"
        assert Answer.model_validate_json(call.function.arguments).films[0].title == "Up"


def test_a_tool_call_comes_in_a_stream(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="simpatico", messages=HELLO, tools=[tool(Pick)], tool_choice="required"
    ) as stream:
        for _ in stream:
            pass
        choice = stream.get_final_completion().choices[0]
    (call,) = choice.message.tool_calls or []
    assert json.loads(call.function.arguments) == {"title": "Up", "score": 0.75}
    assert choice.finish_reason == "tool_calls"


def test_a_tool_loop_ends_in_words(client: OpenAI) -> None:
    said = [
        *HELLO,
        {
            "role": "assistant",
            "content": "One moment.",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "show", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "shown"},
    ]
    made = client.chat.completions.create(model="simpatico", messages=said, tools=[tool(Pick)])
    assert made.choices[0].message.content == REPLY.text


class Impossible(BaseModel):
    title: str
    box_office: int


def test_what_nobody_knows_is_refused_before_the_turn(client: OpenAI) -> None:
    with pytest.raises(BadRequestError, match="box_office: nothing here is called"):
        client.chat.completions.parse(model="simpatico", messages=HELLO, response_format=Impossible)
    with pytest.raises(BadRequestError, match="no tool 'other'"):
        client.chat.completions.create(
            model="simpatico",
            messages=HELLO,
            tools=[tool(Pick)],
            tool_choice={"type": "function", "function": {"name": "other"}},
        )


def test_alternatives_references_and_enums_are_followed() -> None:
    class Kind(BaseModel):
        kind: Literal["film"]
        need: str

    class Nested(BaseModel):
        best: Kind | None
        titles: list[str]
        mood: Literal["joy"] | None

    schema = Nested.model_json_schema()
    check(schema)
    assert json.loads(fill(schema, REPLY)) == {
        "best": {"kind": "film", "need": "cheer_up"},
        "titles": ["Up", 'A "quoted" title\n'],
        "mood": None,
    }


def test_a_value_that_an_enum_lacks_is_not_made_up() -> None:
    class Happy(BaseModel):
        mood: Literal["joy"]

    check(Happy.model_json_schema())
    with pytest.raises(NothingFound):
        fill(Happy.model_json_schema(), REPLY)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array"},
        {"properties": []},
        {"$ref": "#/nowhere"},
        {"$ref": "http://example.org/x"},
        {"$ref": "#"},
        {"properties": {"year": {"type": "object"}}, "required": ["year"]},
        {"properties": {"mood": 7}, "required": ["mood"]},
        {"properties": {"x": {"type": "string"}}, "required": ["x"]},
    ],
)
def test_schemas_that_cannot_be_are_refused(schema: Any) -> None:
    with pytest.raises(CannotFill):
        check(schema)


def test_a_schema_that_refers_to_itself_ends() -> None:
    names = [f"f{n}" for n in range(40)]
    schema = {"type": "object", "properties": {name: {"$ref": "#/$defs/a"} for name in names}}
    endless = {**schema, "$defs": {"a": {**schema, "required": names}}, "required": names}
    with pytest.raises(CannotFill):
        check(endless)


def test_words_stay_words() -> None:
    assert wanted(None, None, None) is None
    assert wanted({"type": "text"}, [tool(Pick)], "auto") is None


def test_an_item_that_lacks_what_is_required_is_left_out() -> None:
    class Dated(BaseModel):
        title: str
        year: int

    class Films(BaseModel):
        films: list[Dated]

    found = Films.model_validate_json(fill(Films.model_json_schema(), REPLY))
    assert found == Films(films=[Dated(title="Up", year=2009)])


def test_a_wide_schema_is_refused_at_once() -> None:
    wide = {"anyOf": [1] * 1500}
    names = [f"f{n}" for n in range(500)]
    properties = {name: {"$ref": "#/$defs/a"} for name in names}
    schema = {"properties": properties, "$defs": {"a": wide}, "required": names}
    with pytest.raises(CannotFill):
        check(schema)
    long = {"properties": {"x" * 70_000: {"type": "string"}}}
    with pytest.raises(CannotFill, match="characters"):
        wanted({"type": "json_schema", "json_schema": {"schema": long}}, None, None)


@pytest.mark.parametrize(
    "request_",
    [
        ({"type": "json_schema", "json_schema": {"schema": "x"}}, None, None),
        (None, [{"type": "function", "function": {"name": "f", "parameters": "x"}}], "required"),
        (
            {
                "type": "json_schema",
                "json_schema": {"schema": {"properties": {"x": {}}, "required": 5}},
            },
            None,
            None,
        ),
    ],
)
def test_what_is_no_schema_is_refused(request_: tuple[Any, Any, Any]) -> None:
    with pytest.raises(CannotFill):
        wanted(*request_)
