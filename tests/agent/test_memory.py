import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from simpatico.agent.database import microseconds, time_of
from simpatico.agent.eventlog import SqliteLog
from simpatico.agent.memory import SqliteMemory
from simpatico.agent.volatile import VolatileLog, VolatileMemory
from simpatico.domain import Choice, Consent, Event, EventKind, Impression, Profile, Turn
from simpatico.errors import DataError, NotAllowed, StoreError
from simpatico.protocols import EventLog, Memory

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def event(
    event_id: str,
    item: str = "up",
    kind: EventKind = "like",
    *,
    value: float | None = None,
    user: str = "ann",
    minute: int = 0,
) -> Event:
    at = NOON + timedelta(minutes=minute)
    return Event(id=event_id, at=at, user=user, session="s", item_id=item, kind=kind, value=value)


def shown(list_id: str, *items: str, user: str = "ann") -> Impression:
    positions = tuple(range(1, len(items) + 1))
    return Impression(
        list_id=list_id,
        at=NOON,
        user=user,
        session="s",
        items=items,
        positions=positions,
        policy="linear",
    )


@pytest.fixture(params=["sqlite", "volatile"])
def events(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    log: EventLog = SqliteLog(tmp_path / "e.db") if request.param == "sqlite" else VolatileLog()
    yield log
    log.close()


@pytest.fixture(params=["sqlite", "volatile"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    kept: Memory = (
        SqliteMemory(tmp_path / "m.db") if request.param == "sqlite" else VolatileMemory()
    )
    yield kept
    kept.close()


# The contract of EventLog.


def test_an_event_comes_back_as_it_went_in(events: EventLog) -> None:
    late = timezone(timedelta(hours=8))
    one = Event(
        id="1",
        at=datetime(2024, 5, 1, 20, 0, 0, 123456, tzinfo=late),
        user="ann",
        session="s",
        list_id="l",
        item_id="amélie 🎬",
        kind="rate",
        value=4.5,
    )
    assert events.append(one)
    assert events.events("ann") == [one]


@pytest.mark.parametrize("at", [datetime.min, datetime.max])
def test_an_event_of_any_year_comes_back(events: EventLog, at: datetime) -> None:
    one = Event(id="1", at=at.replace(tzinfo=UTC), user="ann", item_id="up", kind="like")
    assert events.append(one)
    assert events.events("ann") == [one]


def test_the_same_event_twice_counts_once(events: EventLog) -> None:
    same = event("1")
    assert [events.append(same), events.append(same)] == [True, False]
    assert events.profile("ann").n_events == 1


def test_a_known_id_with_other_content_is_refused_and_logged(
    events: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    assert events.append(event("1", "up"))
    with caplog.at_level(logging.WARNING):
        assert not events.append(event("1", "heat"))
    assert events.events("ann") == [event("1", "up")]
    assert "different" in caplog.text


def test_events_come_oldest_first_and_only_ones_own(events: EventLog) -> None:
    for one in (
        event("b", minute=2),
        event("a", minute=1),
        event("x", user="bob"),
        event("c", minute=2),
    ):
        events.append(one)
    assert [one.id for one in events.events("ann")] == ["a", "b", "c"]


def test_an_unknown_person_has_an_empty_profile(events: EventLog) -> None:
    assert events.profile("nobody") == Profile(user="nobody")


def test_a_profile_sums_up_what_was_done(events: EventLog) -> None:
    for n, (item, kind, value) in enumerate(
        [
            ("liked", "like", None),
            ("taken", "accept", None),
            ("bought", "buy", None),
            ("five", "rate", 5),
            ("three", "rate", 3),
            ("one", "rate", 1),
            ("no", "dislike", None),
            ("kept", "save", None),
            ("old", "seen", None),
            ("opened", "click", None),
            ("passed", "skip", None),
        ]
    ):
        events.append(event(str(n), item, kind, value=value, minute=n))  # type: ignore[arg-type]
    assert events.profile("ann") == Profile(
        user="ann",
        liked=("liked", "taken", "bought", "five"),
        disliked=("one", "no"),
        seen=("five", "three", "one", "old"),
        saved=("kept",),
        n_events=11,
    )


def test_the_latest_word_on_an_item_wins(events: EventLog) -> None:
    steps: list[tuple[EventKind, float | None]] = [("like", None), ("dislike", None), ("rate", 5)]
    found = []
    for n, (kind, value) in enumerate(steps):
        events.append(event(str(n), "up", kind, value=value, minute=n))
        profile = events.profile("ann")
        found.append((profile.liked, profile.disliked))
    assert found == [(("up",), ()), ((), ("up",)), (("up",), ())]


def test_three_stars_take_a_like_back(events: EventLog) -> None:
    events.append(event("1", minute=1))
    events.append(event("2", kind="rate", value=3, minute=2))
    assert (events.profile("ann").liked, events.profile("ann").disliked) == ((), ())


def test_disliking_a_saved_item_takes_it_off_the_list(events: EventLog) -> None:
    events.append(event("1", kind="save", minute=1))
    events.append(event("2", kind="dislike", minute=2))
    assert events.profile("ann").saved == ()


@pytest.mark.parametrize("value", [None, 0, 0.5, 5.5, -1, 1e300])
def test_stars_outside_one_to_five_are_refused(events: EventLog, value: float | None) -> None:
    with pytest.raises(DataError, match="1 to 5 stars"):
        events.append(event("1", kind="rate", value=value))
    assert events.events("ann") == []


def test_only_ratings_have_a_value(events: EventLog) -> None:
    with pytest.raises(DataError, match="only a rating"):
        events.append(event("1", kind="like", value=5))


def test_shown_items_are_distinct_and_the_newest_last(events: EventLog) -> None:
    events.impress(shown("1", "a", "b"))
    events.impress(shown("2", "c", "a"))
    events.impress(shown("2", "z"))  # the same list again
    events.impress(shown("3", "y", user="bob"))
    assert events.profile("ann").shown == ("b", "c", "a")


def test_only_the_latest_200_shown_items_are_held(events: EventLog) -> None:
    for n in range(60):
        events.impress(shown(str(n), *(f"{n}-{i}" for i in range(4))))
    kept = events.profile("ann").shown
    assert (len(kept), kept[0], kept[-1]) == (200, "10-0", "59-3")


def test_a_shown_list_must_be_whole(events: EventLog) -> None:
    good = shown("1", "a", "b")
    for wrong in ({"list_id": ""}, {"positions": (1,)}, {"positions": (0, 1)}):
        with pytest.raises(DataError):
            events.impress(Impression(**{**good.model_dump(), **wrong}))


def explored(list_id: str, *, minute: int = 0, user: str = "ann") -> Impression:
    """A list of two whose second was one of three that could have stood there."""
    return shown(list_id, "a", "b", user=user).model_copy(
        update={
            "at": NOON + timedelta(minutes=minute),
            "propensities": (1.0, 0.9),
            "scores": (1.5, -0.25),
            "choices": (
                Choice(item_id="b", propensity=0.9, p_accept=0.7),
                Choice(item_id="c", propensity=0.05, p_accept=0.6),
                Choice(item_id="é 🎬", propensity=0.05),
            ),
        }
    )


def test_shown_lists_come_back_as_they_went_in_oldest_first_and_only_ones_own(
    events: EventLog,
) -> None:
    late, early, plain = explored("late", minute=2), explored("early", minute=1), shown("p", "z")
    for one in (late, early, explored("other", user="bob"), plain, late):
        events.impress(one)
    assert events.impressions("ann") == [plain, early, late]
    assert events.impressions("nobody") == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"propensities": (1.0,)}, "2 items has 1 propensities"),
        ({"scores": (0.5,)}, "2 items has 1 scores"),
        ({"propensities": ()}, "no propensities"),
        ({"propensities": (1.0, 0.5)}, "not among its choices"),
        ({"items": ("a", "z")}, "not among its choices"),
        ({"choices": (Choice(item_id="b", propensity=0.9),)}, r"add up to 0\.9"),
        ({"choices": (Choice(item_id="b", propensity=0.5),) * 2}, "twice"),
    ],
)
def test_chances_must_fit_the_list(events: EventLog, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        events.impress(explored("1").model_copy(update=wrong))
    assert events.impressions("ann") == []


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.1])
def test_a_propensity_is_above_0_and_at_most_1(chance: float) -> None:
    with pytest.raises(ValueError, match="propensities"):
        Impression(**{**shown("1", "a").model_dump(), "propensities": (chance,)})


