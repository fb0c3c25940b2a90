"""A length that not all say, among items of several kinds: what is found, and what is admitted."""

import asyncio

import pytest

from simpatico.agent.llm import ScriptedLLM
from simpatico.agent.mind import Found, Mind
from simpatico.agent.read.llm_reader import LLMReader
from simpatico.agent.read.understand import Rules
from simpatico.domain import Constraints, Item, Profile, TurnOptions, UserState
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.index import Index
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.store import MemoryStore
from simpatico.retrieval.titles import TitleIndex
from simpatico.settings import RetrievalSettings


def item(name: str, kind: str, minutes: str = "") -> Item:
    return Item(id=name, kind=kind, title=name.upper(), extra=(("minutes", minutes),))


FILMS = (item("long", "film", "110"), item("short", "film", "90"))
MUSIC = (item("song", "music"), item("piece", "music"))


def mind_of(items: tuple[Item, ...]) -> Mind:
    encoder, store = HashEncoder(32), MemoryStore(32)
    store.upsert([one.id for one in items], encoder.encode([one.title for one in items]))
    index = Index(Catalog("few", items), encoder, store)
    reader = LLMReader(ScriptedLLM([]), Rules(TitleIndex([])))
    return Mind(
        index=index,
        reader=reader,
        fallback=reader,
        ranker=LinearRanker(index),
        settings=RetrievalSettings(),
    )


def found(items: tuple[Item, ...], **wishes: object) -> Found:
    state = UserState(constraints=Constraints.model_validate(wishes))
    return asyncio.run(mind_of(items).find(state, Profile(user="u")))


UNKNOWN = "I do not know the lengths of most {} here, so I could not keep to 100 minutes."
LET_GO = "No film fits everything at once, so there I let go of the length."


@pytest.mark.parametrize(
    ("wishes", "ids", "let_go", "notes"),
    [
        ({}, {"short", "song", "piece"}, ("max_minutes",), (UNKNOWN.format("music"),)),
        ({"kinds": ("film",)}, {"short"}, (), ()),
        (
            {"kinds": ("film", "music"), "exclude_ids": ("short",)},
            {"long", "song", "piece"},
            ("max_minutes",),
            (LET_GO, UNKNOWN.format("music")),
        ),
        (
            {"kinds": ("film", "music"), "exclude_ids": ("song", "piece")},
            {"short"},
            ("kinds",),
            ("I found no music that would fit.",),
        ),
        ({"exclude_ids": ("song", "piece")}, {"short"}, (), ()),
        ({"exclude_ids": ("long", "short", "song", "piece")}, set(), (), ()),
    ],
)
def test_only_what_is_found_without_a_length_is_admitted(
    wishes: dict[str, object], ids: set[str], let_go: tuple[str, ...], notes: tuple[str, ...]
) -> None:
    got = found((*FILMS, *MUSIC), max_minutes=100, **wishes)
    assert {one.item.id for one in got.candidates} == ids
    assert (got.let_go, got.notes) == (let_go, notes)


def test_names_of_one_kind_are_said_once() -> None:
    got = found((item("a", "film"), item("b", "Movies")), max_minutes=100)
    assert got.notes == (UNKNOWN.format("films"),)


@pytest.mark.parametrize(
    ("kinds", "k", "let_go"),
    [(("film",), 1, ()), (("film",), 2, ("max_minutes",)), (("music",), 1, ("max_minutes",))],
)
def test_a_ranking_tells_it_of_what_is_in_it(
    kinds: tuple[str, ...], k: int, let_go: tuple[str, ...]
) -> None:
    state = UserState(constraints=Constraints(max_minutes=100, kinds=kinds))
    asked = mind_of((*FILMS, *MUSIC)).choose_many(state, Profile(user="u"), TurnOptions(), k=k)
    chosen, told, _ = asyncio.run(asked)
    assert (len(chosen), told) == (k, let_go)
