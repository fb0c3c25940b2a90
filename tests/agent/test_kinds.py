"""Wishes across kinds: how they are read, found, shown in turns and put into words."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from simpatico.agent.build import build
from simpatico.agent.explain import about, acknowledge, compose
from simpatico.agent.llm import ScriptedLLM
from simpatico.agent.read.adapter_reader import AdapterReader
from simpatico.agent.read.llm_reader import LLMReader
from simpatico.agent.read.understand import Rules
from simpatico.agent.read.words import Vocabulary
from simpatico.agent.relax import relaxations
from simpatico.agent.service import Simpatico
from simpatico.agent.words import counted, pointed_at
from simpatico.calibration import Calibration
from simpatico.domain import (
    Completion,
    Constraints,
    Finished,
    Item,
    Recommendation,
    Reply,
    Turn,
    UserState,
)
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.packs.music import load_tables
from simpatico.retrieval.titles import TitleIndex
from simpatico.settings import load_settings

FILMS = Rules(TitleIndex([]), vocabulary=Vocabulary(kinds=("film",)), this_year=2024)
BOTH = Rules(TitleIndex([]), vocabulary=Vocabulary(kinds=("film", "music")), this_year=2024)
EVENING = "a film and music for a rainy evening"

# what is asked, and its kinds: where there are films and music, where there are only films
LINES: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    (EVENING, ("film", "music"), ("film", "music")),
    ("music and a film", ("music", "film"), ("music", "film")),
    ("something to watch and something to listen to", ("film", "music"), ("film", "music")),
    ("just music", ("music",), ("music",)),
    ("no films, a soundtrack", ("music",), ("music",)),
    ("no films", ("music",), ()),
    ("no films with kids", (), ()),
    ("no music, just a film", ("film",), ()),
    ("a movie", ("film",), ()),
    ("what should I watch tonight?", ("film",), ()),
    ("what can I listen to?", ("music",), ()),
    ("I'd like some calm music", ("music",), ("music",)),
    ("do you have any music?", ("music",), ("music",)),
    ("something epic to listen to while I cook", ("music",), ("music",)),
    ("music from the film Drive", ("music",), ("music",)),
    ("a comedy from the 80s and some calm music", ("film", "music"), ("film", "music")),
    ("a comedy podcast", ("podcast",), ("podcast",)),
    ("something to read", ("book",), ("book",)),
    # a part of what is wanted, or told of oneself, is no kind
    ("a film with great music", ("film",), ()),
    ("a film with great acting and music", ("film",), ()),
    ("a film about music", ("film",), ()),
    ("a music documentary", (), ()),
    ("a film based on a book", ("film",), ()),
    ("I love music", (), ()),
    ("music makes me happy", (), ()),
    ("I listened to some music and felt better", (), ()),
    ("rough week, I need something warm and funny, nothing with kids", (), ()),
]


@pytest.mark.parametrize(("text", "both", "films"), LINES, ids=[text for text, _, _ in LINES])
def test_a_line_asks_for_these_kinds(
    text: str, both: tuple[str, ...], films: tuple[str, ...]
) -> None:
    assert BOTH.understand(text).state.constraints.kinds == both
    assert FILMS.understand(text).state.constraints.kinds == films


def test_the_kinds_are_no_words_to_search_with() -> None:
    state = BOTH.understand(EVENING).state
    assert (state.query, state.intent) == ("rainy", "seek")
    assert BOTH.understand("a soundtrack for the drive home").state.query == "drive home"


def test_a_kind_that_is_not_there_is_forgotten_after_its_turn_and_others_stand() -> None:
    first = FILMS.understand("a book and a film").state
    assert FILMS.understand("older than 1990", previous=first).state.constraints.kinds == ()
    first = BOTH.understand("a book and some music").state
    assert BOTH.understand("something calm", previous=first).state.constraints.kinds == ("music",)
    first = BOTH.understand("just music").state
    assert BOTH.understand("and a film", previous=first).state.constraints.kinds == (
        "film",
        "music",
    )


@pytest.mark.parametrize(
    "reader",
    [
        LLMReader(ScriptedLLM(["b K A"]), BOTH),
        AdapterReader(
            ScriptedLLM([Completion(text=" neutral any chat | | | |", finish_reason="stop")]),
            BOTH,
            Calibration(),
        ),
    ],
    ids=["llm", "lora"],
)
def test_what_the_rules_find_holds_with_a_language_model(
    reader: LLMReader | AdapterReader,
) -> None:
    state = asyncio.run(reader.read([Turn(role="user", text=EVENING)]))
    assert state.constraints.kinds == ("film", "music")


def items(*kinds: str) -> list[Item]:
    return [
        Item(id=f"{kind}{place}", kind=kind, title=f"{kind} {place}")
        for place, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("kinds", "said", "pointed"),
    [
        (["film"], "one film", "this one"),
        (["film"] * 4, "four films", "these four films"),
        (["music"], "one piece of music", "this one"),
        (["music"] * 4, "four pieces of music", "these four pieces of music"),
        (
            ["film", "music", "film", "music"],
            "two films and two pieces of music",
            "these two films and these two pieces of music",
        ),
        (
            ["music", "film", "music"],
            "two pieces of music and a film",
            "these two pieces of music and this film",
        ),
        (["film", "@rt"], "two picks", "these two picks"),
        (["film", "music", "book", "game"], "four picks", "these four picks"),
    ],
)
def test_kinds_are_counted_each_in_its_own_words(kinds: list[str], said: str, pointed: str) -> None:
    assert counted(items(*kinds)) == said
    assert pointed_at(items(*kinds)) == pointed


def test_a_piece_of_music_is_described_and_known_as_one() -> None:
    tables = load_tables()
    track = next(track for track in tables.tracks if "Orchestral" in track.genres)
    item = tables.track_item(track, picture=None)
    assert "is a piece of orchestral game music from 2" in about(item)
    noted = acknowledge(UserState(), [item], stance="seen")
    assert "seen" not in noted and item.title in noted
    assert "seen" in acknowledge(UserState(), items("film"), stance="seen")


def test_what_was_let_go_of_for_one_kind_is_said_of_it_alone() -> None:
    asked = Constraints(kinds=("music",), genres=("Comedy",), year_from=1980, year_to=1989)
    weaker = list(relaxations(asked, of="music"))
    assert {constraints.kinds for constraints, _ in weaker} == {("music",)}
    assert weaker[0][1] == "No music fits everything at once, so there I let go of the years."
    assert weaker[-1][0] == Constraints(kinds=("music",))


def test_kinds_alone_are_not_read_back_after_the_offer_names_them() -> None:
    shown = [Recommendation(item=item, p_accept=0.5) for item in items("film", "music")]
    for seed in range(8):
        text = compose(
            UserState(constraints=Constraints(kinds=("film", "music"))), shown, seed=str(seed)
        )
        first = text.split("\n")[0]
        assert "film" in first and "piece of music" in first and "only" not in first
        asked = Constraints(kinds=("film", "music"), year_from=1990)
        text = compose(UserState(constraints=asked), shown, seed=str(seed))
        assert "films and music from 1990 onwards" in text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the best known films and real music, as `catalog add music` would add it."""
    try:
        ModelStore(load_settings().cache).path("minilm")
    except ModelError as error:
        pytest.skip(f"needs the encoder's weights: {error}")
    home = tmp_path_factory.mktemp("home")
    films = sorted(load_pack("movies").items, key=lambda item: -item.popularity)[:400]
    Catalogs(home, packs={}).upsert("movies", films)
    tables = load_tables()
    Catalogs(home).upsert(
        "music",
        [
            *(tables.track_item(track, picture=None) for track in tables.tracks[::5]),
            *map(tables.mood_item, tables.moods),
        ],
    )
    return home


