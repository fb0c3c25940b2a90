"""Replies as a run of the harness: what of them is grounded, what evidence they use, how they read.

A case is a state; a writer that wrote nothing for it failed on it. `--judge` has a server say which
of two replies is better, asked in both orders: where the orders disagree, neither is.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.endpoint import Endpoint, json_in
from simpatico.eval.explain import WHO, Judged, Outcome, Who, bare
from simpatico.eval.explain_cases import Case
from simpatico.eval.explain_check import additions, known_of, n_words, ngrams, repeats
from simpatico.eval.leaks import near_duplicates
from simpatico.eval.pooled import Pooled
from simpatico.eval.record import Cases, Check, Run, record_of
from simpatico.finetune.explainer_data import shipped_rows
from simpatico.protocols import ProgressCallback
from simpatico.text import fold

FIRST: Final[tuple[Who, ...]] = ("adapter", "server", "template", "base")
"""The order of systems: the one that matters first."""

PASS, SENT_PASS = "passes unaided", "no unknown fact sent"
USED, NAMED = "evidence used", "items named"
BETTER, AGREED = "judge's choice over {}", "judge agrees with itself, over {}"
FALLS: Final = ("unknown facts, written", "unknown facts, sent", "words added", "repeats")
POOLED: Final = (
    Pooled(metric="Distinct-1", how="ratio", of=("new words", "words")),
    Pooled(metric="Distinct-2", how="ratio", of=("new pairs", "pairs")),
    Pooled(metric="s to the end, median", how="median", of=("s",), higher_is_better=False),
)
MIN_CHARS: Final = 4
"""Of a word of a reason that has to come back in a reply."""

_JUDGE: Final = (
    "Two replies of a recommender to a person. Which is the better one for this person: warm,"
    ' plain, specific, true to the facts given? Answer with JSON alone: {"better": "A"}, {"better":'
    ' "B"} or {"better": "tie"}.'
)
Numbers = NDArray[np.float64]


def run_of(
    outcome: Outcome,
    *,
    command: str,
    seed: int,
    judge: Endpoint | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Run:
    """A run of all that wrote; who was not asked for a case has no values there.

    Args:
        outcome: what was written and judged.
        command: for the record.
        seed: of the states and the draws.
        judge: says which of two replies is better, the first writer's or each other's.
        progress: told of what is asked of the judge.

    Raises:
        ServerGone: the judge stopped answering.
    """
    writers = [who for who in FIRST if who in outcome.judged]
    cases = {WHO[who]: _cases(outcome, who) for who in writers}
    if judge is not None:
        first = writers[0]
        more: dict[str, Numbers] = {}
        for other in writers[1:]:
            better, agreed = _preferred(outcome, first, other, judge, progress)
            more |= {BETTER.format(WHO[other]): better, AGREED.format(WHO[other]): agreed}
        own = cases[WHO[first]]
        cases[WHO[first]] = own._replace(values={**own.values, **more})
    rows = shipped_rows()
    said = [case.said for case in outcome.cases]
    record = record_of(
        "explain",
        "Replies around chosen items",
        cases,
        command=command,
        seed=seed,
        data=[Path(__file__).with_name("explain_lines.py")],
        protocol={
            "states": f"{len(said)}, {sum(not case.films for case in outcome.cases)} of them about"
            " other things than films",
            "decoding": "greedy",
            PASS: "the grounding check drops nothing, no item is unnamed, the form is right",
            "unknown facts": "names, numbers, quotations, titles and claims that a second look does"
            " not find in what was given",
            USED: f"share of reasons of which half of the words of {MIN_CHARS} letters come back",
            "readability": "Flesch reading ease; of what was sent",
            "Distinct": "different words and pairs over all, titles left away; intervals with each"
            " reply's new ones as they are in the order of the states",
        },
        skipped={},
        checks=(
            Check(
                what="messages nearly one of the explainer's training (Jaccard .8 of word triples)",
                n_found=sum(near_duplicates(said, [row.brief.said for row in rows])),
                n=len(said),
            ),
            Check(
                what="templates' drafts nearly a reply of the explainer's training",
                n_found=sum(
                    near_duplicates(
                        [case.draft for case in outcome.cases], [row.reply for row in rows]
                    )
                ),
                n=len(said),
            ),
        ),
        pooled=POOLED,
        lower_is_better=FALLS,
    )
    return Run(record, cases)


def _cases(outcome: Outcome, who: Who) -> Cases:
    judged = outcome.judged[who]
    n = len(outcome.cases)
    shares = (PASS, SENT_PASS, USED, NAMED, "own words kept", "readability", "words")
    values = {name: np.full(n, np.nan) for name in (*shares, *FALLS)}
    columns = {name: np.full(n, np.nan) for name in ("new words", "words", "new pairs", "pairs")}
    failed = np.zeros(n, dtype=np.bool_)
    seen: dict[int, set[tuple[str, ...]]] = {1: set(), 2: set()}
    for one in judged:
        at, case = one.case, outcome.cases[one.case]
        failed[at] = not one.said.strip()
        for name, value in _values(one, case).items():
            values[name][at] = value
        if failed[at]:
            continue
        plain = bare(one.said, case)
        for size, what in ((1, "words"), (2, "pairs")):
            found = ngrams(plain, size)
            columns[what][at] = len(found)
            columns[f"new {what}"][at] = len(set(found) - seen[size])
            seen[size].update(found)
    seconds = outcome.seconds.get(who)
    columns["s"] = np.array(seconds) if seconds else np.full(n, np.nan)

    def told(texts: Mapping[int, str]) -> tuple[str, ...]:
        return tuple(texts.get(at, "") for at in range(n))

    names = tuple(f"state {at + 1}" for at in range(n))
    return Cases(
        names,
        names,
        values,
        failed,
        {
            "message": tuple(case.said for case in outcome.cases),
            "written": told({one.case: one.said for one in judged}),
            "sent": told({one.case: one.sent for one in judged if one.sent != one.said}),
            "why it does not pass": told({one.case: "; ".join(one.problems) for one in judged}),
            "unknown": told({one.case: ", ".join(one.unknown) for one in judged}),
        },
        columns,
    )


def _values(one: Judged, case: Case) -> dict[str, float]:
    """Of one reply. Of nothing written, shares are 0 and counts are not defined."""
    if not one.said.strip():
        return dict.fromkeys((PASS, USED, NAMED, "own words kept"), 0.0)
    items = [each.item for each in case.recommendations]
    sent = fold(one.sent)
    known = known_of(case.said, case.state, case.recommendations, case.others)
    return {
        PASS: float(not one.problems),
        SENT_PASS: float(not one.reached),
        USED: evidence_used(one.sent, case),
        NAMED: float(np.mean([f" {fold(item.title)} " in f" {sent} " for item in items])),
        "unknown facts, written": len(one.unknown),
        "unknown facts, sent": len(one.reached),
        "words added": len(additions(one.sent, known, items)),
        "repeats": float(repeats(bare(one.said, case))),
        "own words kept": float(one.kept),
        "readability": reading_ease(one.sent),
        "words": n_words(one.sent),
    }


def evidence_used(text: str, case: Case) -> float:
    """The share of reasons that a text gives back; nan without any reason to give."""
    words = set(fold(text).split())
    found = []
    for each in case.recommendations:
        for reason in each.reasons:
            wanted = {word for word in fold(reason.text).split() if len(word) >= MIN_CHARS}
            if wanted:
                found.append(len(wanted & words) >= len(wanted) / 2)
    return float(np.mean(found)) if found else np.nan


def reading_ease(text: str) -> float:
    """Flesch reading ease of English (1948): higher is easier, 60 to 70 is plain; nan of nothing.

    Syllables are runs of vowels, without a silent e at the end.
    """
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words:
        return np.nan
    sentences = max(1, len(re.findall(r"[.!?]+(?:\s|$)", text)))
    syllables = sum(
        max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouyl])e$", "", word))))
        for word in words
    )
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def _preferred(
    outcome: Outcome, first: Who, other: Who, judge: Endpoint, progress: ProgressCallback
) -> tuple[Numbers, Numbers]:
    """Whether the first's reply is better, 1, .5 or 0; and whether both orders said the same.

    A question that the judge did not answer in either order has neither.
    """
    texts = [{one.case: one.sent for one in outcome.judged[who]} for who in (first, other)]
    both = [at for at in texts[0] if at in texts[1]]
    chats = []
    for at in both:
        for a, b in ((texts[0][at], texts[1][at]), (texts[1][at], texts[0][at])):
            shown = f"Person: {outcome.cases[at].said}\n\nReply A: {a}\n\nReply B: {b}"
            chats.append(
                [{"role": "system", "content": _JUDGE}, {"role": "user", "content": shown}]
            )
    answers = [verdict_in(each.text or "") for each in judge.ask(chats, max_tokens=100,
                                                                 progress=progress)]  # fmt: skip
    better, agreed = (np.full(len(outcome.cases), np.nan) for _ in range(2))
    for number, at in enumerate(both):
        one, swapped = answers[2 * number], answers[2 * number + 1]
        if one is not None and swapped is not None:
            agreed[at] = float(one == 1 - swapped)
            better[at] = one if one == 1 - swapped else 0.5
    return better, agreed


def verdict_in(text: str) -> float | None:
    """1 for A, 0 for B, .5 for a tie, of the first JSON; None if it says none of them."""
    said = next((value for value in json_in(text) if isinstance(value, dict)), {}).get("better")
    return {"a": 1.0, "b": 0.0, "tie": 0.5}.get(str(said).strip().lower())
