"""A bridge for sounds: learnt on pieces whose words are known, chosen on others."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.domain import Item
from simpatico.errors import DataError
from simpatico.eval.cross_music import table_of
from simpatico.finetune.heard_words import judged
from simpatico.finetune.sound_bridge import (
    Music,
    Sounds,
    asked_as,
    targets,
    told_of,
    train,
    write_shipped,
)
from simpatico.retrieval.bridge import unit
from simpatico.retrieval.encoders.musicnn import Musicnn
from simpatico.retrieval.shipped import shipped_bridge, shipped_card

WORDS = ("calm", "sad", "happy", "piano", "organ", "harp")
DIM = 24


class Words:
    """Each word is a direction of its own, and all texts share one."""

    name = "words"
    dim = DIM

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(inputs), DIM), dtype=np.float32)
        for row, text in zip(rows, inputs, strict=True):
            row[[at for at, word in enumerate(WORDS) if word in text]] = 1
            row[-1] = 2
        return unit(rows)


def sounds(said: Sequence[Sequence[str]], *, told: float, heard: float, seed: int) -> Sounds:
    """Vectors that tell the words as far as `heard`, and tags that do as far as `told`."""
    rng = np.random.default_rng(seed)
    holds = np.array([[word in row for word in WORDS] for row in said], dtype=float)
    shown = np.random.default_rng(99).normal(size=(len(WORDS), 40))
    own = heard * holds @ shown + rng.normal(size=(len(said), 40))
    named = np.zeros((len(said), DIM))
    named[:, : len(WORDS)] = told * holds + rng.normal(size=holds.shape) / 2
    return Sounds(unit(own), unit(named))


def said(n: int, seed: int) -> list[tuple[str, ...]]:
    rng = np.random.default_rng(seed)
    return [(WORDS[int(rng.integers(3))], WORDS[int(rng.integers(3, 6))]) for _ in range(n)]


def music(*, told: float, heard: float) -> Music:
    """Pieces of four packages."""
    rows = said(80, 7)
    items = [Item(id=f"{at % 4}/{at}", title="x", keywords=row) for at, row in enumerate(rows)]
    words = judged(items)
    texts = Words().encode([", ".join(row) for row in rows])
    asked = Words().encode(asked_as(words.words))
    return Music(sounds(rows, told=told, heard=heard, seed=8), texts, asked, words)


def test_a_piece_is_to_lie_where_its_words_do_and_a_rare_word_counts_more() -> None:
    goals, middle = targets([*[("calm", "piano")] * 6, *[("sad", "piano")] * 3], Words())
    np.testing.assert_allclose(goals.mean(axis=0), 0, atol=1e-6)
    assert np.sqrt((goals**2).sum(axis=1).mean()) == pytest.approx(1)
    asked = unit(Words().encode(["calm music", "sad music"]) - middle) @ goals[[0, -1]].T
    assert asked[0, 0] > 0 > asked[0, 1] and asked[1, 1] > 0 > asked[1, 0]
    assert asked[1, 1] > asked[0, 0]
    with pytest.raises(DataError, match="true of 3 pieces"):
        targets([("calm",), ("calm",), ("sad",), ("happy",)], Words())


def test_what_is_learnt_of_pieces_holds_in_music_and_tags_count_as_far_as_they_tell() -> None:
    rows = said(300, 1)
    both = [
        train(
            sounds(rows, told=t, heard=1, seed=2),
            rows,
            music(told=t, heard=1),
            Words(),
            source="ears",
        )  # fmt: skip
        for t in (0.0, 3.0)
    ]
    deaf, keen = both
    assert all(one.worst <= one.by_bridge for one in both) and deaf.worst < deaf.by_bridge
    assert deaf.by_tags < 0.6 and deaf.by_bridge > 0.9 and deaf.names < 1
    assert keen.by_tags > 0.9 and keen.by_bridge >= keen.by_tags
    nothing = train(sounds(rows, told=0, heard=0, seed=2), rows, music(told=0, heard=0), Words(),
                    source="ears")  # fmt: skip
    assert nothing.by_bridge < 0.65


def test_what_is_written_opens_and_its_card_tells_of_it(tmp_path: Path) -> None:
    rows, judge = said(300, 1), music(told=0, heard=1)
    made = train(sounds(rows, told=0, heard=1, seed=2), rows, judge, Words(), source="ears")
    write_shipped(tmp_path / "audio.npz", made, len(rows), seed=0, command="none")
    card, found = (
        shipped_card("audio", tmp_path),
        shipped_bridge("audio", ["ears"], "words", tmp_path),
    )
    assert card is not None and found is not None and card.n == card.data[0].n == 300
    assert list(card.figures.values()) == [round(made.by_tags, 4), round(made.by_bridge, 4)]
    shown = np.concatenate(judge.sounds, axis=1)
    np.testing.assert_array_equal(found.to_text(shown), made.bridge.to_text(shown))
    assert "6 words among 80 pieces" in told_of(made, 300, judge, tmp_path / "audio.npz")
    *each, mean = table_of(judge, found, seed=0).rows
    assert [row[0] for row in each] == sorted(WORDS) and sum(int(row[1]) for row in each) == 160
    tags, ships, gain = (float(cell.split()[0]) for cell in mean[2:])
    assert ships == pytest.approx(made.by_bridge, abs=6e-4)
    assert gain == pytest.approx(ships - tags, abs=2e-3)
    assert [len(row) for row in table_of(judge, None, seed=0).rows] == [3] * 7


def test_what_ships_goes_from_musicnn_to_minilm() -> None:
    card = shipped_card("audio")
    assert card is not None and card.target == "minilm-int8"
    found = shipped_bridge("audio", [card.source], card.target)
    assert found is not None and (found.n_in, found.dim) == (Musicnn.dim + 384, 384)
