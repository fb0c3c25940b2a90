"""`simpatico eval feedback`, `lists`: does the loop learn, and how sure may it be?"""

from pathlib import Path
from typing import Annotated

import typer

from simpatico.errors import SettingsError
from simpatico.optional import needs
from simpatico.settings import load_settings
from simpatico.ui.progress import progress_bars, set_up_logging
from simpatico.ui.run_cli import RunOut, as_folder, command, finish


def eval_feedback(
    data: Annotated[Path, typer.Option(help="MovieLens' small set: movies.csv and ratings.csv")],
    home: Annotated[Path, typer.Option(help="a folder of its own for the log and the versions")],
    people: Annotated[int | None, typer.Option(min=1, help="so many, drawn; else all")] = None,
    seed: Annotated[int, typer.Option(help="of the draw, the training and the gate")] = 0,
) -> None:
    """Replay ratings as events, retrain the films' ranker on them, and let the gate judge it."""
    settings = load_settings()
    if home.resolve() == settings.home.resolve():
        raise SettingsError(f"wanted --home as a folder of its own, {home} is the one in use")
    needs("torch", "torch", "the ranker's training")
    from simpatico.eval.feedback_replay import measure
    from simpatico.ui.ranker_train import tell

    set_up_logging(settings.log_level)
    home.mkdir(parents=True, exist_ok=True)
    with progress_bars() as bars:
        done, n_new = measure(
            data, home, n_people=people, seed=seed, command=command(), progress=bars
        )
    typer.echo(f"{n_new} events stored", err=True)
    tell(done)


def eval_lists(
    data: Annotated[Path, typer.Option(help="MovieLens' small set: movies.csv and ratings.csv")],
    people: Annotated[int | None, typer.Option(min=1, help="so many, drawn; else all")] = None,
    seed: Annotated[int, typer.Option(help="of the draw and the intervals")] = 0,
    out: RunOut = None,
) -> None:
    """Replay ratings, make lists as the page does, and calibrate `p_accept` on the older ones."""
    as_folder(out)
    needs("sklearn", "scikit-learn", "calibration")
    from simpatico.eval.shown_lists import run
    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.encoders.minilm import MiniLM
    from simpatico.retrieval.fusion import shipped_ranker
    from simpatico.retrieval.packs import load_pack

    settings = load_settings()
    set_up_logging(settings.log_level)
    folder = shipped_ranker("movies")
    assert folder is not None
    with progress_bars() as bars:
        encoder = MiniLM(ModelStore(settings.cache).fetch("minilm", progress=bars))
        found = run(
            data,
            load_pack("movies"),
            encoder,
            folder,
            n_people=people,
            seed=seed,
            command=command(),
            progress=bars,
        )
    finish(found, out)
