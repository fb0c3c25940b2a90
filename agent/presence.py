"""Who is being served: many turns of a person at once, or their erasing and nothing else."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Presence:
    """Lets any number in under a name, or one alone."""

    def __init__(self) -> None:
        self._inside: Counter[str] = Counter()
        self._alone: set[str] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def shared(self, name: str) -> AsyncGenerator[None, None]:
        """Be inside beside others; waits while somebody is alone, or waits to be."""
        async with self._changed:
            await self._changed.wait_for(lambda: name not in self._alone)
            self._inside[name] += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside[name] -= 1
                if not self._inside[name]:
                    del self._inside[name]
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncGenerator[None, None]:
        """Be inside with nobody else; waits until all others have left."""
        async with self._changed:
            await self._changed.wait_for(lambda: name not in self._alone)
            self._alone.add(name)
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._inside[name])
            yield
        finally:
            async with self._changed:
                self._alone.discard(name)
                self._changed.notify_all()
