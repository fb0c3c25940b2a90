"""Feelings as words and music, on clips whose answer is known."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.cross_sounds import (
    NAMES,
    OTHERWISE,
    SHIPS,
    SYSTEMS,
    said_of,
    scores_of,
    table_of,
)
from simpatico.eval.music_mood import FEELINGS, Clips
from simpatico.retrieval.bridge import Bridge, unit
from simpatico.retrieval.encoders.musicnn import TAGS, Heard

N = 270


class Words:
    """A text is the sum of the feelings that it names, and a tag stands for itself."""

    name = "words"
    dim = 60

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(inputs), self.dim), dtype=np.float32)
        for row, text in zip(rows, inputs, strict=True):
            if text in TAGS:
                row[TAGS.index(text)] = 1
            for at, (name, other) in enumerate(zip(NAMES, OTHERWISE, strict=True)):
                row[50 + at] = text == other or name.removesuffix(" music") in text
            row[59] = 0.1
        return unit(rows)


def clips() -> tuple[Heard, Clips]:
    """Each clip is one feeling, which its vector tells and its tags do not."""
    rng = np.random.default_rng(0)
    shares = rng.random((N, 9)) * 0.2
    shares[np.arange(N), np.arange(N) % 9] = 1
    shown = rng.normal(size=(9, 953))
    vectors = unit(shown[np.arange(N) % 9] + 0.1 * rng.normal(size=(N, 953)))
    tags = rng.random((N, 50)).astype(np.float32)
    names = tuple(f"{at}" for at in range(N))
    return Heard(vectors, tags), Clips(names, tuple("ab"[at % 2] for at in range(N)), shares)


def test_what_is_said_is_what_stands_out() -> None:
    shares = np.array([[0.9, 0.8, 0.1, 0, 0, 0, 0, 0, 0.3], [0.9] * 9])
    mean = np.array([0.9, 0.1, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.1])
    said = said_of(shares, mean)
    assert said[0] == "solemnity, sadness, tenderness music"
    assert said[1] == "tenderness, nostalgia, solemnity music"
    assert all(name in FEELINGS for name in ("solemnity", "sadness", "tenderness", "nostalgia"))


def test_a_bridge_hears_in_other_clips_what_tags_do_not_say() -> None:
    heard, known = clips()
    scores = scores_of(heard, known, Words(), seed=0)
    assert tuple(scores) == SYSTEMS and scores[SYSTEMS[1]].shape == (9, N)
    table = table_of(scores, known.shares, seed=0)
    *each, mean = table.rows
    assert [row[0] for row in each] == list(FEELINGS) and mean[0] == "mean"
    tags, bridge, gain, _, otherwise, _, first = (float(one.split()[0]) for one in mean[1:])
    assert bridge > 0.97 and otherwise > 0.97 and abs(tags - 0.5) < 0.08
    assert gain == pytest.approx(bridge - tags, abs=2e-3) and first == 1.0
    mixed = known._replace(shares=np.random.default_rng(1).permutation(known.shares))
    nothing = table_of(scores_of(heard, mixed, Words()), mixed.shares).rows[-1]
    assert abs(float(nothing[2].split()[0]) - 0.5) < 0.1
    with pytest.raises(DataError, match="at least 20 groups"):
        few = Clips(known.names[:20], known.genres[:20], known.shares[:20])
        scores_of(Heard(heard.vectors[:20], heard.tags[:20]), few, Words())


def test_what_ships_is_judged_beside_them_by_vectors_and_tags() -> None:
    heard, known = clips()
    clear = heard._replace(vectors=unit(np.eye(9, 953)[np.arange(N) % 9].astype(np.float32)))
    weights = np.zeros((953 + Words.dim, Words.dim), dtype=np.float32)
    weights[:9, 50:59] = np.eye(9)  # each feeling's vector to its word, and nothing of the tags
    ready = Bridge("both", "words", centre=np.zeros(len(weights), np.float32),
                   weights=weights, middle=np.zeros(Words.dim, np.float32))  # fmt: skip
    scores = scores_of(clear, known, Words(), ready=ready)
    assert tuple(scores) == (*SYSTEMS, *SHIPS)
    table = table_of(scores, known.shares)
    mean = dict(zip(table.columns, table.rows[-1], strict=True))
    tags = float(mean["AUC, tags alone"].split()[0])
    assert mean["AUC, what ships"].startswith("1.000")
    assert mean["other words: what ships"].startswith("1.000")
    assert float(mean["what ships less tags"].split()[0]) == pytest.approx(1 - tags, abs=2e-3)
    assert mean["P@20, what ships"].startswith("1.000")


def test_what_else_is_asked_moves_no_score() -> None:
    class Moved(Words):
        def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
            rows = super().encode(inputs)
            rows[[text == NAMES[5] for text in inputs]] = np.eye(self.dim, dtype=np.float32)[7]
            return rows

    heard, known = clips()
    heard = heard._replace(vectors=unit(heard.vectors[:, :20]))
    plain, moved = (scores_of(heard, known, texts)[SYSTEMS[0]] for texts in (Words(), Moved()))
    same = np.isclose(plain, moved).all(axis=1)
    assert [FEELINGS[at] for at in np.flatnonzero(~same)] == [FEELINGS[5]]
