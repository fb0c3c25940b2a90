"""Which readers are compared, by name or address, and on which data."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from simpatico.agent.read.prototypes import INTENTS as INTENT_SENTENCES
from simpatico.agent.read.prototypes import NEEDS as NEED_SENTENCES
from simpatico.domain import INTENTS, MOODS, NEEDS, Turn
from simpatico.errors import DataError
from simpatico.eval import baselines_text as text_rows
from simpatico.eval import need_lines
from simpatico.eval.asked_labels import AskedLabels
from simpatico.eval.baselines_llm import Adapted, Prompted
from simpatico.eval.baselines_rnn import Recurrent
from simpatico.eval.compare import Dialogue, Part, Row, newest, one_hot
from simpatico.eval.crossfit import N_FOLDS
from simpatico.eval.endpoint import Endpoint, is_url
from simpatico.eval.engine_clock import in_llamacpp
from simpatico.eval.mood_prototypes import MOOD_SENTENCES
from simpatico.eval.reading_runs import Asked, run
from simpatico.eval.record import Run
from simpatico.eval.replay import RulesReader, written
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


def measure(
    task: Literal["mood", "intent", "need"],
    *,
    data: Path | None,
    names: Sequence[str],
    cache: Path,
    progress: ProgressCallback,
    command: str,
    n: int = 0,
    part: str = "test",
    adapter: Path | None = None,
    base: str = BASE_MODEL,
    seed: int = 0,
    keep: Path | None = None,
    key: str = "",
) -> Run:
    """Ask the readers of `rows_of` about the data of a task.

    Args:
        task: what is read.
        data: its folder; needs have their own lines.
        names: see `rows_of`.
        cache: the folder of the model store.
        progress: told of rows and of what each does.
        command: for the record.
        n: turns to draw; 0: all.
        part: "dev" to choose by, "test" to measure on; of moods there is one.
        adapter: see `rows_of`.
        base: see `rows_of`.
        seed: of draws, folds and weights.
        keep: a folder for scores, vectors and answers.
        key: see `rows_of`.

    Raises:
        DataError: the data or a row's name is not what is wanted.
        SettingsError: a row needs what is not installed.
        ModelError: weights are missing or do not fit.
        LLMUnavailable: a server is gone.
    """
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    rows = rows_of(
        {"mood": MOOD, "intent": INTENT, "need": NEED}[task], names, cache=cache, seed=seed,
        adapter=adapter, base=base, keep=keep, key=key, progress=progress,
    )  # fmt: skip
    asked = asked_of(task, data=data, n=n, part=part, seed=seed)
    return run(asked, rows, command=command, seed=seed, keep=keep, progress=progress)


def asked_of(
    task: Literal["mood", "intent", "need"],
    *,
    data: Path | None,
    n: int = 0,
    part: str = "test",
    seed: int = 0,
) -> Asked:
    """What readers are asked; the arguments are those of `measure`.

    Raises:
        DataError: the data are not what is wanted.
    """
    if task == "need":
        train, test = own_needs(part=part, seed=seed)
        title, labels, files = f"Needs: our own {part} lines", NEEDS, [Path(need_lines.__file__)]
    elif data is None:
        raise DataError("wanted a folder with the data")
    elif task == "mood":
        folder = data / "goemotions" if (data / "goemotions").is_dir() else data
        train, test = goemotions(folder)
        title, labels = "Moods: GoEmotions dev", MOODS
        files = [folder / "train.tsv", folder / "dev.tsv"]
    else:
        folder = data / "iard" if (data / "iard").is_dir() else data
        train, test = intents(folder, part=part)
        title, labels = f"Intents: IARD, {part} part", INTENTS
        files = [folder / "dialogues.json"]
    n_all = len(test.dialogues)
    test = _drawn(test, n, seed)
    if len(test.dialogues) < N_FOLDS:
        raise DataError(f"wanted at least {N_FOLDS} turns to judge on, got {len(test.dialogues)}")
    drawn = f"{len(test.dialogues):,} of {n_all:,}"
    if len(test.dialogues) < n_all:
        drawn += f", drawn by seed {seed}"
    return Asked(
        task, title, labels, task == "mood", train, test, tuple(files),
        {"turns": drawn, "learnt from": f"{len(train.dialogues):,} turns"},
    )  # fmt: skip


def _drawn(part: Part, n: int, seed: int) -> Part:
    if not n or n >= len(part.dialogues):
        return part
    at = np.random.default_rng(seed).choice(len(part.dialogues), n, replace=False)
    return Part([part.dialogues[i] for i in at], part.labels[at], tuple(part.ids[i] for i in at))


def rows_of(
    task: Task,
    names: Sequence[str],
    *,
    cache: Path,
    seed: int,
    adapter: Path | None = None,
    base: str = BASE_MODEL,
    keep: Path | None = None,
    key: str = "",
    progress: ProgressCallback,
) -> tuple[Row, ...]:
    """The rows of a task.

    Args:
        task: what is read.
        names: of `NAMES`, or addresses of servers (`simpatico.eval.endpoint`); none: all of
            `NAMES`, without "lora" where there is no adapter.
        cache: the folder of the model store.
        seed: of what is drawn and of networks' weights.
        adapter: folder of the LoRA adapter.
        base: its base: a model of the store, a folder, or a hub name.
        keep: folder for vectors.
        key: of the servers; "": none.
        progress: told of encoding, training and reading.

    Raises:
        DataError: an unknown row, or "lora" without an adapter.
        LLMUnavailable: nobody listens at an address.
    """
    if unknown := [name for name in names if name not in NAMES and not is_url(name)]:
        told = f"no row {', '.join(unknown)}; the rows are {', '.join(NAMES)}"
        raise DataError(f"{told}, or the address of a server, http://...")
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

    def server(url: str) -> Row:
        endpoint = Endpoint(url, keep=keep, key=key)
        asked = AskedLabels(
            endpoint, task.name, task.labels, several=task.name == "mood", progress=progress
        )
        return Row(
            endpoint.name, endpoint.name, lambda: asked, written, url,
            lambda scorer, texts: asked.ms(texts), answers=True,
        )  # fmt: skip

    return tuple(
        server(name)
        if is_url(name)
        else Row(
            name=name,
            title=TITLES[name],
            make=made[name],
            view=views.get(name, newest),
            tag=f"{task.name} {tags.get(name, '')}",
            clock=clocks.get(name) if base in store.names() else None,
        )
        for name in chosen
    )


def goemotions(folder: Path) -> tuple[Part, Part]:
    """GoEmotions' train and dev parts, from the folder that holds train.tsv and dev.tsv.

    Raises:
        DataError: a file is missing or is no such split.
    """
    parts = []
    for name in ("train", "dev"):
        file = folder / f"{name}.tsv"
        try:
            rows = load_goemotions(file)
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error}") from error
        if not rows.texts:
            raise DataError(f"{file} is empty: wanted text, label ids, row id")
        parts.append(Part([_said(text) for text in rows.texts], rows.labels, _distinct(rows.ids)))
    return parts[0], parts[1]


def intents(folder: Path, *, part: str = "test") -> tuple[Part, Part]:
    """IARD's training part and the part held out for choosing ("dev") or measuring ("test").

    The split and the titles' writing are those the adapter is trained with, seed 0.

    Raises:
        DataError: the file is missing or is no such set.
    """
    split = split_iard(read_iard(folder / "dialogues.json", seed=0))
    return _turns_of(split.train), _turns_of(split.dev if part == "dev" else split.test)


def own_needs(*, part: str = "test", seed: int = 0) -> tuple[Part, Part]:
    """`N_OWN` examples of our own to train on, and our lines to choose by ("dev") or measure on."""
    from simpatico.finetune.own_turns import own_examples
    from simpatico.finetune.reader_data import newest as newest_of

    told = {f" {word}": need for need, word in NEED_WORDS.items()}
    examples = own_examples(N_OWN, seed)
    train = Part(
        [_said(newest_of(one)) for one in examples],
        one_hot([told[one.answer[1].text] for one in examples], NEEDS),
        tuple(f"own {at}" for at in range(len(examples))),
    )
    lines = need_lines.DEV if part == "dev" else need_lines.LINES
    return train, Part(
        [_said(text) for text, _ in lines],
        one_hot([need for _, need in lines], NEEDS),
        tuple(f"{part} {at}" for at in range(len(lines))),
    )


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names with "#2" behind those that came before."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(found)


def _turns_of(dialogues: Sequence[IntentDialogue]) -> Part:
    found = [
        (one.turns[: i + 1], intent, f"{one.id}:{i}")
        for one in dialogues
        for i, intent in enumerate(one.intents)
        if intent
    ]
    labels = one_hot([intent for _, intent, _ in found], INTENTS)
    return Part([turns for turns, _, _ in found], labels, _distinct([name for *_, name in found]))


def _said(text: str) -> Dialogue:
    return (Turn(role="user", text=text),)


def _checksum(adapter: Path) -> str:
    from simpatico.lorafile import sha256_of

    return sha256_of(adapter / "adapter_model.safetensors")
