"""Answers as JSON of a caller's schema, filled from what was found and never made up.

A model that writes JSON would have to be checked fact by fact. Here the fields of a schema are
known by their names (`title`, `year`, `why`, `mood`, ...) and filled with the reply's own values,
so that nothing is in them that a card would not show. A schema that requires something else is
refused before the turn, with the path of what cannot be filled.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from simpatico.domain import Item, Reason, Recommendation, Reply, UserState

Schema = Mapping[str, Any]
_DEPTH: Final = 16
_MOST: Final = 20_000  # parts of a schema that are looked at
_MAX_CHARS: Final = 64_000  # of a schema

DEFAULT: Final[Schema] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "mood": {"type": "string"},
        "recommendations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "title": {"type": "string"},
                    "year": {"type": ["integer", "null"]},
                    "why": {"type": "string"},
                },
            },
        },
    },
}
"""What `json_object` gives, which names no schema."""


class CannotFill(Exception):
    """A schema that wants something no reply has. `path` is where, `why` for people."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path or 'schema'}: {why}")
        self.path = path
        self.why = why


class NothingFound(Exception):
    """The schema wants an item, and the reply recommends none."""


class _Field(NamedTuple):
    """A value by the types it can be had in, in the order of preference."""

    string: Callable[[Any], str | None] | None = None
    integer: Callable[[Any], int | None] | None = None
    number: Callable[[Any], float] | None = None
    strings: Callable[[Any], list[str]] | None = None


def _reasons(found: Recommendation) -> list[str]:
    return [reason.text for reason in found.reasons]


_ITEM: Final[Mapping[tuple[str, ...], _Field]] = {
    ("id", "itemid"): _Field(string=lambda r: r.item.id),
    ("title", "name", "film", "movie", "item", "song", "track"): _Field(
        string=lambda r: r.item.title
    ),
    ("year", "releaseyear"): _Field(
        string=lambda r: str(r.item.year) if r.item.year else None, integer=lambda r: r.item.year
    ),
    ("kind", "type", "category"): _Field(string=lambda r: r.item.kind),
    ("genre", "genres"): _Field(
        string=lambda r: ", ".join(r.item.genres), strings=lambda r: list(r.item.genres)
    ),
    ("creator", "creators", "director", "directors", "artist", "artists", "author", "authors"): (
        _Field(string=lambda r: ", ".join(r.item.creators), strings=lambda r: list(r.item.creators))
    ),
    ("why", "reason", "reasons", "explanation", "rationale", "justification"): _Field(
        string=lambda r: "; ".join(_reasons(r)), strings=_reasons
    ),
    ("paccept", "probability", "score", "confidence", "match"): _Field(number=lambda r: r.p_accept),
}
_REPLY: Final[Mapping[tuple[str, ...], _Field]] = {
    ("text", "answer", "message", "content", "response", "reply", "summary", "explanation"): (
        _Field(string=lambda reply: reply.text)
    ),
    ("mood", "emotion", "feeling"): _Field(
        string=lambda reply: reply.state.mood.label, strings=lambda r: list(r.state.mood.labels)
    ),
    ("need",): _Field(string=lambda reply: reply.state.need),
    ("intent",): _Field(string=lambda reply: reply.state.intent),
    ("query",): _Field(string=lambda reply: reply.state.query),
    ("route",): _Field(string=lambda reply: reply.route),
    ("listid",): _Field(string=lambda reply: reply.list_id),
    ("degraded", "warnings"): _Field(strings=lambda reply: list(reply.degraded)),
    ("count", "n", "total"): _Field(integer=lambda r: len(r.recommendations)),
}
_LISTS: Final = frozenset(
    ("recommendations", "items", "films", "movies", "results", "suggestions", "titles", "songs")
    + ("tracks", "picks", "list", "options")
)


_SAMPLE: Final = Reply(
    text="-",
    route="recommend",
    state=UserState(),
    recommendations=(
        Recommendation(
            item=Item(id="-", title="-", year=2000, genres=("-",), creators=("-",)),
            p_accept=0.5,
            reasons=(Reason(kind="quote", text="-"),),
        ),
    ),
)
"""A reply with a value for everything that a reply can have."""


