"""Shop sessions, and the question put to each item in them: will it be bought?

Three tables make a folder (JData's micro-behaviour has this form): `events.csv` (session_id,
user_id, item_id, event, time, split), `items.csv` (item_id, brand, cate, shop, years) and
`candidates.csv` (session_id, item_id, split, bought: one row for each item that a session viewed
before its first order). What is known of a session ends strictly before its first order; nothing
here hands on what came later, and other columns of `candidates.csv` are not read.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from simpatico.errors import DataError

FACETS: Final = ("brand", "cate", "shop")
KINDS: Final = ("view", "order", "follow", "comment")
VIEW, ORDER, FOLLOW, COMMENT = range(4)
UNKNOWN: Final = -1
MAX_PROBLEMS: Final = 20

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "events.csv": ("session_id", "user_id", "item_id", "event", "time", "split"),
    "items.csv": ("item_id", *FACETS, "years"),
    "candidates.csv": ("session_id", "item_id", "split", "bought"),
}
_PARTS: Final = ("train", "test")


@dataclass(frozen=True)
class Browsing:
    """Sessions with the rows to judge.

    Attributes:
        items: ids.
        facets: (n_items, 3) brand, category and shop: places in `names`, or `UNKNOWN`.
        names: of the brands, of the categories and of the shops.
        months: (n_items,) when it came to market, in months since year 0; nan where not known.
        sessions: ids.
        users: (n_sessions,) a number for each person.
        test: (n_sessions,) whether it is kept for measuring.
        first: (n_sessions + 1,) session s has the events from first[s] to first[s + 1].
        known: (n_sessions,) where what is known ends: the place of its first order, or its end.
        what, kinds: (n_events,) places in `items` and in `KINDS`, by session, then by time.
        times: (n_events,) seconds since 1970, in the shop's own time.
        session, item, bought: (n_rows,) of each row to judge, by session.
    """

    items: tuple[str, ...]
    facets: NDArray[np.int64]
    names: tuple[tuple[str, ...], ...]
    months: NDArray[np.float64]
    sessions: tuple[str, ...]
    users: NDArray[np.int64]
    test: NDArray[np.bool_]
    first: NDArray[np.int64]
    known: NDArray[np.int64]
    what: NDArray[np.int64]
    kinds: NDArray[np.int64]
    times: NDArray[np.float64]
    session: NDArray[np.int64]
    item: NDArray[np.int64]
    bought: NDArray[np.int64]

    @property
    def is_test(self) -> NDArray[np.bool_]:
        """(n_rows,) whether the row is of a session that is kept for measuring."""
        return np.asarray(self.test[self.session])

    @property
    def user(self) -> NDArray[np.int64]:
        """(n_rows,) whose row it is."""
        return np.asarray(self.users[self.session])

    @property
    def fingerprint(self) -> str:
        """A short hash of the rows, their labels and their part: equal tasks have equal hashes."""
        lines = (
            f"{self.sessions[s]} {self.items[i]} {y} {self.test[s]}"
            for s, i, y in zip(self.session, self.item, self.bought, strict=True)
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


class Did(NamedTuple):
    """One thing done in a session of one's own; see `with_session`.

    Attributes:
        item: an id; known ones keep their brand, category and shop.
        kind: of `KINDS`.
        seconds: since the session's start.
        category: of an item that is not known: a category of the data, or any name.
    """

    item: str
    kind: str
    seconds: float
    category: str = ""


_Table = Mapping[str, list[str]]
"""Columns by name."""


def read_browsing(folder: Path) -> Browsing:
    """Read and check a folder of sessions.

    Raises:
        DataError: a file or column is missing, or what is in them does not fit together;
            `.problems` lists the first of what is wrong.
    """
    events, items, rows = (_read(folder / name, _COLUMNS[name]) for name in _COLUMNS)
    problems = tuple(islice(_problems(events, items, rows), MAX_PROBLEMS))
    if problems:
        raise DataError(f"{folder} has sessions that cannot be used; {problems[0]}",
                        problems=problems)  # fmt: skip
    return _joined(events, items, rows, folder)


def _problems(events: _Table, items: _Table, rows: _Table) -> Iterable[str]:
    for name, table in (("events.csv", events), ("items.csv", items), ("candidates.csv", rows)):
        if not next(iter(table.values())):
            yield f"{name} has no rows"
    if len(set(items["item_id"])) != len(items["item_id"]):
        yield "items.csv names an item twice"
    yield from _strange("events.csv", "event", events["event"], KINDS)
    yield from _strange("events.csv", "split", events["split"], _PARTS)
    yield from _strange("candidates.csv", "bought", rows["bought"], ("0", "1"))
    yield from _strange("events.csv", "item_id", events["item_id"], items["item_id"])
    of: dict[str, tuple[str, str]] = {}
    for session, *who in zip(events["session_id"], events["user_id"], events["split"], strict=True):
        if of.setdefault(session, (who[0], who[1])) != tuple(who):
            yield f"session {session} has two people or two parts"
    seen: set[tuple[str, str]] = set()
    for session, item, part in zip(rows["session_id"], rows["item_id"], rows["split"], strict=True):
        if of.get(session, ("", ""))[1] != part:
            yield f"candidates.csv has session {session} as {part}, events.csv has not"
        if (session, item) in seen:
            yield f"candidates.csv has item {item} of session {session} twice"
        seen.add((session, item))


def _strange(file: str, column: str, found: Iterable[str], known: Iterable[str]) -> Iterable[str]:
    for value in sorted(set(found) - set(known)):
        yield f"{file} has {column} {value!r}, which is none that is known"


def _joined(events: _Table, items: _Table, rows: _Table, folder: Path) -> Browsing:
    place = {item: at for at, item in enumerate(items["item_id"])}
    sessions = tuple(dict.fromkeys(events["session_id"]))
    number = {session: at for at, session in enumerate(sessions)}
    whose = np.array([number[session] for session in events["session_id"]])
    times = _times(events["time"], folder)
    order = np.lexsort((times, whose))
    what = np.array([place[item] for item in events["item_id"]])[order]
    kinds = np.array([KINDS.index(event) for event in events["event"]])[order]
    times, whose = times[order], whose[order]
    first = np.searchsorted(whose, np.arange(len(sessions) + 1))
    users: dict[str, int] = {}
    user = np.zeros(len(sessions), dtype=np.int64)
    test = np.zeros(len(sessions), dtype=bool)
    for session, name, part in zip(
        events["session_id"], events["user_id"], events["split"], strict=True
    ):
        user[number[session]] = users.setdefault(name, len(users))
        test[number[session]] = part == "test"
    facets = [_numbered(items[name]) for name in FACETS]
    found = Browsing(
        items=tuple(items["item_id"]),
        facets=np.stack([numbers for numbers, _ in facets], axis=1),
        names=tuple(names for _, names in facets),
        months=np.array([_month(each) for each in items["years"]]),
        sessions=sessions,
        users=user,
        test=test,
        first=first,
        known=_known(first, kinds, times),
        what=what,
        kinds=kinds,
        times=times,
        session=np.array([number[each] for each in rows["session_id"]]),
        item=np.array([place.get(each, UNKNOWN) for each in rows["item_id"]]),
        bought=np.array([int(each) for each in rows["bought"]]),
    )
    ordered = np.lexsort((np.arange(len(found.item)), found.session))
    found = replace(
        found,
        session=found.session[ordered],
        item=found.item[ordered],
        bought=found.bought[ordered],
    )
    if problems := tuple(islice(_late(found), MAX_PROBLEMS)):
        raise DataError(f"{folder} has rows that cannot be judged; {problems[0]}",
                        problems=problems)  # fmt: skip
    return found


def _late(data: Browsing) -> Iterable[str]:
    """Rows whose item was not viewed before the first order, or whose label the events deny."""
    viewed, ordered = set(), set()
    for s in range(len(data.sessions)):
        for at in range(data.first[s], data.first[s + 1]):
            if data.kinds[at] == VIEW and at < data.known[s]:
                viewed.add((s, int(data.what[at])))
            if data.kinds[at] == ORDER:
                ordered.add((s, int(data.what[at])))
    for s, item, label in zip(data.session, data.item, data.bought, strict=True):
        pair = (int(s), int(item))
        name = data.items[item] if item != UNKNOWN else "that items.csv does not have"
        if pair not in viewed:
            yield f"session {data.sessions[s]}: item {name} was not viewed before the first order"
        elif (pair in ordered) != bool(label):
            yield f"session {data.sessions[s]}: bought of item {name} is {label}, events disagree"


def _known(
    first: NDArray[np.int64], kinds: NDArray[np.int64], times: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Where each session's knowledge ends: before everything of the second of its first order."""
    ends = first[1:].copy()
    for s in range(len(ends)):
        own = slice(first[s], first[s + 1])
        orders = np.flatnonzero(kinds[own] == ORDER)
        if len(orders):
            ends[s] = first[s] + np.searchsorted(times[own], times[own][orders[0]])
    return ends


