"""Measure the explainer adapter beside the template and the base model that rephrases it.

    simpatico eval explain --adapter FOLDER --out runs/explain --samples docs/explainer-samples.md

Over unseen states: how many replies pass the grounding check unaided, what the check let through
that a second, separate look finds unknown, how varied and how long they are, and samples.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any, Literal, NamedTuple

from simpatico.agent.brief import fillings_of
from simpatico.agent.build import ordinary_words
from simpatico.agent.evidence import FindTitles, name_words
from simpatico.agent.explain import bold
from simpatico.agent.explainer import Explainer, unaided
from simpatico.agent.ground import check, rephrase, rephrase_messages
from simpatico.agent.llm import ScriptedLLM
from simpatico.domain import Completion, Item, Value
from simpatico.eval.endpoint import Endpoint
from simpatico.eval.explain_cases import Case, make_cases, read_cases, write_cases
from simpatico.eval.explain_check import (
    additions,
    distinct_2,
    known_of,
    n_words,
    repeats,
    strangers,
)
from simpatico.eval.explain_check import ordinary_words as plain_words
from simpatico.eval.explain_write import MAX_REPHRASED, Timed, explained, rephrased
from simpatico.explaining import fill
from simpatico.finetune.explainer_data import shipped_rows
from simpatico.lorafile import WEIGHTS, sha256_of
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.titles import TitleIndex
from simpatico.settings import Settings
from simpatico.text import fold

Who = Literal["base", "server", "template", "adapter"]

WHO: dict[Who, str] = {
    "base": "base model, rephrasing",
    "server": "server, rephrasing",
    "template": "template",
    "adapter": "explainer adapter",
}
N_SAMPLES = 30
BASE_MODEL = "smollm2-135m-instruct"
COLUMNS = (
    "writer", "n", "pass unaided", "unknown, unchecked", "unknown, checked", "words added",
    "own words kept",
    "distinct-2", "words", "repeats",
)  # fmt: skip


class Judged(Value):
    """What came of one reply.

    Attributes:
        case: number of its case.
        said: what was written, its places filled in.
        sent: what the person gets.
        problems: why it does not pass unaided.
        unknown: names and facts in `said` that nobody gave.
        reached: the same in `sent`.
        added: plain words about items in `sent` that nobody gave.
        kept: what was sent is what was written.
    """

    case: int
    said: str
    sent: str
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    kept: bool = False


class Eyes(NamedTuple):
    """What the check (the first three, as when serving) and the second look go by."""

    find_titles: FindTitles | None
    names: Collection[str]
    usable: Container[str] | None
    titles: Collection[str]
    ordinary: Collection[str]


class Outcome(NamedTuple):
    """All that was judged, what the embedded engine took, and seconds of each reply where timed."""

    cases: list[Case]
    judged: dict[Who, list[Judged]]
    notes: list[str]
    seconds: Mapping[Who, Sequence[float]] = {}


def eyes_for(
    items: Sequence[Item],
    find_titles: FindTitles | None,
    more: Sequence[str],
    *,
    usable: Container[str] | None = None,
) -> Eyes:
    """Eyes that know a catalogue's titles, and the ordinary words of its prose and of `more`.

    Args:
        items: the catalogue.
        find_titles: finds its titles in a text, as in `check`.
        more: texts that we wrote.
        usable: words that may be used without evidence, as in `check`; None: any.
    """
    titles = {fold(item.title) for item in items}
    return Eyes(
        find_titles,
        name_words(items),
        usable,
        frozenset(title for title in titles if " " in title),
        plain_words(items, more),
    )


def judge(who: Who, number: int, case: Case, raw: str, eyes: Eyes) -> Judged:
    """Judge what a writer wrote for a case, and have it checked as in use."""
    brief, evidence = case.material()
    find_titles = eyes.find_titles if case.films else None
    said = raw
    if who == "adapter":
        said = fill(raw, fillings_of(brief, evidence.recommended))
        problems = unaided(
            raw,
            brief,
            evidence=evidence,
            find_titles=find_titles,
            names=eyes.names,
            ordinary=eyes.usable,
        )
        sent = asyncio.run(_explained(case, raw, find_titles, eyes))
    else:
        checked = check(raw, evidence, find_titles=find_titles, ordinary=eyes.usable)
        problems = [f"not in evidence: {each}" for each in checked.dropped]
        problems += [f"not named: {item_id}" for item_id in checked.missing]
        sent = raw if who == "template" else asyncio.run(_rephrased(case, raw, find_titles, eyes))
    known = known_of(case.said, case.state, case.recommendations, case.others)
    look = partial(strangers, known=known, ordinary=eyes.ordinary, titles=eyes.titles)
    return Judged(
        case=number,
        said=said,
        sent=sent,
        problems=tuple(problems),
        unknown=tuple(look(said)),
        reached=tuple(look(sent)),
        added=tuple(additions(sent, known, [one.item for one in case.recommendations])),
        kept=sent.strip().endswith(said.strip()) and bool(said.strip()),
    )


def row_of(who: Who, judged: Sequence[Judged], cases: Sequence[Case]) -> tuple[str, ...]:
    """One writer's figures; see `COLUMNS`."""
    plain = [bare(one.said, cases[one.case]) for one in judged]
    n = len(judged)

    def share(some: Sequence[object]) -> str:
        return f"{sum(map(bool, some)) / n:.3f}"

    return (
        WHO[who],
        str(n),
        share([not one.problems for one in judged]),
        str(sum(len(one.unknown) for one in judged)),
        str(sum(len(one.reached) for one in judged)),
        f"{fmean(len(one.added) for one in judged):.2f}",
        share([one.kept for one in judged]),
        f"{distinct_2(plain):.3f}",
        f"{fmean(n_words(one.said) for one in judged):.1f}",
        share([repeats(text) for text in plain]),
    )


