"""`simpatico eval mood`, `intent` and `need`: how well is a turn read?"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from simpatico.errors import SettingsError
from simpatico.settings import load_settings
from simpatico.ui.progress import progress_bars, set_up_logging
from simpatico.ui.run_cli import (
    BASE,
    Keep,
    KeyEnv,
    RunOut,
    Seed,
    as_folder,
    command,
    finish,
    kept_in,
    key_in,
    names_in,
)

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


def eval_mood(
    systems: Systems,
    data: Annotated[Path, typer.Option(help="a folder with GoEmotions' train.tsv and dev.tsv")],
    n: Annotated[int, typer.Option(help="how many sentences of dev; 0: all", min=0)] = 0,
    reader: Annotated[
        str, typer.Option(help="encoder, llm or lora: what ships, as in use, on dev and our lines")
    ] = "",
    every: Every = False,
    adapter: Adapter = None,
    base: Base = BASE,
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


def eval_intent(
    systems: Systems,
    data: Annotated[Path, typer.Option(help="a folder with IARD's dialogues.json")],
    n: Annotated[int, typer.Option(help="how many turns; 0: all", min=0)] = 0,
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="held out to choose by, or to measure on")
    ] = "test",
    every: Every = False,
    adapter: Adapter = None,
    base: Base = BASE,
    seed: Seed = 0,
    keep: Keep = None,
    key_env: KeyEnv = "",
    out: RunOut = None,
) -> None:
    """Measure how intents are read, on held-out dialogues of IARD."""
    _read("intent", systems, every, data, n, part, adapter, base, seed, keep, key_env, out)


def eval_need(
    systems: Systems,
    n: Annotated[int, typer.Option(help="how many lines; 0: all", min=0)] = 0,
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="our 100 lines to choose by, or the 300 kept")
    ] = "test",
    every: Every = False,
    adapter: Adapter = None,
    base: Base = BASE,
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
