"""Readers of mood, intent and need: fitted on one part, scored on another, timed turn by turn.

Scores are kept, so that a comparison that broke off goes on; `reading_runs` judges them.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from simpatico.calibration import MOOD_HEAD, beside
from simpatico.domain import Turn
from simpatico.errors import DataError
from simpatico.eval.baselines_text import Scorer
from simpatico.finetune.calibrate import Kind
from simpatico.finetune.mood import Array
from simpatico.protocols import ProgressCallback

Dialogue = tuple[Turn, ...]
"""What is read is the last turn."""

Times = NDArray[np.float64]

N_TIMED, N_WARM = 60, 5
N_FORMAT = 2
"""Of kept scores; raise it when a row is made otherwise."""


def newest(dialogue: Dialogue) -> str:
    """The last turn's text."""
    return dialogue[-1].text


class Part(NamedTuple):
    """Dialogues (n,) and which labels hold of each one's last turn: (n, k) of 0 and 1.

    `ids` names them, (n,), a turn of a dialogue as "dialogue:turn".
    """

    dialogues: Sequence[Dialogue]
    labels: Array
    ids: Sequence[str] = ()


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        name: as `--rows` has it.
        title: what it is, for people.
        make: builds it; may be slow, or raise that something is missing.
        view: what it is told of a dialogue.
        tag: what else its scores depend on, such as the adapter's checksum.
        clock: times turns where they are to be timed in another engine than they are scored in.
        answers: its scores are answers, 1 or 0, and say nothing of how sure it is; a turn that it
            failed on has nan.
    """

    name: str
    title: str
    make: Callable[[], Scorer]
    view: Callable[[Dialogue], str] = newest
    tag: str = ""
    clock: Callable[[Scorer, Sequence[str]], Times] | None = None
    answers: bool = False


class Scored(NamedTuple):
    """A row's scores.

    Attributes:
        scores: (n, k).
        kind: what they are.
        ms: (n,) milliseconds of a turn alone, nan for those that were not timed.
        fit_s: seconds to learn.
    """

    scores: Array
    kind: Kind
    ms: Times
    fit_s: float


def score(
    rows: Sequence[Row],
    train: Part,
    test: Part,
    *,
    seed: int,
    keep: Path | None = None,
    progress: ProgressCallback = lambda label, done, total: None,
) -> Iterator[tuple[Row, Scored]]:
    """Fit and score each row, in order.

    Args:
        rows: what to compare.
        train: what they may learn from.
        test: what they are asked.
        seed: of which turns are timed.
        keep: a folder for scores and vectors; a row found there is not computed again.
        progress: told ("Comparing", rows done, rows in all).

    Raises:
        DataError: no turns to ask about.
        SettingsError: a row needs what is not installed.
        ModelError: a row's weights are missing.
    """
    if not len(test.dialogues):
        raise DataError("wanted turns to judge on, got none")
    progress("Comparing", 0, len(rows))
    for done, row in enumerate(rows, start=1):
        yield row, _kept(row, train, test, seed=seed, keep=keep)
        progress("Comparing", done, len(rows))


def together(lora: Scored, encoder: Scored) -> Scored:
    """The adapter's shares with the mood head's chances beside them, as in use; asked at once."""
    scores = beside(lora.scores, expit(encoder.scores), MOOD_HEAD).astype(np.float32)
    return Scored(scores, lora.kind, lora.ms + encoder.ms, 0.0)


def one_hot(names: Sequence[str], labels: Mapping[str, object] | Sequence[str]) -> Array:
    """Names (n,) as rows of 0 and 1: (n, k).

    Raises:
        DataError: a name that is no label.
    """
    known = list(labels)
    if wrong := sorted(set(names) - set(known)):
        raise DataError(f"wanted one of {', '.join(known)}; got {', '.join(wrong)}")
    return np.eye(len(known), dtype=np.float32)[[known.index(name) for name in names]]


def _kept(row: Row, train: Part, test: Part, *, seed: int, keep: Path | None) -> Scored:
    """A row's scores, from the folder where they are there for the same row, texts and labels."""
    if keep is None:
        return _score(row, train, test, seed=seed)
    digest = hashlib.sha256(f"{row.name}\n{row.tag}\n{seed}\n{N_FORMAT}".encode())
    for part in (train, test):
        digest.update("\n".join(map(row.view, part.dialogues)).encode("utf-8", "replace"))
        digest.update(part.labels.tobytes())
    file = keep / f"{row.name}-{digest.hexdigest()[:16]}.npz"
    if file.is_file():
        with np.load(file, allow_pickle=False) as saved:
            kind: Kind = "shares" if saved["kind"] == "shares" else "margins"
            return Scored(saved["scores"], kind, saved["ms"], float(saved["fit_s"]))
    found = _score(row, train, test, seed=seed)
    keep.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **found._asdict())
    return found


def _score(row: Row, train: Part, test: Part, *, seed: int) -> Scored:
    scorer = row.make()
    start = time.perf_counter()
    scorer.fit([row.view(one) for one in train.dialogues], train.labels)
    fit_s = time.perf_counter() - start
    texts = [row.view(one) for one in test.dialogues]
    scores = scorer.scores(texts)
    drawn = np.random.default_rng(seed).permutation(len(texts))[: N_TIMED + N_WARM]
    alone = [texts[i] for i in drawn]
    times = (
        row.clock(scorer, alone) if row.clock else clock(lambda one: scorer.scores([one]), alone)
    )
    ms = np.full(len(texts), np.nan)
    counted = slice(N_WARM if len(drawn) > N_WARM else 0, None)
    ms[drawn[counted]] = times[counted]
    return Scored(scores, scorer.kind, ms, fit_s)


def clock(read: Callable[[str], object], texts: Sequence[str]) -> Times:
    """Milliseconds of reading each text alone, (n,); the first few are to warm up."""
    times = []
    for text in texts:
        start = time.perf_counter()
        read(text)
        times.append((time.perf_counter() - start) * 1000)
    return np.array(times)
