"""Music by words, on clips whose listeners said how it felt.

Each of Emotify's nine feelings, as words, is looked for among the clips in the space of texts: by
musicnn's tags alone and through the bridge that ships, which are centred on the other clips and
what is said of them, as in the product on a catalogue's, and through a bridge that is fitted to
these. The one that ships never met a clip. What is said of a clip is
made of its listeners' answers: the three feelings that are furthest above the mean of the clips
that are fitted to.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simpatico.eval.figures import Cases, pooled_of
from simpatico.eval.music_mood import (
    FEELINGS,
    N_FOLDS,
    Clips,
    columns_of,
    folds_of,
    hear,
    read_clips,
    top_shares,
)
from simpatico.eval.pooled import How, Pooled
from simpatico.eval.tables import Table
from simpatico.finetune.bridge import joined, train
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.retrieval.bridge import (
    Bridge,
    SoundLabels,
    labels_bridge,
    labels_to_text,
    source_name,
)
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.encoders.musicnn import TAGS, Heard, Musicnn
from simpatico.retrieval.shipped import OWN_ROWS, shipped_bridge

Scores = NDArray[np.float64]

N_SAID: Final = 3
"""Feelings that are said of a clip."""

NAMES: Final = tuple(f"{feeling.replace('_', ' ')} music" for feeling in FEELINGS)
OTHERWISE: Final = (
    "music full of wonder and awe",
    "serious and dignified music",
    "soft, loving music",
    "wistful music full of memories",
    "peaceful, relaxing music",
    "strong, heroic music",
    "happy music to dance to",
    "anxious, nervous music",
    "sorrowful music",
)
"""The same in other words, of which no clip's text has one but "music"; never changed."""

SYSTEMS: Final = (
    "tags alone",
    "bridge, other clips",
    "tags alone, in other words",
    "bridge, in other words",
)
SHIPS: Final = ("what ships", "what ships, in other words")

_SHIPPED_COLUMNS: Final = (
    *("AUC, what ships", "what ships less tags", "other words: what ships"),
    *("other words: what ships less tags", "P@20, what ships"),
)


def said_of(shares: Scores, mean: Scores) -> list[str]:
    """What is said of clips: (n, 9) shares of listeners, (9,) their means -> n texts."""
    best = np.argsort(mean - shares, axis=1, kind="stable")[:, :N_SAID]
    named = [[FEELINGS[at].replace("_", " ") for at in row] for row in best]
    return [f"{', '.join(row)} music" for row in named]


def scores_of(
    heard: Heard, clips: Clips, texts: Encoder[str], *, ready: Bridge | None = None, seed: int = 0
) -> dict[str, Scores]:
    """What each of `SYSTEMS`, and `SHIPS` if one does, gives each feeling and clip, (9, n).

    Args:
        heard: the clips.
        clips: their genres and listeners' answers.
        texts: of the words.
        ready: the bridge that ships, from vectors and what tags say.
        seed: of the folds.

    Raises:
        DataError: too few clips to fit to.
    """
    asked = [texts.encode(words) for words in (NAMES, OTHERWISE)]
    about = labels_to_text(heard.tags, texts.encode(TAGS))
    beside = np.concatenate([heard.vectors, about], axis=1)
    by_tags, fitted, shipped = (
        [np.zeros((len(words), len(about))) for words in asked] for _ in range(3)
    )
    fold = folds_of(clips.genres, N_FOLDS, np.random.default_rng(seed))
    for k in range(N_FOLDS):
        rest, out = fold != k, fold == k
        said = said_of(clips.shares[rest], clips.shares[rest].mean(axis=0))
        words = texts.encode(said)
        plain = labels_bridge(about[rest], words, source="tags", target="texts")
        bridge = train(
            heard.vectors[rest], words, joined(said), source="sounds", target="texts", seed=seed
        ).bridge
        learnt = ready and ready.recentred(beside[rest], words, own_rows=OWN_ROWS)
        for at, query in enumerate(asked):
            if learnt:
                shipped[at][:, out] = learnt.of_texts(query) @ learnt.to_text(beside[out]).T
            by_tags[at][:, out] = plain.of_texts(query) @ plain.to_text(about[out]).T
            fitted[at][:, out] = bridge.of_texts(query) @ bridge.to_text(heard.vectors[out]).T
    found = dict(zip(SYSTEMS, (by_tags[0], fitted[0], by_tags[1], fitted[1]), strict=True))
    return found | (dict(zip(SHIPS, shipped, strict=True)) if ready else {})


