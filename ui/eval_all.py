"""`simpatico eval all`: every task that the data at hand allow, each in a process of its own."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from simpatico.errors import DataError
from simpatico.ui.progress import console, progress_bars

SUMMARY = "all.json"
_TRAINED = "fusion"
_COUNTERS = "Markov both ways, window 20;Markov, window 10;ItemKNN with recency;EASE;popularity"


class Step(NamedTuple):
    """One task.

    Attributes:
        name: of its folder.
        words: of its command, after `simpatico eval`, without `--out`; "{out}" in one is the
            folder of all runs.
        without: what is missing for it; "": nothing.
    """

    name: str
    words: tuple[str, ...]
    without: str = ""


class Came(NamedTuple):
    """What came of a step: "run", "kept" (the same command had run), "left out" or "failed"."""

    name: str
    state: str
    why: str


def steps_in(data: Path, *, n: int = 0, model: Path | None = None) -> tuple[Step, ...]:
    """All tasks, with what each lacks.

    Args:
        data: a folder with data sets, each in the folder that docs/data.md names.
        n: at most so many sentences, turns, states; 0: as many as each task has.
        model: a folder that `simpatico train redial` wrote.
    """
    some = ("--n", str(n)) if n else ()
    learns = "" if find_spec("sklearn") else "scikit-learn"
    torch = "" if find_spec("torch") else "torch"
    readers = "encoder" if learns else "encoder,svm,nb"
    exporting = "" if find_spec("onnxscript") else "onnxscript"
    private = "" if find_spec("opacus") else "opacus"
    films, talks = data / "ml-posters", data / "redial/train.jsonl"
    tags = data / "movie-tags/movies_w_keywords.csv"
    events = next(
        (file for file in (data / "ml-100k/ml-100k.inter", data / "ml-latest-small/ratings.csv")
         if file.is_file()), data / "ml-100k/ml-100k.inter",
    )  # fmt: skip
    dialogues = next(
        iter(sorted((data / "redial").glob("test*.jsonl"))), data / "redial/test.jsonl"
    )
    rankers = _COUNTERS if torch else f"{_TRAINED};{_COUNTERS}"

    def step(name: str, *words: str | Path, files: Sequence[Path] = (), lacks: str = "") -> Step:
        missing = [str(file) for file in files if not file.exists()]
        without = ", ".join([*missing, *([lacks] if lacks else [])])
        return Step(name, (*name.split("/")[:1], *map(str, words)), without)

    return (
        step("mood", "--data", data / "goemotions", "--system", readers, *some,
             files=(data / "goemotions/train.tsv", data / "goemotions/dev.tsv")),
        step("intent", "--data", data / "iard", "--system", readers, *some,
             files=(data / "iard/dialogues.json",)),
        step("need", "--system", readers, *some),
        step("explain", "--n-base", "0", *some),
        step("simulate", *some),
        step("system", "--no-llm"),
        step("ranking", "--data", events, "--part", "test", "--system", rankers, files=(events,)),
        step("fairness", "--data", events.parent, "--keep", "{out}/ranking/kept", files=(events,)),
        step("purchase", "--data", data / "jdata-micro",
             files=(data / "jdata-micro/events.csv",), lacks=torch or learns),
        step("multimodal", "--data", data / "fashion-products",
             files=(data / "fashion-products/items.csv",)),
        step("multimodal/films", "--interactions", events, "--films", films, "--part", "test",
             files=(events, films / "items.csv"), lacks=torch),
        step("redial", "--data", dialogues, "--items", data / "redial/items.json", "--model",
             model or "", files=(dialogues, data / "redial/items.json"),
             lacks=torch or ("" if model else "--model")),
        step("tone", "--tags", tags, files=(tags, Path("retrieval/packs/movies/annotations.tsv"))),
        step("music-mood", "--data", data / "emotify", files=(data / "emotify/annotations.csv",)),
        step("offpolicy", "--simulate", str(n or 200), "--share", "0.2"),
        step("privacy", "--data", events, "--part", "test", files=(events,),
             lacks=torch or private),
        step("dialogues", "--data", talks, files=(talks,), lacks=torch or exporting or learns),
        step("deletion", "--data", talks, files=(talks,), lacks=torch or exporting),
    )  # fmt: skip


def eval_all(
    data: Annotated[Path, typer.Option(help="a folder with data sets, each in its own folder")],
    out: Annotated[Path, typer.Option(help="a folder for the runs, one for each task")],
    model: Annotated[
        Path | None, typer.Option(help="a folder that `simpatico train redial` wrote")
    ] = None,
    n: Annotated[
        int, typer.Option(help="at most so many sentences, turns, states; 0: all", min=0)
    ] = 0,
    only: Annotated[str, typer.Option(help="some of the tasks, parted by ','")] = "",
    workers: Annotated[int, typer.Option(help="tasks at once, each a process", min=1)] = 1,
) -> None:
    """Run every task that the data at hand allow; say what was left out, and why."""
    if not data.is_dir():
        raise DataError(f"wanted a folder with data sets, {data} is none")
    steps = steps_in(data, n=n, model=model)
    wanted = {name.strip() for name in only.split(",") if name.strip()}
    if unknown := wanted - {each.name for each in steps}:
        names = ", ".join(each.name for each in steps)
        raise DataError(f"no task {', '.join(sorted(unknown))}; the tasks are {names}")
    chosen = [each for each in steps if not wanted or each.name in wanted]
    out.mkdir(parents=True, exist_ok=True)
    came: dict[str, Came] = {}
    with progress_bars() as show, ThreadPoolExecutor(workers) as pool:
        show("Tasks", 0, len(chosen))
        for done in as_completed([pool.submit(_run, each, out) for each in chosen]):
            one = done.result()
            came[one.name] = one
            show("Tasks", len(came), len(chosen))
    told = [came[each.name] for each in chosen]
    (out / SUMMARY).write_text(json.dumps([each._asdict() for each in told], indent=1) + "\n")
    for each in told:
        typer.echo(f"{each.name}\t{each.state}\t{each.why}")
    console.print(f"written to {out}", markup=False)
    if any(each.state == "failed" for each in told):
        raise typer.Exit(1)


def _run(step: Step, out: Path) -> Came:
    """Run a step, unless the very command has run to its end before."""
    folder = out / step.name
    words = [*(word.replace("{out}", str(out)) for word in step.words), "--out", str(folder)]
    asked = shlex.join(["simpatico", "eval", *words])
    if step.without:
        return Came(step.name, "left out", f"without {step.without}")
    mark = folder / "command.txt"
    if mark.is_file() and mark.read_text("utf-8") == asked:
        return Came(step.name, "kept", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "simpatico.ui.cli", "eval", *words],
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        return Came(step.name, "failed", lines[-1] if lines else f"exit {done.returncode}")
    mark.write_text(asked, encoding="utf-8")
    return Came(step.name, "run", str(folder))
