"""What the reader adapter learns from: public data sets as examples, and the mixture of them.

docs/finetune.md ("Reader data") says what each set gives. Dialogues about films are read by
`reader_dialogues`.
"""

import ast
import csv
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from simpatico.domain import MOODS, Turn
from simpatico.errors import DataError, ModelError
from simpatico.finetune.examples import Example, Piece
from simpatico.finetune.mood import load_goemotions
from simpatico.finetune.reader_dialogues import IntentDialogue, iard, read_iard, redial, split_iard
from simpatico.finetune.recipe import Mixture
from simpatico.protocols import ProgressCallback
from simpatico.reading import MOOD_WORDS, N_EARLIER, STANCE_WORDS, codes_of, prompt_of
from simpatico.text import fold

GOEMOTIONS_COUNTS: dict[str, int] = {
    "neutral": 14219,
    "admiration": 4130,
    "approval": 2939,
    "gratitude": 2662,
    "annoyance": 2470,
    "amusement": 2328,
    "love": 2086,
    "disapproval": 2022,
    "optimism": 1581,
    "anger": 1567,
    "joy": 1452,
    "confusion": 1368,
    "sadness": 1326,
    "disappointment": 1269,
    "caring": 1087,
    "surprise": 1060,
    "excitement": 853,
    "fear": 596,
    "remorse": 545,
    "nervousness": 164,
    "relief": 153,
    "pride": 111,
    "grief": 77,
}
"""How many sentences of GoEmotions' training split carry a label, for the labels needed here."""

EMORY_MOODS: dict[str, tuple[str, ...]] = {
    "Neutral": ("neutral",),
    "Joyful": ("admiration", "gratitude", "amusement", "love", "joy", "excitement"),
    "Sad": ("sadness", "disappointment", "remorse", "grief"),
    "Mad": ("annoyance", "disapproval", "anger"),
    "Scared": ("confusion", "surprise", "fear", "nervousness"),
    "Peaceful": ("approval", "gratitude", "caring", "relief"),
    "Powerful": ("admiration", "approval", "optimism", "pride"),
}
"""EmoryNLP's emotions (Willcox's feeling wheel) as moods of ours."""

LEAST_SHARE = 0.01
"""What the teacher thinks less likely than this is not learnt."""

HALF_NEUTRAL = ("Peaceful", "Powerful")
"""Their sentences hardly differ from others, so half of the truth is "neutral"."""

_EMORY_COLUMNS = ("Utterance", "Speaker", "Emotion", "Scene_ID", "Season", "Episode")


