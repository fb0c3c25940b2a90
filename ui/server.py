"""`simpatico serve`: the page and the API in one process."""

import asyncio
import errno
import gc
import socket
from contextlib import AsyncExitStack

import uvicorn

from simpatico.agent.api.app import create_app
from simpatico.agent.api.door import VERSION
from simpatico.agent.api.served import config_for
from simpatico.agent.build import build
from simpatico.agent.retention import every_day
from simpatico.agent.tracing import NO_TRACER
from simpatico.errors import SettingsError
from simpatico.settings import Settings
from simpatico.ui.progress import console, progress_bars
from simpatico.ui.telemetry import provider_from_environment
from simpatico.ui.web import mount


def serve(settings: Settings) -> None:
    """Serve until interrupted.

    Raises:
        SettingsError: when the address cannot be had.
    """
    listening = _listen(settings.host, settings.port)
    try:
        asyncio.run(_serve(settings, listening))
    finally:
        listening.close()


async def _serve(settings: Settings, listening: socket.socket) -> None:
    provider = provider_from_environment()
    tracer = provider.get_tracer("simpatico", VERSION) if provider else NO_TRACER
    with progress_bars() as show:
        service = await build(settings, progress=show, tracer=tracer)
    async with AsyncExitStack() as ending:  # Ctrl-C breaks off one step of it, not the others
        if provider is not None:
            ending.push_async_callback(asyncio.to_thread, provider.shutdown)
        ending.push_async_callback(service.aclose)
        app = mount(create_app(service, settings=settings), service)
        server = uvicorn.Server(config_for(app))
        # Catalogue and models stay: a full collection that looks through them halts every turn.
        gc.collect()
        gc.freeze()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        console.print(f"Simpatico is listening: http://{host}:{settings.port}", style="bold green")
        console.print(f"API: http://{host}:{settings.port}/v1   (stop with Ctrl-C)")
        tidying = asyncio.create_task(every_day(lambda: service.forget_old(settings.privacy)))
        ending.push_async_callback(_stop, tidying)
        await server.serve(sockets=[listening])


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"port {port} on {host} is taken; stop what listens there or choose another, "
                f"e.g. PORT={port + 1} make run"
            ) from error
        raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening
