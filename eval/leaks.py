"""Looks for leakage that tasks share: from training to test, from the answer to the question."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from simpatico.eval.record import Check
from simpatico.text import fold

NEAR_DUPLICATE: Final = 0.8
"""Share of common runs of three words (Jaccard) from which two texts are near-duplicates."""


def checks_of(
    what: str,
    *,
    ids: Sequence[str],
    learnt_ids: Sequence[str],
    texts: Sequence[str],
    learnt_texts: Sequence[str],
    answers: Sequence[Sequence[str]],
) -> tuple[Check, ...]:
    """The three looks: the same id, nearly the same text, the answer in the text.

    Args:
        what: cases are, such as "sentences".
        ids: (n,) of the cases; of a part of something, what follows the last ":" is left away.
        learnt_ids: of what was learnt from, likewise.
        texts: (n,) that systems are given.
        learnt_texts: that systems learnt from.
        answers: (n,) what is right, in words.
    """
    known = {_whole(each) for each in learnt_ids}
    return (
        Check(
            what=f"{what} that training has, by id",
            n_found=sum(_whole(each) in known for each in ids),
            n=len(ids),
        ),
        Check(
            what=f"{what} nearly one of training (Jaccard {NEAR_DUPLICATE} of word triples)",
            n_found=sum(near_duplicates(texts, learnt_texts)),
            n=len(texts),
        ),
        Check(
            what=f"{what} with the answer's own word in them",
            n_found=sum(_named(text, own) for text, own in zip(texts, answers, strict=True)),
            n=len(texts),
        ),
    )


def near_duplicates(texts: Sequence[str], others: Sequence[str]) -> list[bool]:
    """Which texts, (n,), are nearly one of the others, by their words; one without words is not."""
    runs = [_runs(each) for each in others]
    holders: dict[tuple[str, ...], list[int]] = {}
    for at, each in enumerate(runs):
        for three in each:
            holders.setdefault(three, []).append(at)
    found = []
    for text in texts:
        own = _runs(text)
        common = Counter(at for three in own for at in holders.get(three, ()))
        found.append(
            any(n >= NEAR_DUPLICATE * (len(own) + len(runs[at]) - n) for at, n in common.items())
        )
    return found


def _runs(text: str) -> set[tuple[str, ...]]:
    words = fold(text).split()
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))} if words else set()


def _whole(name: str) -> str:
    whole, parted, _ = name.rpartition(":")
    return whole if parted else name


def _named(text: str, answers: Sequence[str]) -> bool:
    said = f" {fold(text)} "
    return any(f" {fold(answer.replace('_', ' '))} " in said for answer in answers if answer)
