"""A Simpatico in little, for tests about something else: a few films, hashed words, no model."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.domain import Item
from simpatico.retrieval.catalog import Catalogs
from simpatico.settings import Settings

FILMS: Final = (
    Item(id="bear", title="The Marmalade Bear", year=2014, genres=("Comedy",)),
    Item(id="lake", title="Dark Lake", year=1985, genres=("Horror",)),
    Item(id="heist", title="One Last Heist", year=1995, genres=("Crime",)),
)
COMEDIES: Final = (
    Item(id="bear", title="The Marmalade Bear", year=2014, genres=("Comedy",), popularity=0.9),
    Item(id="duck", title="Duck and Cover", year=1994, genres=("Comedy",), popularity=0.5),
    Item(id="lake", title="Dark Lake", year=1985, genres=("Horror",)),
)
"""Two of a kind, the first better known."""
Got = TypeVar("Got")


def tiny(home: Path, *, weights: bool = False, **more: Any) -> Settings:
    """Settings on a home that has the catalogue `tiny`; `more` adds to them or replaces them.

    With `weights` the encoder reader has its own; else rules read.
    """
    given: dict[str, Any] = {
        "home": home,
        **({} if weights else {"cache": home / "cache"}),
        "catalog": "tiny",
        "llm": {"enabled": False},
        "retrieval": {"encoder": "hash"},
    }
    return Settings(**given | more)


def tiny_home(home: Path, films: Iterable[Item] = FILMS) -> Path:
    """Puts the catalogue `tiny` into a home and gives that home back."""
    Catalogs(home).upsert("tiny", list(films))
    return home


async def started(settings: Settings) -> Simpatico:
    """A service that says nothing while it is built."""
    return await build(settings, progress=lambda what, done, of: None)


async def at_work(settings: Settings, work: Callable[[Simpatico], Awaitable[Got]]) -> Got:
    """What `work` gives on a service that is closed after it."""
    service = await started(settings)
    try:
        return await work(service)
    finally:
        await service.aclose()