def goemotions(
    file: Path,
    *,
    teacher_weight: float = 0.0,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> list[Example]:
    """Sentences of GoEmotions (Demszky et al., ACL 2020); several labels share equally.

    Args:
        file: text, label ids and row id, separated by tabs.
        teacher_weight: see `Mixture`.
        seed: of the teacher's folds.
        progress: told of it.

    Raises:
        DataError: the file cannot be read, is empty, or has a line that is no such row.
        ModelError: a teacher is wanted and scikit-learn is not installed.
    """
    try:
        rows = load_goemotions(file)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    if not rows.texts:
        raise DataError(f"{file} is empty: wanted text, label ids, row id")
    shares = rows.labels / rows.labels.sum(axis=1, keepdims=True)
    if teacher_weight:
        if find_spec("sklearn") is None:
            raise ModelError("a teacher needs scikit-learn: pip install 'simpatico[train]'")
        from simpatico.finetune.linear import out_of_fold_shares

        other = out_of_fold_shares(rows.texts, rows.labels, seed=seed, progress=progress)
        shares = (1 - teacher_weight) * shares + teacher_weight * np.where(
            other < LEAST_SHARE, 0, other
        )
        shares /= shares.sum(axis=1, keepdims=True)
    return [
        _mood_example(
            [Turn(role="user", text=text)],
            {MOODS[i]: float(row[i]) for i in np.argsort(-row, kind="stable") if row[i]},
            "goemotions",
        )
        for text, row in zip(rows.texts, shares, strict=True)
    ]


def emory_shares(emotion: str) -> dict[str, float]:
    """An emotion of EmoryNLP as shares of moods, the largest first; they sum to 1.

    Within the group a mood's share is its frequency in GoEmotions: what the group says is left
    open as it is in the larger set.
    """
    moods = EMORY_MOODS[emotion]
    total = sum(GOEMOTIONS_COUNTS[mood] for mood in moods)
    whole = 0.5 if emotion in HALF_NEUTRAL else 1.0
    shares = {mood: whole * GOEMOTIONS_COUNTS[mood] / total for mood in moods}
    if whole < 1:
        shares["neutral"] = 1 - whole
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def emorynlp(file: Path) -> list[Example]:
    """Utterances of EmoryNLP (Zahiri and Choi, 2018), each after up to two of the same scene.

    What somebody else than the newest speaker said is the assistant's turn.

    Raises:
        DataError: the file cannot be read, is empty, lacks a column, or names another emotion.
    """
    shares = {emotion: emory_shares(emotion) for emotion in EMORY_MOODS}
    scene: list[tuple[frozenset[str], str]] = []
    place: tuple[str, ...] = ()
    out = []
    for number, row in _csv_rows(file, _EMORY_COLUMNS):
        if row["Emotion"] not in EMORY_MOODS:
            known = ", ".join(EMORY_MOODS)
            raise DataError(f"{file}:{number}: wanted one of {known}; got {row['Emotion']!r}")
        try:
            who = frozenset(ast.literal_eval(row["Speaker"]))
        except (ValueError, SyntaxError, TypeError) as error:
            raise DataError(f"{file}:{number}: Speaker: wanted a list of names") from error
        here = (row["Season"], row["Episode"], row["Scene_ID"])
        if here != place:
            scene, place = [], here
        scene.append((who, row["Utterance"]))
        turns = [
            Turn(role="user" if speaker & who else "assistant", text=text)
            for speaker, text in scene[-N_EARLIER - 1 :]
        ]
        out.append(_mood_example(turns, shares[row["Emotion"]], "emorynlp"))
    if not out:
        raise DataError(f"{file}:2: empty: wanted one utterance a row")
    return out


def mixture(
    data_dir: Path,
    plan: Mixture,
    *,
    own: Sequence[Example],
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> list[Example]:
    """Examples for a reader, shuffled.

    Each source is drawn from without repeats while it lasts, then again. GoEmotions and EmoryNLP
    give their training files, IARD its training part. ReDial's dialogues that IARD chooses by or
    measures on are left out, and so is the tenth of ReDial that is held out.

    Args:
        data_dir: holds goemotions/, emorynlp/, iard/, redial/, as far as they are wanted.
        plan: how many of each.
        own: examples of our own, for the whole answer.
        seed: of the draw, the splits and how titles are written.
        progress: told of the teacher's learning, which takes a minute or two.

    Raises:
        DataError: a set is missing or is not what its loader wants.
        ModelError: a teacher is wanted and scikit-learn is not installed.
    """
    sources: list[tuple[list[Example], int]] = [(list(own), plan.own)]
    if plan.goemotions:
        file = data_dir / "goemotions" / "train.tsv"
        rows = goemotions(file, teacher_weight=plan.teacher_weight, seed=seed, progress=progress)
        sources.append((rows, plan.goemotions))
    if plan.emorynlp:
        rows = emorynlp(data_dir / "emorynlp" / "emorynlp_train_final.csv")
        sources.append((rows, plan.emorynlp))
    if plan.iard or plan.redial:
        split = split_iard(read_iard(data_dir / "iard" / "dialogues.json", seed=seed))
        if plan.iard:
            sources.append((_iard(split.train, plan.iard, seed), plan.iard))
        measured = {one.id for one in (*split.dev, *split.test)}
        if plan.redial:
            rows = redial(data_dir / "redial" / "train.jsonl", skip=measured, seed=seed)
            liked = codes_of(STANCE_WORDS, "liked")
            plain: list[Example] = []
            other: list[Example] = []
            for row in rows:
                learnt = {piece.text for piece in row.answer if piece.weight}
                (plain if learnt == {liked} else other).append(row)
            half = plan.redial // 2
            sources += [(plain, plan.redial - half), (other, half)]
    rng = np.random.default_rng(seed)
    drawn = [example for rows, n in sources for example in _draw(rows, n, rng)]
    return [drawn[i] for i in rng.permutation(len(drawn))]


def _iard(dialogues: Sequence[IntentDialogue], n: int, seed: int) -> list[Example]:
    """At least n examples; a turn that comes again has another mood and need before its intent."""
    rows = iard(dialogues, seed=seed)
    rounds = -(-n // len(rows)) if rows else 0
    return rows + [row for i in range(1, rounds) for row in iard(dialogues, seed=seed + i)]


def newest(example: Example) -> str:
    """The message that an example reads."""
    return example.prompt.removesuffix("\nread:").rpartition("\n")[2].removeprefix("them: ")


def overlap(train_texts: Iterable[str], test_texts: Iterable[str]) -> tuple[str, ...]:
    """Test texts that the training texts hold too, but for case, accents and punctuation."""
    known = {fold(text) for text in train_texts}
    return tuple(text for text in test_texts if fold(text) in known)


def _mood_example(turns: Sequence[Turn], shares: dict[str, float], source: str) -> Example:
    codes = tuple((codes_of(MOOD_WORDS, mood), share) for mood, share in shares.items())
    piece = Piece(text=codes[0][0], shares=codes if len(codes) > 1 else ())
    return Example(prompt=prompt_of(turns), answer=(piece,), source=source)


def _draw(rows: Sequence[Example], n: int, rng: np.random.Generator) -> list[Example]:
    if n and not rows:
        raise DataError(f"wanted {n} examples, got none to draw from")
    out: list[Example] = []
    while len(out) < n:
        out += [rows[i] for i in rng.permutation(len(rows))[: n - len(out)]]
    return out


def _csv_rows(file: Path, columns: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise DataError(f"{file}:1: wanted the columns {', '.join(missing)}")
            for row in reader:
                if any(row[name] is None for name in columns):
                    raise DataError(
                        f"{file}:{reader.line_num}: wanted {len(columns)} or more cells"
                    )
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