def with_session(data: Browsing, did: Sequence[Did], *, start: float) -> Browsing:
    """The same data with one session more, a stranger's, as the last; its rows are the last too.

    Args:
        data: what is known.
        did: in order of time; every item viewed is a row, with a label of 0 that means nothing.
        start: seconds since 1970, in the shop's own time.

    Raises:
        DataError: fewer than two items are viewed, an order is among it, an event has a strange
            name, or times go back.
    """
    seconds = [each.seconds for each in did]
    viewed = list(dict.fromkeys(each.item for each in did if each.kind == "view"))
    strange = sorted({each.kind for each in did} - {"view", "follow", "comment"})
    if strange or len(viewed) < 2 or seconds != sorted(seconds):
        raise DataError(
            "wanted at least two items viewed, in order of time, with the events view, follow and"
            f" comment; got {len(viewed)} items" + (f", {', '.join(strange)}" if strange else "")
        )
    place = {item: at for at, item in enumerate(data.items)}
    categories = {name: at for at, name in enumerate(data.names[1])}
    new = [each for each in dict.fromkeys(each.item for each in did) if each not in place]
    category = {each.item: each.category for each in did if each.category}
    facets = np.full((len(new), len(FACETS)), UNKNOWN)
    for at, item in enumerate(new):
        if name := category.get(item, ""):
            facets[at, 1] = categories.setdefault(name, len(categories))
        place[item] = len(data.items) + at
    end = int(data.first[-1]) + len(did)
    session = len(data.sessions)
    return replace(
        data,
        items=(*data.items, *new),
        facets=np.concatenate([data.facets, facets]),
        names=(data.names[0], tuple(categories), data.names[2]),
        months=np.concatenate([data.months, np.full(len(new), np.nan)]),
        sessions=(*data.sessions, "yours"),
        users=np.append(data.users, data.users.max() + 1),
        test=np.append(data.test, True),
        first=np.append(data.first, end),
        known=np.append(data.known, end),
        what=np.append(data.what, [place[each.item] for each in did]),
        kinds=np.append(data.kinds, [KINDS.index(each.kind) for each in did]),
        times=np.append(data.times, start + np.array(seconds)),
        session=np.append(data.session, [session] * len(viewed)),
        item=np.append(data.item, [place[item] for item in viewed]),
        bought=np.append(data.bought, [0] * len(viewed)),
    )


