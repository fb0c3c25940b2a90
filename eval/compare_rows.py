"""Which rows stand in the tables, and on which data."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from simpatico.agent.read.prototypes import INTENTS as INTENT_SENTENCES
from simpatico.agent.read.prototypes import NEEDS as NEED_SENTENCES
from simpatico.domain import INTENTS, MOODS, NEEDS, Turn
from simpatico.errors import DataError
from simpatico.eval import baselines_text as text_rows
from simpatico.eval.baselines_llm import Adapted, Prompted
from simpatico.eval.baselines_rnn import Recurrent
from simpatico.eval.compare import (
    Dialogue,
    Outcome,
    Part,
    Row,
    choice_table,
    compare,
    mood_table,
    newest,
    one_hot,
)
from simpatico.eval.engine_clock import in_llamacpp
from simpatico.eval.mood import sample
from simpatico.eval.mood_prototypes import MOOD_SENTENCES
from simpatico.eval.replay import RulesReader, written
from simpatico.eval.tables import Table
from simpatico.finetune.causal import CausalModel
from simpatico.finetune.mood import load_goemotions
from simpatico.finetune.reader_dialogues import IntentDialogue, read_iard, split_iard
from simpatico.modelstore import ModelStore
from simpatico.protocols import Encoder, ProgressCallback
from simpatico.reading import INTENT_WORDS, MOOD_WORDS, NEED_WORDS, prompt_of

NAMES = ("nb", "svm", "gru", "lstm", "minilm", "prototypes", "encoder", "base", "lora")
BASE_MODEL = "smollm2-135m-instruct"
N_OWN = 3000
"""Examples of our own that rows which learn needs learn them from."""

TITLES = {
    "nb": "naive Bayes, TF-IDF",
    "svm": "linear SVM, TF-IDF",
    "gru": "GRU",
    "lstm": "LSTM",
    "minilm": "MiniLM + logistic regression",
    "prototypes": "nearest prototype sentences",
    "encoder": "the encoder reader",
    "base": "base model, prompted",
    "lora": "LoRA reader",
}


class Task(NamedTuple):
    """What is read: the labels, their words in an answer, and the sentences that mean them.

    Attributes:
        name: "mood", "intent" or "need".
        labels: names of the columns.
        tables: the words of the answer's codes up to this one.
        sentences: the prototypes, by label.
        ask: how a prompt names the label.
        svm_c, lr_c: strengths of the SVM and of the logistic regression, chosen on rows held out of
            the training part (moods) and on the dev part (intents; needs have the same).
    """

    name: str
    labels: tuple[str, ...]
    tables: tuple[Mapping[str, str], ...]
    sentences: Mapping[str, Sequence[str]]
    ask: str
    svm_c: float = 1.0
    lr_c: float = 30.0


MOOD = Task("mood", MOODS, (MOOD_WORDS,), MOOD_SENTENCES, "Feeling", svm_c=0.1)
NEED = Task("need", NEEDS, (MOOD_WORDS, NEED_WORDS), NEED_SENTENCES, "Need")
INTENT = Task(
    "intent",
    INTENTS,
    (MOOD_WORDS, NEED_WORDS, INTENT_WORDS),
    {name: INTENT_SENTENCES.get(name, ()) for name in INTENTS},
    "Intent",
)


def run(
    task: Literal["mood", "intent", "need"],
    *,
    data: Path | None,
    names: Sequence[str],
    cache: Path,
    progress: ProgressCallback,
    n: int = 0,
    part: str = "test",
    adapter: Path | None = None,
    base: str = BASE_MODEL,
    seed: int = 0,
    keep: Path | None = None,
) -> Table:
    """Make one table; the arguments are those of `rows_of` and of the data of the task.

    Raises:
        DataError: the data or a row's name is not what is wanted.
        SettingsError: a row needs what is not installed.
        ModelError: weights are missing or do not fit.
    """
    found = {"mood": MOOD, "intent": INTENT, "need": NEED}[task]
    rows = rows_of(
        found, names, cache=cache, seed=seed, adapter=adapter, base=base, keep=keep,
        progress=progress,
    )  # fmt: skip
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    if task == "need":
        train, test = own_needs(part=part, seed=seed)
    elif data is None:
        raise DataError("wanted a folder with the data")
    elif task == "mood":
        train, test = goemotions(data, n=n, seed=seed)
    else:
        train, test = intents(data, part=part)
    outcomes = tuple(
        compare(rows, train, test, several=task == "mood", seed=seed, keep=keep, progress=progress)
    )
    if keep:
        _note(keep / f"{task}.json", outcomes)
    n_judged = len(test.dialogues)
    if task == "mood":
        return mood_table(outcomes, n_judged, seed)
    where = f"IARD, {part} part" if task == "intent" else f"our own {part} lines"
    return choice_table(f"{task.capitalize()}s: {where}", outcomes, n_judged, seed)


def rows_of(
    task: Task,
    names: Sequence[str],
    *,
    cache: Path,
    seed: int,
    adapter: Path | None = None,
    base: str = BASE_MODEL,
    keep: Path | None = None,
    progress: ProgressCallback,
) -> tuple[Row, ...]:
    """The rows of a task.

    Args:
        task: what is read.
        names: of `NAMES`; none: all, without "lora" where there is no adapter.
        cache: the folder of the model store.
        seed: of what is drawn and of networks' weights.
        adapter: folder of the LoRA adapter.
        base: its base: a model of the store, a folder, or a hub name.
        keep: folder for vectors.
        progress: told of encoding, training and reading.

    Raises:
        DataError: an unknown row, or "lora" without an adapter.
    """
    if unknown := [name for name in names if name not in NAMES]:
        raise DataError(f"no row {', '.join(unknown)}; the rows are {', '.join(NAMES)}")
    chosen = tuple(names) or tuple(name for name in NAMES if adapter or name != "lora")
    if "lora" in chosen and adapter is None:
        raise DataError("the row lora needs an adapter: give its folder with --adapter")
    store = ModelStore(cache)
    encoders: list[Encoder[str]] = []

    def encoder() -> Encoder[str]:
        from simpatico.retrieval.encoders.minilm import MiniLM

        if not encoders:
            minilm = MiniLM(store.path("minilm"))
            encoders.append(text_rows.KeptVectors(minilm, keep, progress))
        return encoders[0]

    def model(with_adapter: Path | None) -> CausalModel:
        from simpatico.finetune.base import prepare_base

        folder = prepare_base(base, cache, progress)
        return CausalModel(folder, with_adapter, progress=progress)

    def foundation() -> text_rows.Scorer:
        if task.name == "mood":
            return text_rows.EncoderMood(encoder())
        return RulesReader(encoder(), task.name, task.labels)

    def gguf() -> Path:
        return store.path(base) / "model.gguf"

    made: dict[str, Callable[[], text_rows.Scorer]] = {
        "nb": text_rows.NaiveBayes,
        "svm": lambda: text_rows.linear_svm(task.svm_c),
        "gru": lambda: Recurrent("gru", seed=seed, progress=progress),
        "lstm": lambda: Recurrent("lstm", seed=seed, progress=progress),
        "minilm": lambda: text_rows.MiniLMRegression(encoder(), task.lr_c),
        "prototypes": lambda: text_rows.Nearest(encoder(), task.sentences),
        "encoder": foundation,
        "base": lambda: Prompted(model(None), task.tables[-1], task=task.ask, seed=seed),
        "lora": lambda: Adapted(model(adapter), task.tables),
    }
    views: dict[str, Callable[[Dialogue], str]] = {
        "encoder": newest if task.name == "mood" else written,
        "lora": prompt_of,
    }
    clocks = {
        "base": in_llamacpp(gguf, n_tokens=1),
        "lora": in_llamacpp(gguf, n_tokens=len(task.tables), adapter=adapter),
    }
    tags = {
        "svm": f"C {task.svm_c:g}",
        "minilm": f"C {task.lr_c:g}",
        "base": base,
        "lora": f"{base} {_checksum(adapter) if adapter else ''}",
    }
    return tuple(
        Row(
            name=name,
            title=TITLES[name],
            make=made[name],
            view=views.get(name, newest),
            tag=f"{task.name} {tags.get(name, '')}",
            clock=clocks.get(name) if base in store.names() else None,
        )
        for name in chosen
    )


def goemotions(data: Path, *, n: int, seed: int) -> tuple[Part, Part]:
    """GoEmotions' train and dev parts, from the folder that holds them.

    Args:
        data: holds train.tsv and dev.tsv, or goemotions/ that does.
        n: rows of dev to draw; 0: all. All of train is given whatever n is.
        seed: of the draw.

    Raises:
        DataError: a file is missing or is no such split.
    """
    folder = data / "goemotions" if (data / "goemotions").is_dir() else data
    parts = []
    for name in ("train", "dev"):
        file = folder / f"{name}.tsv"
        try:
            rows = load_goemotions(file)
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error}") from error
        if not rows.texts:
            raise DataError(f"{file} is empty: wanted text, label ids, row id")
        parts.append(rows)
    train, dev = parts[0], sample(parts[1], n=n, seed=seed)
    return (
        Part([_said(text) for text in train.texts], train.labels),
        Part([_said(text) for text in dev.texts], dev.labels),
    )


def intents(data: Path, *, part: str = "test") -> tuple[Part, Part]:
    """IARD's training part and the part held out for choosing ("dev") or measuring ("test").

    The split and the titles' writing are those the adapter is trained with, seed 0.

    Raises:
        DataError: the file is missing or is no such set.
    """
    folder = data / "iard" if (data / "iard").is_dir() else data
    split = split_iard(read_iard(folder / "dialogues.json", seed=0))
    return _turns_of(split.train), _turns_of(split.dev if part == "dev" else split.test)


def own_needs(*, part: str = "test", seed: int = 0) -> tuple[Part, Part]:
    """`N_OWN` examples of our own to train on, and our lines to choose by ("dev") or measure on."""
    from simpatico.eval.need_lines import DEV, LINES
    from simpatico.finetune.own_turns import own_examples
    from simpatico.finetune.reader_data import newest as newest_of

    told = {f" {word}": need for need, word in NEED_WORDS.items()}
    examples = own_examples(N_OWN, seed)
    train = Part(
        [_said(newest_of(one)) for one in examples],
        one_hot([told[one.answer[1].text] for one in examples], NEEDS),
    )
    lines = DEV if part == "dev" else LINES
    return train, Part([_said(text) for text, _ in lines], one_hot([b for _, b in lines], NEEDS))


def _note(file: Path, outcomes: Sequence[Outcome]) -> None:
    rows = [one.model_dump(mode="json", exclude_none=True) for one in outcomes]
    file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _turns_of(dialogues: Sequence[IntentDialogue]) -> Part:
    found = [
        (one.turns[: i + 1], intent)
        for one in dialogues
        for i, intent in enumerate(one.intents)
        if intent
    ]
    labels = one_hot([intent for _, intent in found], INTENTS)
    return Part([turns for turns, _ in found], labels)


def _said(text: str) -> Dialogue:
    return (Turn(role="user", text=text),)


def _checksum(adapter: Path) -> str:
    from simpatico.lorafile import sha256_of

    return sha256_of(adapter / "adapter_model.safetensors")