def check(schema: Schema) -> None:
    """Raises `CannotFill` for a schema that no reply can fill."""
    with contextlib.suppress(NothingFound):  # a value that an enum does not have
        fill(schema, _SAMPLE)


def fill(schema: Schema, reply: Reply) -> str:
    """The JSON that a reply is under a schema.

    Raises:
        NothingFound: it wants an item, and nothing is recommended; or a value that is not there.
        CannotFill: see `check`.
    """
    return json.dumps(_Filler(schema, reply).object(schema, "", None, 0), ensure_ascii=False)


class _Filler:
    """Walks a schema with a reply. `item` is the recommendation that a part of it is about."""

    def __init__(self, root: Schema, reply: Reply) -> None:
        self._root = root
        self._reply = reply
        self._left = _MOST

    def object(
        self, schema: Any, path: str, item: Recommendation | None, depth: int
    ) -> dict[str, Any]:
        """An object's fields: all that are required, and of the others those that are known."""
        schema = self._resolved(schema, path, depth)
        if not isinstance(schema.get("properties"), Mapping):
            raise CannotFill(path, "wanted an object with properties")
        required = schema.get("required", [])
        if not isinstance(required, list):
            raise CannotFill(path, "wanted `required` to be a list")
        filled = {}
        for name, inner in schema["properties"].items():
            here = f"{path}.{name}" if path else str(name)
            try:
                filled[name] = self._field(str(name), inner, here, item, depth + 1)
            except (CannotFill, NothingFound):
                if name in required:
                    raise
        return filled

    def _field(
        self, name: str, schema: Any, path: str, item: Recommendation | None, depth: int
    ) -> Any:
        schema = self._resolved(schema, path, depth)
        types = _types(schema)
        word = "".join(each for each in name.casefold() if each.isalnum())
        if item is None and "array" in types and word in _LISTS:
            return self._list(schema.get("items", {}), path, depth)
        if item is None and (field := _named(_REPLY, word)):
            return _fitting(field, self._reply, schema, types, path)
        if field := _named(_ITEM, word):
            about = item or next(iter(self._reply.recommendations), None)
            return _fitting(field, about, schema, types, path)
        if "object" in types:
            return self.object(schema, path, item, depth)
        if "null" in types:
            return None
        raise CannotFill(path, f"nothing here is called {name!r}")

    def _list(self, schema: Any, path: str, depth: int) -> list[Any]:
        inner = self._resolved(schema, f"{path}[]", depth)
        found = self._reply.recommendations
        if "string" in _types(inner):
            return [one.item.title for one in found]
        filled = []
        for one in found:
            with contextlib.suppress(NothingFound):  # an item that lacks what is required
                filled.append(self.object(inner, f"{path}[]", one, depth + 1))
        if found and not filled:
            raise NothingFound(path)
        return filled

    def _resolved(self, schema: Any, path: str, depth: int) -> dict[str, Any]:
        """A schema without references; of alternatives the first that is not null."""
        nullable = False
        for _ in range(_DEPTH - depth):
            if not isinstance(schema, Mapping):
                raise CannotFill(path, "wanted a schema")
            options = schema.get("anyOf") or schema.get("oneOf")
            self._spend(len(schema) + (len(options) if isinstance(options, list) else 0), path)
            if isinstance(reference := schema.get("$ref"), str):
                schema = self._referred(reference, path)
            elif isinstance(options, list):
                nullable = nullable or any(_types(each) == {"null"} for each in options)
                schema = next((each for each in options if _types(each) != {"null"}), {})
            else:
                return {**schema, "nullable": True} if nullable else dict(schema)
        raise CannotFill(path, f"nested deeper than {_DEPTH}, or its references lead nowhere")

    def _spend(self, n: int, path: str) -> None:
        """Count parts that are looked at: a schema that refers to itself has no end."""
        self._left -= n
        if self._left < 0:
            raise CannotFill(path, f"more than {_MOST} parts")

    def _referred(self, reference: str, path: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None or not reference.startswith("#/"):
            raise CannotFill(path, f"there is no {reference[:80]!r} in the schema")
        return found


def _named(fields: Mapping[tuple[str, ...], _Field], word: str) -> _Field | None:
    return next((field for names, field in fields.items() if word in names), None)


def _types(schema: Any) -> set[str]:
    """The types that a schema takes; one that names none takes what its form says, or a text."""
    if not isinstance(schema, Mapping):
        return set()
    given = schema.get("type")
    if isinstance(given, str):
        types = {given}
    elif isinstance(given, list):
        types = {str(each) for each in given}
    elif "properties" in schema:
        types = {"object"}
    else:
        types = {"array"} if "items" in schema else {"string"}
    return types | {"null"} if schema.get("nullable") else types


def _fitting(field: _Field, of: Any, schema: Schema, types: set[str], path: str) -> Any:
    """A field's value in a type that the schema takes, held to its enum or const."""
    pairs = {
        "integer": field.integer,
        "number": field.number or field.integer,
        "string": field.string,
        "array": field.strings,
    }
    take = next((take for kind, take in pairs.items() if take and kind in types), None)
    if take is None:
        has = " or ".join(kind for kind, take in pairs.items() if take)
        raise CannotFill(path, f"this is known as {has}, not as {' or '.join(sorted(types))}")
    value = None if of is None else take(of)
    allowed = [schema["const"]] if "const" in schema else schema.get("enum")
    if value is not None and (not isinstance(allowed, list) or value in allowed):
        return value
    if "null" in types:
        return None
    raise NothingFound(path)


class Wanted(NamedTuple):
    """The data that a request wants: its schema, and the tool that is called with it, if any."""

    schema: Schema
    tool: str = ""


def wanted(response_format: Any, tools: Any, tool_choice: Any) -> Wanted | None:
    """What a chat request wants in place of words; None for words.

    A tool is called only when the request insists: on one by name, or on any, and then the first.

    Raises:
        CannotFill: no reply can be what is wanted.
    """
    found = _tool(tools, tool_choice) or _format(response_format)
    if found is not None:
        if len(json.dumps(found.schema)) > _MAX_CHARS:
            raise CannotFill("", f"more than {_MAX_CHARS:,} characters")
        check(found.schema)
    return found


def insists(choice: Any) -> bool:
    """Whether a `tool_choice` leaves no choice: any tool, one by name, or one of some."""
    if not isinstance(choice, Mapping):
        return bool(choice == "required")
    if choice.get("type") == "allowed_tools":
        return bool(_inner(choice, "allowed_tools").get("mode") == "required")
    return "name" in _inner(choice, "function")


def _format(given: Any) -> Wanted | None:
    kind = given.get("type") if isinstance(given, Mapping) else None
    if kind == "json_object":
        return Wanted(DEFAULT)
    if kind != "json_schema":
        return None
    schema = _inner(given, "json_schema").get("schema")
    if schema in (None, {}, {"type": "object"}):
        return Wanted(DEFAULT)
    if not isinstance(schema, Mapping):
        raise CannotFill("", "wanted a schema")
    return Wanted(schema)


def _tool(tools: Any, choice: Any) -> Wanted | None:
    """The tool that is insisted on, as chat completions or as Responses write it."""
    if not insists(choice):
        return None
    functions = _functions(tools)
    if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
        allowed = _functions(_inner(choice, "allowed_tools").get("tools"))
        name = next(iter(allowed), "")
    elif isinstance(choice, Mapping):
        name = str(_inner(choice, "function").get("name", ""))
    else:
        name = next(iter(functions), "")
    if name not in functions:
        raise CannotFill("tool_choice", f"there is no tool {name[:80]!r}")
    parameters = functions[name].get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise CannotFill(f"tools.{name[:80]}.parameters", "wanted a schema")
    return Wanted({"properties": {}, **parameters}, name)


def _functions(tools: Any) -> dict[str, Mapping[str, Any]]:
    """The functions among tools, by name."""
    listed = tools if isinstance(tools, list) else []
    found = [
        _inner(each, "function")
        for each in listed
        if isinstance(each, Mapping) and each.get("type", "function") == "function"
    ]
    return {str(each["name"]): each for each in found if "name" in each}


def _inner(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """`{name: {...}}` as chat completions nest it, or the same without, as Responses do."""
    inner = given.get(name, given)
    return inner if isinstance(inner, Mapping) else {}