def table_of(scores: dict[str, Scores], shares: Scores, *, seed: int = 0) -> Table:
    """Areas and P@20 of each system, by feeling and their mean; gains beside the tags alone."""
    relevant = top_shares(shares)
    names = tuple(str(at) for at in range(len(shares)))
    cases = {
        system: Cases(names, names, {}, np.zeros(len(names), bool), {}, columns_of(own, relevant))
        for system, own in scores.items()
    }

    def cell(how: How, of: tuple[str, ...], system: str, less: str = "") -> str:
        one = Pooled(metric=how, how=how, of=of)
        found = pooled_of(one, cases[less] if less else None, cases[system], seed)
        if found is None:
            return ""
        sign = "+" if less else ""
        return f"{found[0].mean:{sign}.3f} ({found[0].low:{sign}.3f} to {found[0].high:{sign}.3f})"

    tags, bridge, tags_otherwise, otherwise = SYSTEMS
    ships, ships_otherwise = SHIPS if SHIPS[0] in cases else ("", "")

    def of_shipped(row: tuple[str, ...]) -> tuple[str, ...]:
        if not ships:
            return ()
        return (
            *(cell("ROC AUC", row, ships), cell("ROC AUC", row, ships, tags)),
            *(cell("ROC AUC", row, ships_otherwise),),
            *(cell("ROC AUC", row, ships_otherwise, tags_otherwise), cell("P@20", row, ships)),
        )

    rows = [
        (
            *(row[0] if len(row) == 1 else "mean", cell("ROC AUC", row, tags)),
            *(cell("ROC AUC", row, bridge), cell("ROC AUC", row, bridge, tags)),
            *(cell("ROC AUC", row, tags_otherwise), cell("ROC AUC", row, otherwise)),
            *(cell("P@20", row, tags), cell("P@20", row, bridge), *of_shipped(row)),
        )
        for row in (*((each,) for each in FEELINGS), FEELINGS)
    ]
    return Table(
        title=f"Feelings as words to music, Emotify, n={len(shares)} clips, seed {seed}",
        columns=(
            "feeling",
            *("AUC, tags alone", "AUC, bridge", "bridge less tags"),
            *("other words: tags", "other words: bridge", "P@20, tags", "P@20, bridge"),
            *(_SHIPPED_COLUMNS if ships else ()),
        ),
        rows=tuple(rows),
        notes=(
            f"Relevant: the tenth of the clips in which most felt it. Chance: AUC .5, P@20 "
            f'{relevant.mean():.2f}. The query is the feeling and "music", or the same in words '
            "that no text has. Tags: nothing was fitted or chosen; centred on the other folds' "
            "clips and what is said of them. Bridge: each clip is scored by one fitted to these "
            f"({N_FOLDS} folds, spread over the genres), its penalty chosen among them. What ships "
            "is centred like the tags. In "
            "brackets: 95 %, clips drawn again 2000 times; fits are not repeated.",
        ),
    )


def measure_sounds(
    data: Path,
    models: ModelStore,
    *,
    keep: Path,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Table:
    """The table of Emotify's clips, asked for by feelings as words.

    Args:
        data: annotations.csv and audio/.
        models: has the weights.
        keep: folder for what was heard.
        seed: of the folds and draws.
        progress: told as it goes on.

    Raises:
        DataError: the data set is missing or damaged.
        ModelError: weights have not been fetched.
    """
    clips = read_clips(data)
    files = [data / "audio" / f"{name}.ogg" for name in clips.names]
    ears, texts = Musicnn(models.path("musicnn")), MiniLM(models.path("minilm"))
    heard = hear(files, ears, keep=keep, progress=progress)
    source = source_name(ears.name, SoundLabels(ears, texts).name)
    ready = shipped_bridge("audio", [source], texts.name)
    scores = scores_of(heard, clips, texts, ready=ready, seed=seed)
    return table_of(scores, clips.shares, seed=seed)