Run = tuple[asyncio.Runner, Simpatico]


@pytest.fixture(scope="module")
def runner(home: Path) -> Iterator[Run]:
    """A service on films and music."""
    settings = load_settings(home=home, llm={"enabled": False}, catalog="movies, music")
    with asyncio.Runner() as runner:
        service = runner.run(build(settings, progress=lambda label, done, total: None))
        yield runner, service
        runner.run(service.aclose())


def said(run: Run, *texts: str) -> Reply:
    """The reply to the last of some messages of somebody new."""
    runner, service = run
    user, session = uuid4().hex, uuid4().hex

    async def work() -> Reply:
        reply = None
        for text in texts:
            async for update in service.turn(text, user=user, session=session):
                if isinstance(update, Finished):
                    reply = update.reply
        assert reply is not None
        return reply

    return runner.run(work())


def kinds_of(reply: Reply) -> list[str]:
    return [one.item.kind for one in reply.recommendations]


@pytest.mark.model
def test_a_film_and_music_for_a_rainy_evening(runner: Run) -> None:
    reply = said(runner, EVENING)
    assert kinds_of(reply) == ["film", "music", "film", "music"]
    assert "two pieces of music" in reply.text.split("\n")[0]
    assert not reply.degraded and "let go" not in reply.text
    assert all(one.item.tone == () for one in reply.recommendations[1::2] if one.item.year)