def test_text_that_looks_like_sql_is_only_text(events: EventLog, memory: Memory) -> None:
    nasty = "x'; DROP TABLE events; --"
    events.append(event("1", nasty, user=nasty))
    memory.claim(nasty, nasty)
    memory.append(nasty, Turn(role="user", text=nasty))
    assert events.profile(nasty).liked == (nasty,)
    assert memory.turns(nasty) == [Turn(role="user", text=nasty)]
    assert events.events("' OR 1=1 --") == [] == memory.turns("' OR 1=1 --")


def test_many_threads_lose_nothing(events: EventLog) -> None:
    def write(n: int) -> bool:
        events.profile("ann")
        return events.append(event(str(n % 60), f"item{n % 60}"))

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(write, range(120)))
    assert sum(new) == 60
    assert events.profile("ann").n_events == 60


def test_events_are_taken_back_by_id_and_only_ones_own(events: EventLog) -> None:
    for one in (event("a"), event("b", "heat"), event("c", user="bob")):
        events.append(one)
    events.withdraw("ann", ["a", "c", "unknown"])
    assert events.profile("ann").liked == ("heat",)
    assert events.profile("bob").liked == ("up",)
    assert events.append(event("a"))


def test_a_closed_log_says_so(events: EventLog) -> None:
    events.close()
    events.close()
    with pytest.raises(StoreError, match="closed"):
        events.append(event("1"))
    with pytest.raises(StoreError, match="closed"):
        events.events("ann")
    with pytest.raises(StoreError, match="closed"):
        events.impressions("ann")


