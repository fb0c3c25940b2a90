"""Films that people liked together, counted from recommendation dialogues (ReDial)."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from simpatico.errors import DataError
from simpatico.finetune.notability import Linker
from simpatico.retrieval.packs import CoLikes


@dataclass(frozen=True)
class Conversation:
    """One dialogue: the labels of all films named, and of those the seeker said they like."""

    named: tuple[str, ...]
    liked: tuple[str, ...]


def read_conversations(path: Path) -> Iterator[Conversation]:
    """Read ReDial's JSON lines.

    Raises:
        DataError: for a line that is no such dialogue, with its number.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                named = row["movieMentions"] or {}
                answers = row["initiatorQuestions"] or {}
                if not isinstance(named, dict) or not isinstance(answers, dict):
                    named, answers = {}, {}  # a dialogue that names no film has lists here
                likes = [key for key, answer in answers.items() if answer.get("liked") == 1]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise DataError(f"{path}, line {number}: no dialogue ({error!r})") from error
            yield Conversation(
                named=tuple(label.strip() for label in named.values() if label),
                liked=tuple(named[key].strip() for key in likes if named.get(key)),
            )


def count_colikes(conversations: Iterable[Conversation], linker: Linker) -> CoLikes:
    """Count, for each pair of linked films, the conversations whose seeker likes both."""
    pairs: Counter[tuple[str, str]] = Counter()
    for conversation in conversations:
        linked = {linker.link(label) for label in conversation.liked} - {None}
        pairs.update(combinations(sorted(str(item_id) for item_id in linked), 2))
    ids = sorted({item_id for pair in pairs for item_id in pair})
    position = {item_id: i for i, item_id in enumerate(ids)}
    ordered = sorted(pairs.items())
    return CoLikes(
        ids=tuple(ids),
        a=np.array([position[a] for (a, _), _ in ordered], dtype=np.int32),
        b=np.array([position[b] for (_, b), _ in ordered], dtype=np.int32),
        n=np.array([n for _, n in ordered], dtype=np.int32),
    )
