"""Conversations in the terminal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from simpatico.agent.api.schemas import extra
from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.domain import Finished, Reply, StageUpdate, TextDelta
from simpatico.settings import Settings
from simpatico.ui.progress import console, progress_bars


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Simpatico]:
    """Build a Simpatico and close it again."""
    with progress_bars() as show:
        service = await build(settings, progress=show)
    try:
        yield service
    finally:
        await service.aclose()


async def ask_once(settings: Settings, text: str, *, user: str, session: str) -> Reply:
    """One message, one reply; a new session unless one is named."""
    updates = []
    async with running(settings) as service:
        async for update in service.turn(text, user=user, session=session or uuid4().hex):
            updates.append(update)
    last = updates[-1]
    assert isinstance(last, Finished)  # a turn always ends in a reply
    return last.reply


async def chat_loop(settings: Settings, *, user: str) -> None:
    """Talk until an empty line or the end of input."""
    session = uuid4().hex
    async with running(settings) as service:
        while text := _next_line():
            async for update in service.turn(text, user=user, session=session):
                if isinstance(update, StageUpdate):
                    console.print(f"{update.detail} ...", style="dim", end="\r")
                elif isinstance(update, TextDelta):
                    print(update.text, end="", flush=True)
                elif isinstance(update, Finished):
                    print()
                    for label in update.reply.degraded:
                        console.print(
                            f"note: {label}", style="yellow", markup=False, soft_wrap=True
                        )


def _next_line() -> str:
    try:
        return input("\nyou> ").strip()
    except EOFError:
        return ""


def reply_json(reply: Reply) -> dict[str, Any]:
    """A reply as the API writes it beside the words, and the words."""
    return {**extra(reply).model_dump(mode="json", exclude={"notes"}), "reply": reply.text}