def run(
    *,
    settings: Settings,
    n: int = 500,
    n_base: int = 64,
    seed: int = 0,
    adapter: Path | None = None,
    base: str = BASE_MODEL,
    keep: Path | None = None,
    server: Endpoint | None = None,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Outcome:
    """Make or read the cases, have replies written, and judge them.

    Args:
        settings: say where catalogue, index and encoder are.
        n: how many states.
        n_base: how many of them, the first, the base model rephrases; 0: none.
        seed: of the states.
        adapter: folder of the explainer adapter; None: without it.
        base: its base: a model of the store.
        keep: a folder for states and replies; what it has is not made again.
        server: rephrases the templates as well.
        progress: told (label, done, total).

    Raises:
        ServerGone: the server stopped answering.
        ModelError: a model or the adapter is missing or does not fit.
        StoreError: there is no index; `simpatico prepare` builds it.
        DataError: our training rows are missing, or `keep` has other cases.
    """
    rows = shipped_rows()
    cases = _cases(n, settings, seed, [row.brief.said for row in rows], keep, progress)
    raw: dict[Who, list[str]] = {"template": [case.draft for case in cases]}
    chats = [rephrase_messages(case.draft, case.material()[1], said=[case.said]) for case in cases]
    seconds: dict[Who, list[float]] = {}
    if server is not None:
        answers = server.ask(chats, max_tokens=MAX_REPHRASED, progress=progress)
        raw["server"] = [answer.text or "" for answer in answers]
        seconds["server"] = [answer.ms / 1000 for answer in answers]
    if n_base:
        raw["base"] = _kept(
            keep,
            f"base-{n_base}-of-{n}-{seed}",
            lambda: rephrased(chats[:n_base], base=base, cache=settings.cache, progress=progress),
        )
    notes: list[str] = []
    if adapter is not None:
        written = _kept(
            keep,
            f"after-opening-{sha256_of(adapter / WEIGHTS)[:12]}-{n}-{seed}",
            lambda: explained(cases, adapter, base=base, cache=settings.cache, progress=progress),
        )
        timed = [Timed(*one) for one in written]
        raw["adapter"] = [
            " ".join((*case.opening(), one.text)) if one.text else ""
            for case, one in zip(cases, timed, strict=True)
        ]
        seconds["adapter"] = [one.whole_s for one in timed]
        notes.append(
            "Written by the embedded engine (llama.cpp), as in use; the adapter's replies: median"
            f" {median(one.first_s for one in timed):.2f} s to the first piece after the opening,"
            f" {median(one.whole_s for one in timed):.2f} s to the end."
        )
    catalog = Catalogs(settings.home).load(settings.catalog)
    titles = TitleIndex(catalog.items)
    replies = [row.reply for row in rows]
    eyes = eyes_for(catalog.items, titles.link, replies, usable=ordinary_words(settings))
    judged: dict[Who, list[Judged]] = {}
    for who in WHO:
        if who in raw:
            judged[who] = []
            for number, text in enumerate(raw[who]):
                judged[who].append(judge(who, number, cases[number], text, eyes))
                progress(f"Judging, {WHO[who]}", number + 1, len(raw[who]))
    return Outcome(cases, judged, notes, seconds)


def to_markdown(outcome: Outcome, *, command: str = "", n_samples: int = N_SAMPLES) -> str:
    """The table, what it means, what is still unknown, and samples side by side."""
    cases, judged, notes, _ = outcome
    n_other = sum(not case.films for case in cases)
    lines = ["# What the explainer writes", ""]
    lines += [f"Made by `{command}`.", ""] if command else []
    lines += [
        f"{len(cases)} states: {len(cases) - n_other} with films found by search for messages that"
        " share no four words in a row with those trained on,",
        f"{n_other} with books, recipes, walks and other things. Greedy decoding.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
    ]
    lines += [f"| {' | '.join(row_of(who, found, cases))} |" for who, found in judged.items()]
    lines += [
        "",
        "*Pass unaided*: the share in which the grounding check drops nothing, no item is left"
        " unnamed and, for the adapter, the form is right. *Unknown*: names, numbers, quotations,",
        "titles and claims that a second look (`eval/explain_check.py`) does not find in what was"
        " given, in what was written and in what reached the person. *Words added*:",
        "mean count of plain words in its sentences about items, as sent, that nobody gave and that"
        " are not of our phrases. *Own words kept*: the share",
        "sent as written. *Distinct-2*, *words* and *repeats* (four words in a row twice) are of"
        " what was written, for the first and last without the titles.",
    ]
    lines += ["", *(f"- {note}" for note in notes)] if notes else []
    reached = [
        f"- {WHO[who]}, {one.case + 1}: {', '.join(one.reached)}"
        for who, found in judged.items()
        for one in found
        if one.reached
    ]
    if reached:
        lines += ["", "## Unknown, and sent", "", *reached]
    lines += ["", f"## {n_samples} samples", ""]
    for number in _spread(cases, judged, n_samples):
        case = cases[number]
        lines += [f"### {number + 1}. {_plain(case.said)}", ""]
        mood = case.material()[0].mood
        lines += [f"Feels {mood}, needs {case.state.need}.", ""]
        for who, found in judged.items():
            if number < len(found):
                one = found[number]
                mark = "" if not one.problems else f" ({_plain('; '.join(one.problems))[:300]})"
                words = "\n".join(f"> {line}".rstrip() for line in one.said.splitlines())
                lines += [f"**{WHO[who]}**{mark}", "", words or "> (nothing)", ""]
    return "\n".join(lines).rstrip() + "\n"


def _cases(
    n: int,
    settings: Settings,
    seed: int,
    unlike: Sequence[str],
    keep: Path | None,
    progress: ProgressCallback,
) -> list[Case]:
    file = keep / f"cases-{n}-{seed}.jsonl" if keep else None
    if file and file.exists():
        return read_cases(file)
    cases = make_cases(n, settings=settings, seed=seed, unlike=unlike, progress=progress)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_cases(file, cases)
    return cases


def _kept(keep: Path | None, name: str, write: Callable[[], list[Any]]) -> list[Any]:
    """Replies from the folder, or written and put there."""
    file = keep / f"{name}.json" if keep else None
    if file and file.exists():
        return list(json.loads(file.read_text("utf-8")))
    texts = write()
    if file:
        file.write_text(json.dumps(texts, ensure_ascii=False, indent=0), encoding="utf-8")
    return texts


async def _explained(case: Case, raw: str, find_titles: FindTitles | None, eyes: Eyes) -> str:
    rest = Completion(text=raw.removeprefix(" ".join(case.opening())))
    explainer = Explainer(ScriptedLLM([rest]), names=eyes.names, ordinary=eyes.usable)
    pieces = explainer.reply(
        case.draft,
        case.state,
        case.recommendations,
        said=case.said,
        others=case.others,
        notes=case.notes,
        seed=case.said,
        find_titles=find_titles,
    )
    return "".join([piece async for piece in pieces])


async def _rephrased(case: Case, raw: str, find_titles: FindTitles | None, eyes: Eyes) -> str:
    pieces = rephrase(
        ScriptedLLM([Completion(text=raw)]),
        case.draft,
        case.state,
        case.recommendations,
        others=case.others,
        said=[case.said],
        notes=case.notes,
        find_titles=find_titles,
        ordinary=eyes.usable,
    )
    return "".join([piece async for piece in pieces])


def bare(text: str, case: Case) -> str:
    """A reply without the titles of what it recommends."""
    for one in case.recommendations:
        text = text.replace(bold(one.item), "it")
    return text


def _spread(cases: Sequence[Case], judged: dict[Who, list[Judged]], n: int) -> list[int]:
    """Numbers of cases that every writer wrote for, evenly spread."""
    most = min((len(found) for found in judged.values()), default=len(cases))
    return sorted({at * most // n for at in range(n)}) if most else []


def _plain(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|").replace("\n", " ")
