"""The bridge for sounds that ships, on music that people made and that it was not fitted to.

    simpatico eval cross-modal --music

The pieces of the music pack, asked for by their keywords inside each package, see `heard_words`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.tables import Table
from simpatico.finetune.heard_words import areas
from simpatico.finetune.sound_bridge import Music, scores_by_tags, scores_of
from simpatico.retrieval.bridge import Bridge, source_name
from simpatico.retrieval.senses import Senses
from simpatico.retrieval.shipped import shipped_bridge

N_DRAWS: Final = 2000


def measure_music(music: Music, senses: Senses, *, seed: int = 0) -> Table:
    """The table of the music pack with the bridge that ships, if one does; see `table_of`.

    Raises:
        ModelError: the bridge is damaged.
    """
    sense = senses.of("audio")
    source = source_name(sense.name, sense.named_by)
    return table_of(music, shipped_bridge("audio", [source], senses.texts.name), seed=seed)


def table_of(music: Music, ready: Bridge | None, *, seed: int) -> Table:
    """Areas of each word and their mean, by tags alone, by a bridge, and the difference.

    Args:
        music: the pack.
        ready: from what `music` has of sounds, side by side; None for tags alone.
        seed: of the draws.
    """
    words = music.words
    scores = [scores_by_tags(music)]
    if ready is not None:
        scores.append(scores_of(ready, np.concatenate(music.sounds, axis=1), music))
    drawn = _draws(words.packages, seed)
    found = [areas(one, words) for one in scores]
    again = [np.nanmean(areas(one, words, drawn), axis=1) for one in scores]
    if ready is not None:
        found.append(found[1] - found[0])
        again.append(again[1] - again[0])
    signs = ("", "", "+")[: len(found)]
    rows = [
        (
            word,
            str(sum(int(words.holds[at, place].sum()) for place in words.places(at))),
            *(f"{one[at]:{sign}.2f}" for one, sign in zip(found, signs, strict=True)),
        )
        for at, word in enumerate(words.words)
    ]
    mean = []
    for one, many, sign in zip(found, again, signs, strict=True):
        low, high = np.percentile(many, [2.5, 97.5])
        mean.append(f"{one.mean():{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})")
    return Table(
        title=f"Keywords to music, n={len(music.texts)} pieces, seed {seed}",
        columns=("word", "pieces", "tags alone", "what ships", "difference")[: len(found) + 2],
        rows=(*rows, ("mean", "", *mean)),
        notes=(
            'The query is the keyword and "music". Area under the curve inside packages: how often '
            "a piece that has the keyword stands before one of the same package that has not; .5 "
            f"by chance. In brackets: 95 %, pieces of each package drawn again {N_DRAWS} times; "
            "words are not. What ships was not fitted to these pieces, but how much its parts "
            "count was chosen by their mean.",
        ),
    )


def _draws(packages: tuple[str, ...], seed: int) -> NDArray[np.float64]:
    """How often each piece counts when those of each package are drawn again: (N_DRAWS, n)."""
    rng = np.random.default_rng(seed)
    names = np.array(packages)
    counts = np.zeros((N_DRAWS, len(names)))
    for name in sorted(set(packages)):
        place = np.flatnonzero(names == name)
        counts[:, place] = rng.multinomial(
            len(place), np.full(len(place), 1 / len(place)), size=N_DRAWS
        )
    return counts
