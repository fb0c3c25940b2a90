"""`simpatico eval ...`: is it good?"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simpatico.errors import SettingsError
from simpatico.settings import load_settings
from simpatico.ui.eval_all import eval_all
from simpatico.ui.feedback_cli import eval_feedback, eval_lists
from simpatico.ui.hostile_cli import eval_fuzz, eval_injection
from simpatico.ui.media_cli import eval_cross_modal, eval_music_mood
from simpatico.ui.multimodal_cli import eval_multimodal
from simpatico.ui.next_item_cli import eval_privacy
from simpatico.ui.people_cli import eval_fairness, eval_simulate, eval_system
from simpatico.ui.progress import console, progress_bars, set_up_logging
from simpatico.ui.ranking_cli import eval_deletion, eval_dialogues, eval_modalities, eval_ranking
from simpatico.ui.reading_cli import eval_intent, eval_mood, eval_need
from simpatico.ui.redial_cli import eval_redial
from simpatico.ui.run_cli import (
    BASE,
    Keep,
    KeyEnv,
    RunOut,
    Seed,
    TableOut,
    as_folder,
    command,
    finish,
    kept_in,
    key_in,
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
evaluate.command("lists")(eval_lists)
evaluate.command("mood")(eval_mood)
evaluate.command("intent")(eval_intent)
evaluate.command("intents", hidden=True)(eval_intent)
evaluate.command("need")(eval_need)
evaluate.command("needs", hidden=True)(eval_need)
evaluate.command("ranking")(eval_ranking)
evaluate.command("modalities")(eval_modalities)
evaluate.command("dialogues")(eval_dialogues)
evaluate.command("deletion")(eval_deletion)


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


def _show(table: "Table", out: Path | None) -> None:
    _show_all((table,), out)


def _show_all(tables: "Sequence[Table]", out: Path | None) -> None:
    from simpatico.ui.tables import show_all

    show_all(tables, out)


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
    base: Annotated[str, typer.Option(help="its base: a model of the store")] = BASE,
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
    out: TableOut = None,
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
