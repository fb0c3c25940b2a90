"""`simpatico eval ...`: is it good?"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from simpatico.errors import SettingsError
from simpatico.settings import load_settings
from simpatico.ui.eval_all import eval_all
from simpatico.ui.feedback_cli import eval_feedback
from simpatico.ui.hostile_cli import eval_fuzz, eval_injection
from simpatico.ui.media_cli import eval_cross_modal, eval_music_mood
from simpatico.ui.multimodal_cli import eval_multimodal
from simpatico.ui.next_item_cli import eval_privacy
from simpatico.ui.people_cli import eval_fairness, eval_simulate, eval_system
from simpatico.ui.progress import console, progress_bars, set_up_logging
from simpatico.ui.redial_cli import eval_redial
from simpatico.ui.run_cli import (
    KeyEnv,
    RunOut,
    as_folder,
    command,
    finish,
    kept_in,
    key_in,
    names_in,
)

if TYPE_CHECKING:
    from simpatico.eval.tables import Table

evaluate = typer.Typer(help="Measure how good it is.", no_args_is_help=True)
evaluate.command("redial")(eval_redial)
evaluate.command("fuzz")(eval_fuzz)
evaluate.command("injection")(eval_injection)
evaluate.command("cross-modal")(eval_cross_modal)
evaluate.command("music-mood")(eval_music_mood)
evaluate.command("multimodal")(eval_multimodal)
evaluate.command("all")(eval_all)
evaluate.command("privacy")(eval_privacy)
evaluate.command("fairness")(eval_fairness)
evaluate.command("simulate")(eval_simulate)
evaluate.command("system")(eval_system)
evaluate.command("feedback")(eval_feedback)

Adapter = Annotated[
    Path | None, typer.Option(help="the LoRA adapter's folder; without it there is no row lora")
]
Base = Annotated[str, typer.Option(help="its base: a model of the store, a folder or a hub name")]
Systems = Annotated[
    list[str],
    typer.Option(
        "--system", "--rows", default_factory=list,
        help="some of nb,svm,gru,lstm,minilm,prototypes,encoder,base,lora, or the address of a"
        " server, http://host:port/v1#model; may be given again",
    ),
]  # fmt: skip
Every = Annotated[bool, typer.Option("--compare", help="all readers that run here")]
Seed = Annotated[int, typer.Option(help="of draws, folds and weights")]
Keep = Annotated[
    Path | None,
    typer.Option(help="a folder for scores and vectors; what it has is not computed again"),
]
Out = Annotated[Path | None, typer.Option(help="also write the table here, as Markdown")]
_BASE = "smollm2-135m-instruct"


@evaluate.command("openings")
def openings(
    out: Annotated[Path, typer.Option(help="the Markdown page to write")],
) -> None:
    """Run twenty ways to begin a conversation through `ask`, for people to read."""
    from simpatico.eval.openings import LINES, run, to_markdown

    settings = load_settings()
    set_up_logging(settings.log_level)
    found = []
    with progress_bars() as show:
        show("Asking", 0, len(LINES))
        for opening in run(settings.home):
            found.append(opening)
            show("Asking", len(found), len(LINES))
    out.write_text(to_markdown(found), encoding="utf-8")
    console.print(f"written to {out}")


@evaluate.command("mood")
def mood(
    systems: Systems,
    data: Annotated[Path, typer.Option(help="a folder with GoEmotions' train.tsv and dev.tsv")],
    n: Annotated[int, typer.Option(help="how many sentences of dev; 0: all", min=0)] = 0,
    reader: Annotated[
        str, typer.Option(help="encoder, llm or lora: what ships, as in use, on dev and our lines")
    ] = "",
    every: Every = False,
    adapter: Adapter = None,
    base: Base = _BASE,
    seed: Seed = 0,
    keep: Keep = None,
    key_env: KeyEnv = "",
    out: RunOut = None,
) -> None:
    """Measure how moods are read, on GoEmotions' dev part."""
    if reader:
        if systems or every or adapter or keep or key_env or out:
            raise SettingsError("--reader goes with --data, --n and --seed alone")
        from simpatico.eval.mood import main

        given = {"--data": data, "--reader": reader, "--n": n, "--seed": seed}
        main([str(word) for pair in given.items() for word in pair])
        return
    _read("mood", systems, every, data, n, "dev", adapter, base, seed, keep, key_env, out)


