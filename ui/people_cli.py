"""`simpatico eval fairness`, `simulate`, `system`: whom it serves, what they find, how fast."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import SecretStr

from simpatico.errors import SettingsError
from simpatico.settings import load_settings
from simpatico.ui.progress import progress_bars, set_up_logging
from simpatico.ui.run_cli import KeyEnv, command, key_in, told

if TYPE_CHECKING:
    from simpatico.eval.talkers import Which
    from simpatico.protocols import ProgressCallback

_CHAT_MODEL = "smollm2-135m-instruct"


def eval_fairness(
    data: Annotated[
        Path, typer.Option(help="interactions, .inter or ratings.csv, or a folder with one")
    ],
    out: Annotated[Path, typer.Option(help="a folder for figures, cases, tables and a report")],
    items: Annotated[
        Path | None, typer.Option(help="genres: .item or movies.csv; without it: beside the data")
    ] = None,
    users: Annotated[
        Path | None,
        typer.Option(help="age, gender, mood of people: .user; without it: beside the data"),
    ] = None,
    part: Annotated[
        Literal["dev", "test"], typer.Option(help="to choose settings by, or to report")
    ] = "test",
    rows: Annotated[
        str,
        typer.Option(
            help="systems, parted by ';'; without it: the counters, our ranker where torch is, and"
            " what --keep has"
        ),
    ] = "",
    rerank: Annotated[
        str, typer.Option(help="whose lists are varied; without it: the first system's")
    ] = "",
    keep: Annotated[
        Path | None, typer.Option(help="a folder of kept rankings, as eval ranking --keep has it")
    ] = None,
    seed: Annotated[int, typer.Option(help="of draws and shuffles")] = 0,
) -> None:
    """Measure exposure, popularity, calibration, gaps between groups, and what variety costs."""
    from simpatico.eval.fairness import run

    set_up_logging(load_settings().log_level)
    with progress_bars() as bars:
        tables = run(
            data,
            part=part,
            out=out,
            command=command(),
            items=items,
            users=users,
            names=tuple(name.strip() for name in rows.split(";") if name.strip()),
            rerank_of=rerank,
            keep=keep,
            seed=seed,
            progress=bars,
        )
    told(tables, out)


def eval_simulate(
    out: Annotated[Path, typer.Option(help="a folder for figures, conversations and a report")],
    n: Annotated[int, typer.Option(help="seekers", min=1)] = 200,
    system: Annotated[
        str,
        typer.Option(help="an OpenAI-compatible server to ask, http://...; without it: our own"),
    ] = "",
    model: Annotated[str, typer.Option(help="with --system: the model's name there")] = "simpatico",
    key_env: KeyEnv = "",
    language_model: Annotated[
        bool,
        typer.Option("--llm/--no-llm", help="our own with its language model, as the settings say"),
    ] = False,
    explore: Annotated[
        float,
        typer.Option(
            help="our own: share of lists that explore, to judge policies by", min=0, max=0.2
        ),
    ] = 0.0,
    baseline: Annotated[
        bool, typer.Option("--baseline/--no-baseline", help="popularity beside it")
    ] = True,
    chat: Annotated[
        bool, typer.Option("--chat", help="a language model speaks for the seekers")
    ] = False,
    chat_url: Annotated[
        str, typer.Option(help="with --chat: its server; without it: the embedded model")
    ] = "",
    chat_model: Annotated[str, typer.Option(help="with --chat: its name")] = _CHAT_MODEL,
    engine: Annotated[
        Literal["serial", "processes", "ray"], typer.Option(help="what works on conversations")
    ] = "serial",
    workers: Annotated[int, typer.Option(help="conversations at a time", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="of seekers and draws")] = 0,
) -> None:
    """Let simulated people, each with a hidden target and a mood, look for it in conversation.

    A run that broke off goes on: finished conversations are kept in the folder.
    """
    from simpatico.eval.conversations import Talks
    from simpatico.eval.simulate import run
    from simpatico.eval.talkers import POPULARITY

    if chat_url and not chat:
        raise SettingsError("--chat-url goes with --chat")
    key = SecretStr(key_in(key_env, system, chat_url))
    ours = _which(system, model, key, language_model, explore)
    asked = [ours]
    if baseline:
        asked.append(ours.model_copy(update={"name": POPULARITY, "url": POPULARITY}))
    voice = {"chat": chat, "chat_url": chat_url, "chat_model": chat_model if chat else ""}
    voice |= {"chat_key": key} if chat_url else {}
    with progress_bars() as bars:
        _prepare(ours, chat_model if chat and not chat_url else "", bars)
        tables = run(
            {each.name: Talks.model_validate({"which": each, **voice}) for each in asked},
            n=n,
            out=out,
            command=command(),
            seed=seed,
            engine=engine,
            workers=workers,
            progress=bars,
        )
    told(tables, out)


def eval_system(
    out: Annotated[Path, typer.Option(help="a folder for figures, turns and a report")],
    system: Annotated[
        str,
        typer.Option(help="an OpenAI-compatible server to time, http://...; without it: our own"),
    ] = "",
    model: Annotated[str, typer.Option(help="with --system: the model's name there")] = "simpatico",
    key_env: KeyEnv = "",
    language_model: Annotated[
        bool,
        typer.Option("--llm/--no-llm", help="our own with its language model, as the settings say"),
    ] = True,
    rounds: Annotated[int, typer.Option(help="how often the conversations are had", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="of the draws of intervals")] = 0,
) -> None:
    """Time turns by stage, to the first word and whole; tokens, and what is degraded."""
    from simpatico.eval.system import run

    key = SecretStr(key_in(key_env, system))
    which = _which(system, model, key, language_model and not system, 0.0)
    with progress_bars() as bars:
        _prepare(which, "", bars)
        tables = run(
            which,
            out=out,
            command=command(),
            rounds=rounds,
            seed=seed,
            progress=bars,
        )
    told(tables, out)


def _which(
    system: str, model: str, key: SecretStr, language_model: bool, explore: float
) -> "Which":
    """The system that is asked for."""
    from simpatico.eval.talkers import Which, check_url

    settings = load_settings()
    set_up_logging(settings.log_level)
    if system:
        if language_model or explore:
            raise SettingsError("--llm and --explore are for our own service, without --system")
        check_url(system)
        return Which(
            name=f"{model} at {system}",
            settings=settings,
            url=system,
            model=model,
            key=key,
        )
    if not language_model:
        llm = settings.llm.model_copy(update={"enabled": False})
        settings = settings.model_copy(update={"llm": llm})
    retrieval = settings.retrieval.model_copy(update={"explore": explore})
    return Which(name="simpatico", settings=settings.model_copy(update={"retrieval": retrieval}))


def _prepare(which: "Which", model: str, bars: "ProgressCallback") -> None:
    """Fetch and build once what every worker opens."""
    from simpatico.agent.build import prepare
    from simpatico.modelstore import ModelStore

    if not which.url:
        prepare(which.settings, progress=bars)
    if model:
        ModelStore(which.settings.cache).fetch(model, progress=bars)
