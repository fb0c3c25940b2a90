"""`simpatico llm serve`: the language model with its adapters as a server of its own."""

import asyncio
import contextlib
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from simpatico.adapters import Task, gguf_of
from simpatico.agent import serving
from simpatico.agent.engine import Endpoint, LlamaServer
from simpatico.agent.llm import Flavour
from simpatico.errors import ModelError, StoreError
from simpatico.modelstore import ModelStore
from simpatico.settings import Settings, load_settings
from simpatico.ui.progress import console, progress_bars, set_up_logging

llm = typer.Typer(help="Serve the language model apart from the page.", no_args_is_help=True)


class Engine(StrEnum):
    """What can serve it."""

    vllm = "vllm"
    llamacpp = "llamacpp"


@llm.callback()
def _group() -> None:
    """Serve the language model apart from the page."""


@llm.command("serve", context_settings={"allow_extra_args": True, "ignore_unknown_options": False})
def serve(
    context: typer.Context,
    engine: Annotated[Engine, typer.Option(help="what serves it")] = Engine.vllm,
    base: Annotated[
        str,
        typer.Option(help="of the store, a folder, or OWNER/NAME; default: as set"),
    ] = "",
    port: Annotated[int, typer.Option(min=1, max=65535, help="on loopback")] = 8000,
    tokens: Annotated[
        int | None, typer.Option("--context", min=512, help="tokens of prompt and answer together")
    ] = None,
    dtype: Annotated[str, typer.Option(help="vLLM: auto, bfloat16, float32, ...")] = "auto",
    python: Annotated[
        str, typer.Option(help="vLLM: the Python of the environment that has it")
    ] = sys.executable,
    only_print: Annotated[
        bool, typer.Option("--print", help="vLLM: prepare the base, print the command, run nothing")
    ] = False,
) -> None:
    """Serve the base with the adapters in use, until Ctrl-C. After `--`: arguments for vLLM."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    name = base or settings.llm.model
    size = tokens or settings.llm.context
    if engine is Engine.llamacpp:
        if only_print or context.args:
            raise typer.BadParameter("llama.cpp is a child of ours: it has no command of its own")
        _serve_llamacpp(settings, name, port, size)
        return
    plan = _plan(settings, name, port, size, dtype, python, tuple(context.args))
    typer.echo(serving.shown(plan))
    if not only_print:
        _serve_vllm(settings, plan)


def _plan(
    settings: Settings,
    model: str,
    port: int,
    size: int,
    dtype: str,
    python: str,
    more: tuple[str, ...],
) -> serving.Plan:
    from simpatico.finetune.base import base_name

    name = base_name(model)
    adapters = serving.adapters_for(name, settings.home)
    return serving.Plan(
        python=python,
        base=_prepared(settings, model, python),
        name=name,
        adapters=tuple((task, adapter.folder) for task, adapter in adapters.items()),
        rank=max((adapter.rank for adapter in adapters.values()), default=0),
        context=size,
        dtype=dtype,
        port=port,
        more=more,
    )


def _prepared(settings: Settings, model: str, python: str) -> Path:
    """The base's folder. A packaged base is taken apart by torch: ours, or else vLLM's."""
    from simpatico.finetune.base import prepare_base

    if find_spec("torch") is None and model in ModelStore(settings.cache).names():
        with progress_bars() as show:
            ModelStore(settings.cache).fetch(model, progress=show)
        return _prepared_there(settings, model, python)
    with progress_bars() as show:
        return prepare_base(model, settings.cache, show)


def _prepared_there(settings: Settings, model: str, python: str) -> Path:
    work = (
        "import sys; from pathlib import Path; from simpatico.finetune.base import prepare_base;"
        "print(prepare_base(sys.argv[1], Path(sys.argv[2])))"
    )
    console.print(f"Taking {model} apart with {python}", markup=False, soft_wrap=True)
    try:
        done = subprocess.run(
            [python, "-c", work, model, str(settings.cache)],
            env=serving.environment("", os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise ModelError(f"{python} cannot be run as a Python: {error}") from error
    if done.returncode:
        said = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise ModelError(
            f"base model {model} must be taken apart, which needs torch: pip install"
            f" 'simpatico[train]' here, or pip install --no-deps simpatico for {python}, which"
            f" said: {said}"
        )
    return Path(done.stdout.strip().splitlines()[-1])


def _serve_vllm(settings: Settings, plan: serving.Plan) -> None:
    own = settings.llm.key.get_secret_value()
    server = serving.VllmServer(plan, own or secrets.token_urlsafe(32))
    tasks = tuple(name for name, _ in plan.adapters)
    with serving.heeding_signals() as told:
        try:
            with progress_bars() as show:
                endpoint = server.start(show)
            wait = partial(server.wait, told)
            _tell(settings, endpoint, plan.name, "vllm", tasks, hide=not own, then=wait)
        finally:
            server.stop()


def _serve_llamacpp(settings: Settings, name: str, port: int, size: int) -> None:
    serving.check_port(port)
    with progress_bars() as show:
        folder = ModelStore(settings.cache).fetch(name, progress=show)
    weights = next(folder.glob("*.gguf"), None)
    if weights is None:
        raise ModelError(f"model {name} is no language model that llama.cpp could serve")
    adapters = serving.adapters_for(name, settings.home)
    files = [gguf_of(adapter, weights, settings.cache) for adapter in adapters.values()]
    server = LlamaServer(
        weights, context=size, threads=settings.llm.threads, port=port, adapters=files
    )
    with serving.heeding_signals() as told, server as endpoint:
        wait = partial(server.wait, told)
        _tell(settings, endpoint, name, "llamacpp", tuple(adapters), hide=True, then=wait)


def _tell(
    settings: Settings,
    endpoint: Endpoint,
    name: str,
    flavour: Flavour,
    tasks: Sequence[Task],
    *,
    hide: bool,
    then: Callable[[], object],
) -> None:
    """Check what is served, say how to use it, and wait for Ctrl-C.

    A key that we made lies in a file meanwhile, for its owner alone: what is printed may end in a
    log.
    """
    asyncio.run(serving.check_served(endpoint, name=name, flavour=flavour, adapters=tasks))
    file = settings.home / f"llm-{endpoint.url.split(':')[2].split('/')[0]}.key"
    try:
        if hide:
            _write_key(file, endpoint.key)
        how = f'"$(cat {shlex.quote(str(file))})"' if hide else ""
        lines = serving.settings_lines(
            endpoint, name=name, flavour=flavour, adapters=tasks, key=how
        )
        with contextlib.suppress(KeyboardInterrupt):  # from here on it is how one ends this
            typer.echo("\n".join(lines))
            sys.stdout.flush()
            console.print("Ready. Give these settings to `simpatico`; Ctrl-C stops it.")
            then()
        console.print("Stopping.")
    finally:
        if hide:
            file.unlink(missing_ok=True)


def _write_key(file: Path, key: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(key + "\n")
    except OSError as error:
        raise StoreError(f"the key cannot be kept in {file}: {error.strerror}") from error