@evaluate.command("intent")
@evaluate.command("intents", hidden=True)
def intent(
    systems: Systems,
    data: Annotated[Path, typer.Option(help="a folder with IARD's dialogues.json")],
    n: Annotated[int, typer.Option(help="how many turns; 0: all", min=0)] = 0,
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="held out to choose by, or to measure on")
    ] = "test",
    every: Every = False,
    adapter: Adapter = None,
    base: Base = _BASE,
    seed: Seed = 0,
    keep: Keep = None,
    key_env: KeyEnv = "",
    out: RunOut = None,
) -> None:
    """Measure how intents are read, on held-out dialogues of IARD."""
    _read("intent", systems, every, data, n, part, adapter, base, seed, keep, key_env, out)


@evaluate.command("need")
@evaluate.command("needs", hidden=True)
def need(
    systems: Systems,
    n: Annotated[int, typer.Option(help="how many lines; 0: all", min=0)] = 0,
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="our 100 lines to choose by, or the 300 kept")
    ] = "test",
    every: Every = False,
    adapter: Adapter = None,
    base: Base = _BASE,
    seed: Seed = 0,
    keep: Keep = None,
    key_env: KeyEnv = "",
    out: RunOut = None,
) -> None:
    """Measure how needs are read, on lines of our own."""
    _read("need", systems, every, None, n, part, adapter, base, seed, keep, key_env, out)


def _read(
    task: Literal["mood", "intent", "need"],
    systems: list[str],
    every: bool,
    data: Path | None,
    n: int,
    part: str,
    adapter: Path | None,
    base: str,
    seed: int,
    keep: Path | None,
    key_env: str,
    out: Path | None,
) -> None:
    from simpatico.eval.compare_rows import measure

    as_folder(out)
    names = names_in(systems)
    key = key_in(key_env, *(name for name in names if "://" in name))
    settings = load_settings()
    set_up_logging(settings.log_level)
    with progress_bars() as show:
        found = measure(
            task,
            data=data,
            n=n,
            part=part,
            names=names or (() if every else ("encoder",)),
            cache=settings.cache,
            adapter=adapter,
            base=base,
            seed=seed,
            keep=kept_in(out, keep),
            key=key,
            command=command(),
            progress=show,
        )
    finish(found, out)


def _show(table: "Table", out: Path | None) -> None:
    _show_all((table,), out)


def _show_all(tables: "Sequence[Table]", out: Path | None) -> None:
    from simpatico.ui.tables import show_all

    show_all(tables, out)


@evaluate.command("ranking")
def ranking(
    data: Annotated[Path, typer.Option(help="interactions: .inter, or MovieLens' ratings.csv")],
    systems: Annotated[
        list[str],
        typer.Option(
            "--system",
            "--rows",
            default_factory=list,
            help="rows, parted by ';', the one that matters first; without it: ours and counters",
        ),
    ],
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="to choose settings by, or to report")
    ] = "dev",
    seeds: Annotated[int, typer.Option(help="runs of what has chance in it", min=1)] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="a folder for what is finished: it is not run again")
    ] = None,
    out: RunOut = None,
) -> None:
    """Judge the next item over the whole catalogue: the fusion ranker and the baselines."""
    from simpatico.eval.ranking import run

    as_folder(out)
    set_up_logging(load_settings().log_level)
    names = tuple(name.strip() for name in ";".join(systems).split(";") if name.strip())
    with progress_bars() as show:
        found = run(
            data,
            part=part,
            names=names,
            n_seeds=seeds,
            keep=kept_in(out, keep),
            command=command(),
            progress=show,
        )
    finish(found, out)


@evaluate.command("modalities")
def modalities(
    data: Annotated[Path, typer.Option(help="interactions: .inter, or MovieLens' ratings.csv")],
    films: Annotated[Path, typer.Option(help="a folder with items.csv and images/ of the films")],
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="to choose settings by, or to report")
    ] = "dev",
    rows: Annotated[
        str, typer.Option(help="some of the rows, parted by ';'; without it: all")
    ] = "",
    seeds: Annotated[int, typer.Option(help="draws of cold films, and weights", min=1, max=5)] = 1,
    epochs: Annotated[int, typer.Option(help="over what is learnt from", min=1)] = 3,
    keep: Keep = None,
    out: Out = None,
) -> None:
    """Judge the fusion ranker with and without text and posters, on all and on cold items."""
    from simpatico.eval.modalities import run
    from simpatico.eval.modality_rows import Recipe, rows_of

    set_up_logging(load_settings().log_level)
    with progress_bars() as show:
        found = run(
            data,
            films,
            part=part,
            rows=rows_of(rows),
            recipe=Recipe(epochs=epochs),
            seeds=range(seeds),
            keep=keep,
            progress=show,
        )
    _show_all(found.tables, out)


@evaluate.command("dialogues")
def dialogues(
    data: Annotated[Path, typer.Option(help="ReDial's training dialogues, train.jsonl")],
    seed: Seed = 0,
    out: RunOut = None,
) -> None:
    """Judge what is offered next in dialogues: the fusion ranker, the linear one and counters."""
    as_folder(out)
    finish(_with_films("dialogue_ranking", data, seed=seed), out)