def _numbered(texts: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """A number for each distinct name in the order of first occurrence, and the names."""
    known: dict[str, int] = {}
    numbers = [known.setdefault(text, len(known)) if text else UNKNOWN for text in texts]
    return np.array(numbers, dtype=np.int64), tuple(known)


def _month(text: str) -> float:
    """A market month as 201603; anything else is not known."""
    if len(text) == 6 and text.isdecimal() and 1 <= int(text[4:]) <= 12:
        return int(text[:4]) * 12.0 + int(text[4:]) - 1
    return float("nan")


def _times(texts: Sequence[str], folder: Path) -> NDArray[np.float64]:
    try:
        return np.array(texts, dtype="datetime64[s]").astype(np.float64)
    except ValueError as error:
        raise DataError(f"wanted times as 2018-03-01 00:00:06 in {folder}: {error}") from error


def _read(path: Path, columns: Sequence[str]) -> _Table:
    try:
        with pc.open_csv(path) as opened:
            names = opened.schema.names
        if missing := [name for name in columns if name not in names]:
            raise DataError(
                f"wanted columns {', '.join(missing)} in {path}, got {', '.join(names)}"
            )
        convert = pc.ConvertOptions(
            column_types={name: pa.string() for name in columns}, include_columns=list(columns)
        )
        table = pc.read_csv(path, convert_options=convert)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}") from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error
    return {name: table[name].to_pylist() for name in columns}
