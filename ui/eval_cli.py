"""`simpatico eval ...`: is it good?"""

from pathlib import Path
from typing import Annotated

import typer

from simpatico.settings import load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging

evaluate = typer.Typer(help="Measure how good it is.", no_args_is_help=True)


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
    data: Annotated[Path, typer.Option(help="a folder with GoEmotions' dev.tsv")],
    n: Annotated[int, typer.Option(help="how many sentences; 0: all")] = 0,
    reader: Annotated[str, typer.Option(help="encoder or llm")] = "encoder",
) -> None:
    """Score a reader's moods against GoEmotions' dev part."""
    from simpatico.eval.mood import main

    main(["--data", str(data), "--reader", reader, *(["--n", str(n)] if n else [])])


@evaluate.command("tone")
def tone(
    tags: Annotated[Path, typer.Option(help="movies_w_keywords.csv")],
) -> None:
    """Score tone profiles against readers' tags."""
    from simpatico.eval.tone import main

    main(["--tags", str(tags)])