@evaluate.command("deletion")
def deletion(
    data: Annotated[Path, typer.Option(help="ReDial's training dialogues, train.jsonl")],
    seed: Seed = 0,
    keep: Annotated[
        Path | None, typer.Option(help="a folder for the trained ranker; used if it is there")
    ] = None,
    out: RunOut = None,
) -> None:
    """Take away what the films' reasons name, and see how far the films fall: two runs."""
    as_folder(out)
    runs = _with_films("deletion", data, seed=seed, keep=kept_in(out, keep))
    for name, each in runs.items():
        finish(each, out / name if out else None)


def _with_films(task: str, data: Path, **options: Any) -> Any:
    """Run a task that trains the films' ranker on a part of dialogues."""
    from simpatico.modelstore import ModelStore
    from simpatico.optional import needs as needs_library
    from simpatico.retrieval.encoders.minilm import MiniLM
    from simpatico.retrieval.packs import load_pack

    for library in ("torch", "onnxscript"):
        needs_library(library, library, "the ranker's training")
    run = importlib.import_module(f"simpatico.eval.{task}").run
    settings = load_settings()
    set_up_logging(settings.log_level)
    with progress_bars() as show:
        encoder = MiniLM(ModelStore(settings.cache).fetch("minilm", progress=show))
        return run(data, load_pack("movies"), encoder, command=command(), progress=show, **options)


@evaluate.command("purchase")
def purchase(
    data: Annotated[Path, typer.Option(help="events.csv, items.csv and candidates.csv are in it")],
    seed: Seed = 0,
    seeds: Annotated[int, typer.Option(help="networks, from the first seed on", min=1)] = 5,
    options: Annotated[
        bool, typer.Option("--options", help="compare ways to treat missing numbers instead")
    ] = False,
    example: Annotated[
        bool,
        typer.Option("--example", help="ten items browsed instead: a chance for each, and why"),
    ] = False,
    session: Annotated[
        Path | None, typer.Option(help="a session of your own: item, category, seconds, event")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="with --example: a folder for what was learnt")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="a folder for the run; with --options or an example a Markdown page"),
    ] = None,
) -> None:
    """Measure the chance that an item of a shop session is bought, or work out an example."""
    if options and (example or session):
        raise SettingsError("--options and --example are two commands: give one of them")
    if keep and not (example or session):
        raise SettingsError("--keep goes with --example")
    from simpatico.optional import needs as needs_library

    needs_library("torch", "torch", "the purchase network").set_num_threads(1)
    set_up_logging(load_settings().log_level)
    if not (options or example or session):
        _purchase(data, seed, seeds, out)
        return
    with progress_bars() as show:
        if example or session:
            from simpatico.eval import purchase_example

            did = purchase_example.read_session(session) if session else purchase_example.BROWSED
            tables: tuple[Table, ...] = (
                purchase_example.run(data, did=did, keep=keep, seed=seed, progress=show),
            )
        else:
            from simpatico.eval import purchase_missing

            tables = purchase_missing.run(data, seed=seed, progress=show)
    _show_all(tables, out)


def _purchase(data: Path, seed: int, seeds: int, out: Path | None) -> None:
    from simpatico.eval.purchase import run

    as_folder(out)
    with progress_bars() as show:
        found = run(data, seed=seed, n_seeds=seeds, command=command(), progress=show)
    finish(found.run, out, found.tables)


@evaluate.command("tone")
def tone(
    tags: Annotated[Path, typer.Option(help="movies_w_keywords.csv")],
    pack: Annotated[
        Path, typer.Option(help="the folder with the editors' ratings, annotations.tsv")
    ] = Path("retrieval/packs/movies"),
    seed: Seed = 0,
    out: RunOut = None,
) -> None:
    """Score tone profiles against readers' tags, on films that no editor rated."""
    from simpatico.eval.tone_run import measure
    from simpatico.modelstore import ModelStore

    as_folder(out)
    settings = load_settings()
    set_up_logging(settings.log_level)
    models = ModelStore(settings.cache)
    with progress_bars() as show:
        models.fetch("minilm", progress=show)
    made, more = measure(tags, pack, models, command=command(), seed=seed)
    finish(made, out, more)