def test_everybody_with_an_event_or_a_shown_list_is_known_by_name(events: EventLog) -> None:
    assert events.users() == []
    for number, user in enumerate(("bob", "ann", "bob")):
        events.append(Event(id=str(number), at=NOON, user=user, item_id=f"i{number}", kind="like"))
    events.impress(shown("1", "a", user="cleo"))  # who did nothing with it
    events.impress(shown("2", "a", user="ann"))
    assert events.users() == ["ann", "bob", "cleo"]


# The contract of Memory.


def test_turns_come_back_in_order(memory: Memory) -> None:
    memory.claim("s", "ann")
    said = [Turn(role="user", text="hello 你好\n\x00"), Turn(role="assistant", text="")]
    for turn in said:
        memory.append("s", turn)
    assert memory.turns("s") == said
    assert memory.turns("other") == []


def test_a_session_is_cut_to_its_first_turns(memory: Memory) -> None:
    for session in ("s", "t"):
        memory.claim(session, "ann")
        for text in ("one", "two", "three"):
            memory.append(session, Turn(role="user", text=text))
    memory.cut("s", 1)
    memory.cut("unknown", 0)
    assert [turn.text for turn in memory.turns("s")] == ["one"]
    assert len(memory.turns("t")) == 3


def test_a_session_stays_with_who_began_it(memory: Memory) -> None:
    memory.claim("s", "ann")
    memory.claim("s", "ann")
    with pytest.raises(NotAllowed) as refused:
        memory.claim("s", "bob")
    assert "ann" not in str(refused.value)
    assert memory.sessions("bob") == []


def test_sessions_come_latest_used_first(memory: Memory) -> None:
    for session in ("a", "b", "c"):
        memory.claim(session, "ann")
    memory.append("a", Turn(role="user", text="again"))
    memory.claim("b", "ann")
    assert memory.sessions("ann") == ["b", "a", "c"]


def test_a_turn_needs_a_claimed_session(memory: Memory) -> None:
    with pytest.raises(ValueError, match="claimed"):
        memory.append("s", Turn(role="user", text="hi"))


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b", "a\nb", "\ud800"])
def test_odd_names_are_refused(memory: Memory, name: str) -> None:
    for session, user in ((name, "ann"), ("s", name)):
        with pytest.raises(DataError):
            memory.claim(session, user)


def test_a_closed_memory_says_so(memory: Memory) -> None:
    memory.close()
    memory.close()
    with pytest.raises(StoreError, match="closed"):
        memory.claim("s", "ann")
    with pytest.raises(StoreError, match="closed"):
        memory.turns("s")