@pytest.mark.model
def test_what_was_liked_of_one_kind_says_nothing_of_another(runner: Run) -> None:
    reply = said(runner, "I loved Titanic (1997). A film like it, and some music")
    assert Counter(kinds_of(reply)) == {"film": 2, "music": 2}
    for one in reply.recommendations:
        parts = {part.name for part in one.parts}
        spoken = " ".join(reason.text for reason in one.reasons)
        assert ("liked" in parts) == (one.item.kind == "film")
        assert one.item.kind == "film" or "Titanic" not in spoken


@pytest.mark.model
def test_the_kinds_hold_in_the_next_turn_and_each_keeps_its_wishes(runner: Run) -> None:
    reply = said(runner, EVENING, "older than 1990")
    assert Counter(kinds_of(reply)) == {"film": 2, "music": 2}
    films = [one.item for one in reply.recommendations if one.item.kind == "film"]
    assert all(item.year is not None and item.year < 1990 for item in films)
    assert "No music fits everything at once, so there I let go of the years." in reply.text


@pytest.mark.model
def test_a_length_that_films_do_not_tell_is_admitted_and_not_claimed(runner: Run) -> None:
    reply = said(runner, "a funny film from the 90s, nothing too long")
    assert set(kinds_of(reply)) == {"film"}
    assert not any(dict(one.item.extra).get("minutes") for one in reply.recommendations)
    assert "the lengths of most films here, so I could not keep to 120 minutes." in reply.text
    assert "1990s" in reply.text.split("\n")[0] and "minutes long" not in reply.text
    reply = said(runner, "music, at most 10 minutes long")
    assert all(float(dict(one.item.extra)["minutes"]) <= 10 for one in reply.recommendations)
    assert "minutes long" in reply.text and "could not" not in reply.text


@pytest.mark.model
@pytest.mark.parametrize("text", ["just music", "no films, a soundtrack", "no films"])
def test_one_kind_alone_is_nothing_else(runner: Run, text: str) -> None:
    reply = said(runner, text)
    assert set(kinds_of(reply)) == {"music"}
    assert "four pieces of music" in reply.text


@pytest.mark.model
def test_a_kind_that_is_not_there_is_said_to_be_missing(runner: Run) -> None:
    reply = said(runner, "a book and a film for the weekend")
    assert "I have no books here, only films and music." in reply.text
    assert set(kinds_of(reply)) == {"film"}


@pytest.mark.model
def test_what_is_asked_for_by_its_feel_may_be_of_any_kind(runner: Run) -> None:
    reply = said(runner, "something calm")
    assert set(kinds_of(reply)) <= {"film", "music"} and len(reply.recommendations) == 4
    shares = [one.p_accept for one in reply.recommendations]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.model
def test_films_alone_say_that_there_is_no_music(home: Path) -> None:
    settings = load_settings(home=home, llm={"enabled": False})

    async def work() -> Reply:
        service = await build(settings, progress=lambda label, done, total: None)
        try:
            found = [
                update.reply
                async for update in service.turn(EVENING, user="u", session="s")
                if isinstance(update, Finished)
            ]
            ranking = await service.recommend([Turn(role="user", text="just music")], k=3)
            assert [one.item.kind for one in ranking.recommendations] == ["film"] * 3
            return found[0]
        finally:
            await service.aclose()

    reply = asyncio.run(work())
    assert set(kinds_of(reply)) == {"film"}
    assert "I have no music here, only films." in reply.text