@evaluate.command("explain")
def explain(
    adapter: Annotated[
        Path | None, typer.Option(help="the explainer adapter's folder; without it: the others")
    ] = None,
    base: Annotated[str, typer.Option(help="its base: a model of the store")] = _BASE,
    system: Annotated[
        str, typer.Option(help="address of a server that rephrases the templates as well")
    ] = "",
    judge: Annotated[
        str, typer.Option(help="address of a server that says which of two replies is better")
    ] = "",
    n: Annotated[int, typer.Option(help="how many states", min=1)] = 500,
    n_base: Annotated[int, typer.Option(help="how many the base model rephrases", min=0)] = 64,
    key_env: KeyEnv = "",
    seed: Seed = 0,
    keep: Keep = None,
    samples: Annotated[
        Path | None, typer.Option(help="also write thirty states with every reply, as Markdown")
    ] = None,
    out: RunOut = None,
) -> None:
    """Measure what the explainer writes, beside the template and the base model."""
    from simpatico.eval.endpoint import Endpoint
    from simpatico.eval.explain import run, to_markdown
    from simpatico.eval.explain_run import run_of

    as_folder(out)
    key = key_in(key_env, system, judge)
    settings = load_settings()
    set_up_logging(settings.log_level)
    kept = kept_in(out, keep)
    with progress_bars() as show:
        server, judged_by = (
            Endpoint(url, keep=kept, key=key) if url else None for url in (system, judge)
        )
        outcome = run(
            settings=settings,
            n=n,
            n_base=min(n, n_base),
            seed=seed,
            adapter=adapter,
            base=base,
            keep=kept,
            server=server,
            progress=show,
        )
        found = run_of(outcome, command=command(), seed=seed, judge=judged_by, progress=show)
    if samples:
        samples.write_text(to_markdown(outcome, command=command()), encoding="utf-8")
    finish(found, out)


@evaluate.command("offpolicy")
def offpolicy(
    home: Annotated[
        Path | None, typer.Option(help="whose log; without it: the settings' home")
    ] = None,
    target: Annotated[
        str,
        typer.Option(help="policies to judge: some of best, surest, uniform, popularity, linear"),
    ] = "best,surest,uniform,popularity",
    reward: Annotated[
        str, typer.Option(help="events that count as taken; of rate, four and five stars")
    ] = "like,save,accept,buy,rate",
    clip: Annotated[
        float | None, typer.Option(help="cut weights above it; without it none is cut", min=1)
    ] = None,
    simulate: Annotated[
        int, typer.Option(help="judge so many simulated logs, whose truth is known", min=0)
    ] = 0,
    share: Annotated[
        float, typer.Option(help="with --simulate: how much is explored", min=0.001, max=0.2)
    ] = 0.05,
    seed: Seed = 0,
    out: RunOut = None,
) -> None:
    """Estimate what another policy would have earned, from lists whose chances were logged."""
    from simpatico.eval import offpolicy_run
    from simpatico.retrieval.catalog import Catalogs

    as_folder(out)
    settings = load_settings(**({"home": home} if home else {}))
    set_up_logging(settings.log_level)
    with progress_bars() as show:
        if simulate:
            catalog = Catalogs(settings.home).load(settings.catalog)
            made, table = offpolicy_run.simulated(
                catalog,
                share=share,
                n_logs=simulate,
                command=command(),
                seed=seed,
                progress=show,
            )
        else:
            made, table = offpolicy_run.run(
                settings,
                targets=[name.strip() for name in target.split(",")],
                rewards=[name.strip() for name in reward.split(",")],
                clip=clip,
                seed=seed,
                command=command(),
            )
    finish(made, out, [table])


@evaluate.command("compare")
def compare(
    before: Annotated[Path, typer.Argument(help="the folder of an earlier run")],
    after: Annotated[Path, typer.Argument(help="the folder of a later run")],
    out: Out = None,
) -> None:
    """Tell what got better or worse between two runs of one task, case by case."""
    from simpatico.eval import against, record

    _show(against.table_of(record.read(before), record.read(after)), out)


@evaluate.command("report")
def report(
    run: Annotated[Path, typer.Argument(help="the folder of a run")],
    before: Annotated[Path | None, typer.Option(help="an earlier run to compare with")] = None,
) -> None:
    """Write a run's page anew: figures, plots, the worst cases, the comparison."""
    from simpatico.eval import record
    from simpatico.eval.report import write

    found = record.read(run)
    page = write(run, found, before=record.read(before) if before else None)
    console.print(f"written to {page}")


@evaluate.command("readme")
def readme(
    runs: Annotated[list[Path], typer.Argument(help="folders of runs, in the table's order")],
    page: Annotated[
        Path | None, typer.Option(help="a page with the two marks, which gets the table")
    ] = None,
) -> None:
    """Make a table of runs for a page."""
    from simpatico.eval import record
    from simpatico.eval.readme import fill, table_of
    from simpatico.eval.tables import to_markdown

    table = table_of([record.read(run).record for run in runs])
    if page:
        fill(page, table)
        console.print(f"written to {page}", markup=False)
    else:
        typer.echo(to_markdown(table))