def test_sessions_are_listed_with_what_they_are_about(memory: Memory) -> None:
    before = datetime.now(UTC)
    for session, user in (("old", "ann"), ("new", "ann"), ("empty", "ann"), ("other", "bob")):
        memory.claim(session, user)
    memory.append("old", Turn(role="user", text="first words"))
    memory.append("old", Turn(role="assistant", text="an answer", list_id="old:1"))
    memory.append("new", Turn(role="assistant", text="nobody asked"))
    memory.append("other", Turn(role="user", text="not hers"))
    memory.rename("old", "A rainy evening")
    memory.rename("unknown", "nothing")
    new, old = memory.headings("ann")
    assert (old.session, old.title, old.opening, old.n_turns) == (
        "old",
        "A rainy evening",
        "first words",
        2,
    )
    assert (new.session, new.title, new.opening, new.n_turns) == ("new", "", "", 1)
    assert before <= old.at <= datetime.now(UTC)
    assert memory.turns("old")[1].list_id == "old:1"
    memory.rename("old", "")
    assert memory.headings("ann")[1].title == ""


def test_one_session_is_forgotten_and_may_be_begun_by_anybody(memory: Memory) -> None:
    for session in ("s", "t"):
        memory.claim(session, "ann")
        memory.append(session, Turn(role="user", text=f"words of {session}"))
        memory.rename(session, f"title of {session}")
    assert memory.forget("s")
    assert not memory.forget("s")
    assert [one.session for one in memory.headings("ann")] == ["t"]
    memory.claim("s", "bob")
    memory.append("s", Turn(role="user", text="hi"))
    assert memory.headings("bob")[0].title == ""
    assert memory.turns("s") == [Turn(role="user", text="hi")]


def test_of_many_who_claim_at_once_one_wins(tmp_path: Path) -> None:
    doors = [SqliteMemory(tmp_path / "m.db") for _ in range(4)]  # as separate processes would
    barrier = threading.Barrier(8)

    def claim(n: int) -> bool:
        barrier.wait()
        try:
            doors[n % 4].claim("s", f"user{n}")
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(claim, range(8)))
    assert sum(won) == 1
    assert doors[0].sessions(f"user{won.index(True)}") == ["s"]
    for door in doors:
        door.close()


# SQLite itself.


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "one.db"
    log, memory = SqliteLog(path), SqliteMemory(path)  # one file for both
    log.append(event("1"))
    memory.claim("s", "ann")
    memory.append("s", Turn(role="user", text="hi"))
    log.close()
    memory.close()
    log, memory = SqliteLog(path), SqliteMemory(path)
    assert log.events("ann") == [event("1")]
    assert memory.turns("s") == [Turn(role="user", text="hi")]
    log.close()
    memory.close()


def test_what_a_person_decided_is_theirs_and_goes_with_them(memory: Memory) -> None:
    assert memory.consent("ann") == Consent()
    memory.decide("ann", Consent(personal=False))
    memory.decide("bob", Consent(keep_moods=True))
    memory.decide("ann", Consent(keep_moods=False, read_moods=False))
    assert memory.consent("ann") == Consent(personal=True, keep_moods=False, read_moods=False)
    assert memory.erase("ann") == 0  # sessions
    assert memory.consent("ann") == Consent()
    assert memory.consent("bob") == Consent(keep_moods=True)


def test_sessions_from_before_titles_keep_their_turns_and_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    SqliteMemory(path).close()
    before = datetime.now(UTC) - timedelta(seconds=1)
    with closing(sqlite3.connect(path)) as file:  # as version 1 made it
        file.execute("DROP TABLE titles")
        file.execute("DROP TABLE consents")
        file.execute("ALTER TABLE sessions DROP COLUMN used_us")
        file.execute("ALTER TABLE turns DROP COLUMN list_id")
        file.execute("UPDATE schema SET version = 1 WHERE part = 'sessions'")
        file.execute("INSERT INTO sessions VALUES ('s', 'ann', 1)")
        file.execute("INSERT INTO turns (session, role, text) VALUES ('s', 'user', 'hello')")
        file.commit()
    memory = SqliteMemory(path)
    [heading] = memory.headings("ann")
    assert (heading.title, heading.opening, heading.n_turns) == ("", "hello", 1)
    assert heading.at >= before
    memory.close()


