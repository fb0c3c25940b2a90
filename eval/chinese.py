"""How well Chinese is read, and whether it finds what the same words find in English.

    python -m simpatico.eval.chinese --split dev|test

The lines and queries (`chinese_lines.tsv`, `chinese_queries.tsv`) are our own, written by hand; the
split "dev" was looked at while the reader was made, "test" was not.
"""

import argparse
import asyncio
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import NamedTuple

from simpatico.agent.explain import felt
from simpatico.agent.phrases import MOOD_GROUPS
from simpatico.agent.service import Simpatico
from simpatico.domain import Constraints, Turn
from simpatico.errors import DataError

K = 5
"""How many of a list count."""


class Line(NamedTuple):
    """A message and what a person would read in it; wishes are genres, tones and years."""

    group: str
    need: str
    intent: str
    wants: frozenset[str]
    avoids: frozenset[str]
    text: str


class Reading(NamedTuple):
    """Figures over n lines: macro-F1 of three labels, and F1 of the wishes over all lines."""

    n: int
    group_f1: float
    need_f1: float
    intent_f1: float
    wish_f1: float
    wrong: tuple[str, ...]


class Finding(NamedTuple):
    """Figures over n queries: share of the first five of the wanted genre; and of common titles."""

    n: int
    chinese: float
    english: float
    overlap: float


def lines(split: str) -> tuple[Line, ...]:
    """The lines of a split.

    Raises:
        DataError: there is no such split.
    """
    found = tuple(
        Line(
            group=row["group"],
            need=row["need"],
            intent=row["intent"],
            wants=_names(row["wants"]),
            avoids=_names(row["avoids"]),
            text=row["text"],
        )
        for row in _rows("chinese_lines.tsv")
        if row["split"] == split
    )
    if not found:
        raise DataError(f"wanted the split dev or test, got {split!r}")
    return found


async def reading(service: Simpatico, given: Sequence[Line]) -> Reading:
    """Read each line by itself, follow-ups after a list that was shown, and compare."""
    pairs: dict[str, list[tuple[str, str]]] = {"group": [], "need": [], "intent": []}
    hit = found = meant = 0
    wrong = []
    shown = "\n".join(f"- **{item.label}**: ..." for item in service.catalog.items[:3])
    before = [Turn(role="user", text="推荐一部电影"), Turn(role="assistant", text=shown)]
    for line in given:
        follows = line.intent not in ("seek", "smalltalk", "goodbye")
        turns = [*before, Turn(role="user", text=line.text)] if follows else [_said(line.text)]
        state = (await service.recommend(turns, k=0)).state
        group = MOOD_GROUPS.get(felt(state.mood), "none")
        pairs["group"].append((line.group, group))
        pairs["need"].append((line.need, state.need))
        pairs["intent"].append((line.intent, state.intent))
        wants, avoids = _wishes(state.constraints)
        hit += len(line.wants & wants) + len(line.avoids & avoids)
        found += len(wants) + len(avoids)
        meant += len(line.wants) + len(line.avoids)
        got = (group, state.need, state.intent)
        kept = line.wants <= wants and line.avoids <= avoids
        if got != (line.group, line.need, line.intent) or not kept:
            wrong.append(f"{line.text}: {got} {sorted(wants)} -{sorted(avoids)}")
    return Reading(
        n=len(given),
        group_f1=macro_f1(pairs["group"]),
        need_f1=macro_f1(pairs["need"]),
        intent_f1=macro_f1(pairs["intent"]),
        wish_f1=2 * hit / max(1, found + meant),
        wrong=tuple(wrong),
    )


async def finding(service: Simpatico) -> Finding:
    """Ask for the same in both languages, and look at the genres of the first five."""
    rows = list(_rows("chinese_queries.tsv"))
    shares = {"chinese": 0.0, "english": 0.0}
    common = 0.0
    for row in rows:
        lists = {}
        for language in shares:
            ranking = await service.recommend([_said(row[language])], k=K)
            lists[language] = [one.item for one in ranking.recommendations]
            shares[language] += sum(row["genre"] in one.genres for one in lists[language]) / K
        ids = {language: {one.id for one in items} for language, items in lists.items()}
        common += len(ids["chinese"] & ids["english"]) / K
    n = len(rows)
    return Finding(n, shares["chinese"] / n, shares["english"] / n, common / n)


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """The mean F1 of the labels that occur among the meant ones; pairs are (meant, got)."""
    meant, got = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    right = Counter(a for a, b in pairs if a == b)
    return sum(2 * right[label] / (meant[label] + got[label]) for label in meant) / len(meant)


def _wishes(wants: Constraints) -> tuple[set[str], set[str]]:
    first, last = wants.year_from, wants.year_to
    years = set()
    if first is not None and last is not None:
        years = {f"{first}s"}
    elif last is not None:
        years = {f"before {last + 1}"}
    avoided = {*wants.not_genres, *wants.not_tones}
    avoided |= {"long"} if wants.max_minutes is not None else set()
    return {*wants.genres, *wants.tones, *years}, avoided


def _names(field: str) -> frozenset[str]:
    return frozenset(name for name in field.split(";") if name)


def _rows(name: str) -> Iterator[dict[str, str]]:
    file = resources.files("simpatico.eval").joinpath(name)
    yield from csv.DictReader(file.read_text("utf-8").splitlines(), delimiter="\t")


async def _measured(split: str) -> tuple[Reading, Finding]:
    from simpatico.agent.build import build
    from simpatico.settings import load_settings

    service = await build(load_settings(llm={"enabled": False}), progress=lambda *_: None)
    try:
        return await reading(service, lines(split)), await finding(service)
    finally:
        await service.aclose()


def _said(text: str) -> Turn:
    return Turn(role="user", text=text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How well Chinese is read.")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--wrong", action="store_true", help="show the lines read otherwise")
    given = parser.parse_args()
    read, found = asyncio.run(_measured(given.split))
    print(
        f"{given.split}, n = {read.n}: macro-F1 of the mood's group {read.group_f1:.2f}, "
        f"need {read.need_f1:.2f}, intent {read.intent_f1:.2f}; F1 of wishes {read.wish_f1:.2f}"
    )
    print(
        f"queries, n = {found.n}: of the genre among five, Chinese {found.chinese:.2f}, "
        f"English {found.english:.2f}; titles in common {found.overlap:.2f}"
    )
    if given.wrong:
        print(*read.wrong, sep="\n")


if __name__ == "__main__":
    main()
