"""Is the mood read well? `python -m simpatico.eval.mood --data GOEMOTIONS`.

Two questions: against GoEmotions' dev labels (what the words say), and against lines of our own
(what a recommender hears: requests are not feelings).
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.adapters import chosen, gguf_of
from simpatico.agent.llm import OpenAILLM
from simpatico.agent.read.adapter_reader import ADAPTER, AdapterReader
from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.llm_reader import LLMReader
from simpatico.agent.read.mood import MoodHead
from simpatico.calibration import FILE, read_calibration
from simpatico.domain import MOODS, Mood, Turn, UserState, Value
from simpatico.errors import BadReply, DataError
from simpatico.eval.mood_lines import DEV, TEST, Line
from simpatico.finetune.mood import Rows, load_goemotions
from simpatico.modelstore import ModelStore
from simpatico.protocols import Reader
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.titles import TitleIndex
from simpatico.settings import Settings, load_settings

N_BINS = 10


class LabelScore(Value):
    """One label: F1 in [0, 1] and how many rows truly carry it."""

    label: str
    f1: float
    support: int


class MoodReport(Value):
    """How well moods were read over labelled sentences.

    Attributes:
        n: sentences.
        n_unknown: of them, those that no mood was read from; they count as wrong.
        macro_f1, micro_f1: over the 28 labels.
        ece: expected calibration error of all probabilities, 10 bins of equal width.
        ms: median milliseconds per sentence.
        labels: per label.
    """

    n: int
    n_unknown: int
    macro_f1: float
    micro_f1: float
    ece: float
    ms: float
    labels: tuple[LabelScore, ...]


class LineReport(Value):
    """How often the top label is one that we accept. `wrong` holds (line, label)."""

    n: int
    accuracy: float
    wrong: tuple[tuple[str, str], ...]


def evaluate(read: Callable[[str], Mood], rows: Rows) -> MoodReport:
    """Score a reader of single sentences against labels."""
    moods, times = [], []
    for text in rows.texts:
        start = time.perf_counter()
        moods.append(read(text))
        times.append((time.perf_counter() - start) * 1000)
    predicted = np.array([[mood in one.labels for mood in MOODS] for one in moods], dtype=bool)
    truth = rows.labels > 0
    hits = (predicted & truth).sum(axis=0)
    total = predicted.sum(axis=0) + truth.sum(axis=0)
    f1 = 2 * hits / np.maximum(total, 1)  # (28,)
    known = [i for i, one in enumerate(moods) if one.distribution]
    probabilities = np.array([moods[i].distribution for i in known])
    return MoodReport(
        n=len(rows.texts),
        n_unknown=len(moods) - len(known),
        macro_f1=float(f1.mean()),
        micro_f1=float(2 * hits.sum() / max(total.sum(), 1)),
        ece=calibration_error(probabilities, truth[known]) if known else 1.0,
        ms=float(np.median(times)) if times else 0.0,
        labels=tuple(
            LabelScore(label=label, f1=float(f1[i]), support=int(truth[:, i].sum()))
            for i, label in enumerate(MOODS)
        ),
    )


def calibration_error(probabilities: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Mean gap between stated and actual frequency, weighted by bin size (Guo et al., 2017).

    Every (sentence, label) pair is one statement.
    """
    stated, actual = probabilities.ravel(), truth.ravel().astype(float)
    bins = np.minimum((stated * N_BINS).astype(int), N_BINS - 1)
    gaps = [
        abs(stated[bins == b].mean() - actual[bins == b].mean()) * (bins == b).mean()
        for b in range(N_BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def evaluate_lines(read: Callable[[str], Mood], lines: Sequence[Line]) -> LineReport:
    """Score a reader against lines of our own."""
    wrong = tuple(
        (text, label) for text, accepted in lines if (label := read(text).label) not in accepted
    )
    return LineReport(n=len(lines), accuracy=1 - len(wrong) / len(lines), wrong=wrong)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the reports of a reader."""
    parser = argparse.ArgumentParser(description="Evaluate how the mood is read.")
    parser.add_argument("--data", type=Path, required=True, help="folder with dev.tsv")
    parser.add_argument("--n", type=int, default=0, help="rows to draw; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--head", type=Path, help="a mood.npz other than the shipped one")
    parser.add_argument("--reader", choices=("encoder", "llm", "lora"), default="encoder")
    parser.add_argument("--test", action="store_true", help="score our test lines, too")
    options = parser.parse_args(arguments)

    rows = sample(load_goemotions(options.data / "dev.tsv"), n=options.n, seed=options.seed)
    unreadable: list[str] = []
    with _reader(options.reader, options.head, unreadable) as read:
        _print_reports(read, rows, test=options.test)
    if options.reader != "encoder":
        print(f"answers that could not be read: {len(unreadable)}")


@contextmanager
def _reader(name: str, head: Path | None, unreadable: list[str]) -> Iterator[Callable[[str], Mood]]:
    """A reader of single sentences; an answer that cannot be read is an unknown mood, and noted."""
    settings = load_settings()
    encoder = MiniLM(ModelStore(settings.cache).fetch("minilm"))
    reader = EncoderReader(encoder, TitleIndex([]), head=MoodHead(head))
    if name == "encoder":
        yield lambda text: reader.mood([text])
        return
    with _asking(name, settings, reader) as asked:

        def ask(text: str) -> Mood:
            try:
                return asked(text).mood
            except BadReply as error:
                unreadable.append(error.raw)
                return Mood()

        yield ask


@contextmanager
def _asking(
    name: str, settings: Settings, encoder: EncoderReader
) -> Iterator[Callable[[str], UserState]]:
    """A reader that asks the model on this machine: as it is ("llm"), or its adapter ("lora")."""
    from simpatico.agent.engine import LlamaServer  # loads llama.cpp

    model = settings.llm.model
    weights = next(ModelStore(settings.cache).fetch(model).glob("*.gguf"))
    adapter = chosen("reader", model, settings.home) if name == "lora" else None
    if name == "lora" and adapter is None:
        raise DataError(f"no reader adapter is in use for {model}: see `simpatico model list`")
    files = [gguf_of(adapter, weights, settings.cache)] if adapter else []
    with LlamaServer(weights, threads=settings.llm.threads, adapters=files) as (url, key):
        llm = OpenAILLM(
            url, model, key, 60, flavour="llamacpp", adapters=(ADAPTER,) if adapter else ()
        )
        reader: Reader = LLMReader(llm, encoder.rules)
        if adapter is not None:
            found = read_calibration(adapter.folder / FILE)
            reader = AdapterReader(llm, encoder.rules, found, encoder.moods)
        with asyncio.Runner() as runner:
            yield lambda text: runner.run(reader.read([Turn(role="user", text=text)]))
            runner.run(llm.aclose())


def _print_reports(read: Callable[[str], Mood], rows: Rows, *, test: bool) -> None:
    report = evaluate(read, rows)
    print(
        f"GoEmotions dev, n={report.n}: macro-F1 {report.macro_f1:.3f}, micro-F1 "
        f"{report.micro_f1:.3f}, ECE {report.ece:.3f}, unread {report.n_unknown}, "
        f"{report.ms:.1f} ms a sentence"
    )
    for one in report.labels:
        print(f"  {one.label:15} F1 {one.f1:.2f}  n={one.support}")
    for name, lines in (("dev", DEV), ("test", TEST)):
        if name == "dev" or test:
            found = evaluate_lines(read, lines)
            print(f"own {name} lines, n={found.n}: {found.accuracy:.3f} accepted")
            for text, label in found.wrong:
                print(f"  {label:15} {text}")


def sample(rows: Rows, *, n: int, seed: int) -> Rows:
    """Draw `n` rows without replacement; all of them for 0."""
    if not n or n >= len(rows.texts):
        return rows
    drawn = np.random.default_rng(seed).choice(len(rows.texts), n, replace=False)
    ids = tuple(rows.ids[i] for i in drawn) if rows.ids else ()
    return Rows([rows.texts[i] for i in drawn], rows.labels[drawn], ids)


if __name__ == "__main__":
    main()