def test_a_file_from_before_propensities_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    log = SqliteLog(path)
    log.append(event("1"))
    log.impress(shown("old", "a", "b"))
    log.close()
    with sqlite3.connect(path) as connection:  # as version 1 made it
        connection.execute("ALTER TABLE impressions DROP COLUMN propensities")
        connection.execute("ALTER TABLE impressions DROP COLUMN choices")
        connection.execute("ALTER TABLE impressions DROP COLUMN scores")
        connection.execute("UPDATE schema SET version = 1 WHERE part = 'events'")
    connection.close()
    log = SqliteLog(path)
    log.impress(explored("new", minute=1))
    assert log.events("ann") == [event("1")]
    assert log.impressions("ann") == [shown("old", "a", "b"), explored("new", minute=1)]
    log.close()


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "e.db")
    log.append(event("1"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    log.close()
    assert set(modes.values()) == {0o600}, modes


def test_a_file_from_a_newer_simpatico_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    SqliteLog(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schema SET version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        SqliteLog(path)


@pytest.mark.parametrize("opened", [SqliteLog, SqliteMemory])
def test_garbage_is_named_as_damage(tmp_path: Path, opened: Callable[[Path], object]) -> None:
    path = tmp_path / "e.db"
    path.write_bytes(b"this is no database " * 500)
    with pytest.raises(StoreError, match="damaged"):
        opened(path)


def test_a_file_damaged_in_the_middle_is_named_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    log = SqliteLog(path)
    for n in range(300):
        log.append(event(str(n), "x" * 100))
    log.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(StoreError, match="damaged"):
        log = SqliteLog(path)
        try:
            log.profile("ann")
        finally:
            log.close()


def test_a_full_disk_is_an_error_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "e.db", max_pages=20)
    kept = []
    with pytest.raises(StoreError, match="disk is full"):
        for n in range(10_000):
            log.append(event(str(n), "x" * 200, minute=n))
            kept.append(str(n))
    assert kept
    assert [one.id for one in log.events("ann")] == kept
    with pytest.raises(StoreError, match="disk is full"):
        for n in range(100):
            log.impress(shown(str(n), "y" * 200))
    log.close()


def test_a_full_disk_is_an_error_for_turns_too(tmp_path: Path) -> None:
    memory = SqliteMemory(tmp_path / "m.db", max_pages=20)
    memory.claim("s", "ann")
    memory.append("s", Turn(role="user", text="kept"))
    with pytest.raises(StoreError, match="disk is full"):
        memory.append("s", Turn(role="user", text="x" * 1_000_000))
    assert memory.turns("s") == [Turn(role="user", text="kept")]
    memory.close()


def test_a_file_somebody_else_holds_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    log = SqliteLog(path)
    log._db._connection.execute("PRAGMA busy_timeout=50")  # not to wait for 5 s
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process"):
        log.append(event("1"))
    other.execute("ROLLBACK")
    other.close()
    assert log.append(event("1"))
    log.close()


def test_a_file_that_was_removed_takes_no_more_events(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "e.db")
    (tmp_path / "e.db").unlink()
    with pytest.raises(StoreError, match="removed or replaced"):
        log.append(event("1"))
    log.close()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot open"):
        SqliteLog(tmp_path / "file" / "e.db")


WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from simpatico.agent.eventlog import SqliteLog
from simpatico.domain import Event
log = SqliteLog(Path(sys.argv[1]))
for n in range(100_000):
    log.append(Event(id=str(n), at=datetime.now(UTC), user="ann", item_id="up", kind="click"))
    print(n, flush=True)
"""


def test_nothing_acknowledged_is_lost_on_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    for n_before_kill in (1, 57, 200):
        path.unlink(missing_ok=True)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            acknowledged = [writer.stdout.readline().strip() for _ in range(n_before_kill)]
            os.kill(writer.pid, signal.SIGKILL)
            acknowledged += writer.stdout.read().split()
        assert writer.returncode == -signal.SIGKILL
        log = SqliteLog(path)
        kept = {one.id for one in log.events("ann")}
        assert len(acknowledged) >= n_before_kill
        assert set(acknowledged) <= kept
        assert len(kept) <= len(acknowledged) + 1  # at most the one in flight
        log.close()
        for leftover in tmp_path.iterdir():
            leftover.unlink()


def test_a_time_that_no_calendar_tells_reads_as_the_first_or_the_last() -> None:
    first, last = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert time_of(microseconds(first) - 50_400_000_000) == first
    assert time_of(microseconds(last) + 1) == last
    assert time_of(microseconds(last)) == last
