"""`simpatico privacy ...`: how what people said lies on the disk, and for how long."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import typer

from simpatico.agent.cipher import ciphers_of, new_key
from simpatico.agent.eventlog import SqliteLog
from simpatico.agent.memory import SqliteMemory
from simpatico.agent.presence import Presence
from simpatico.agent.retention import Forgotten, forget_old
from simpatico.agent.stores import EVENTS_FILE, SESSIONS_FILE, THREADS_FILE, encrypt_words
from simpatico.agent.threads import Threads
from simpatico.errors import SettingsError
from simpatico.settings import Settings, load_settings
from simpatico.ui.progress import console

privacy = typer.Typer(
    help="What is kept of people: how it lies on the disk, and for how long.", no_args_is_help=True
)


@privacy.command("new-key")
def show_new_key() -> None:
    """Make a key and show it. It is kept nowhere: whoever loses it loses what it encrypted."""
    typer.echo(new_key())


@privacy.command("encrypt")
def encrypt() -> None:
    """Bring all that was said under the first key given. Stop a server that runs before."""
    settings = load_settings()
    ciphers = ciphers_of(settings.privacy)
    if not ciphers:
        raise SettingsError("give a key: SIMPATICO_PRIVACY__KEY or SIMPATICO_PRIVACY__KEY_FILE")
    n = encrypt_words(settings.home, ciphers, to=ciphers[0])
    console.print(f"{n} entries encrypted; keys but the first are needed no more")


@privacy.command("decrypt")
def decrypt() -> None:
    """Write all that was said in the clear again. Stop a server that runs before."""
    settings = load_settings()
    n = encrypt_words(settings.home, ciphers_of(settings.privacy), to=None)
    console.print(f"{n} entries are in the clear; start without a key from now on")


@privacy.command("forget-old")
def forget() -> None:
    """Remove what is older than the settings want, as a server does once a day."""
    settings = load_settings()
    keep = settings.privacy
    if not (keep.conversations_days or keep.lists_days or keep.events_days):
        raise SettingsError(
            "nothing is ever too old: set SIMPATICO_PRIVACY__CONVERSATIONS_DAYS, __LISTS_DAYS or"
            " __EVENTS_DAYS"
        )
    forgotten = asyncio.run(_forget(settings))
    console.print(
        f"removed: {forgotten.n_conversations} conversations, {forgotten.n_lists} lists,"
        f" {forgotten.n_events} events"
    )


async def _forget(settings: Settings) -> Forgotten:
    ciphers = ciphers_of(settings.privacy)
    async with AsyncExitStack() as stack:
        events = SqliteLog(settings.home / EVENTS_FILE)
        stack.callback(events.close)
        memory = SqliteMemory(settings.home / SESSIONS_FILE, ciphers=ciphers)
        stack.callback(memory.close)
        threads = await Threads.open(settings.home / THREADS_FILE, ciphers)
        stack.push_async_callback(threads.close)
        return await forget_old(
            settings.privacy,
            now=datetime.now(UTC),
            events=events,
            memory=memory,
            threads=threads,
            presence=Presence(),
        )
