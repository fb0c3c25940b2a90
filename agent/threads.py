"""The checkpoint file: what carries over between the turns of a session, and nothing else."""

import asyncio
import hashlib
import json
import logging
import sqlite3
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from simpatico.agent.cipher import THREADS, TOKENS, Cipher, unlock
from simpatico.errors import StoreError

log = logging.getLogger(__name__)


class Threads:
    """A LangGraph checkpointer on one SQLite file that only its owner may read."""

    def __init__(self, connection: aiosqlite.Connection, saver: AsyncSqliteSaver) -> None:
        self._connection = connection
        self.saver = saver

    @classmethod
    async def open(cls, path: Path, ciphers: tuple[Cipher, ...] = ()) -> "Threads":
        """Open or make the file; `ciphers` as for `unlock`.

        Raises:
            StoreError: it is damaged, cannot be written, or cannot be opened with these keys.
        """
        lock = await asyncio.to_thread(unlock, path, THREADS, ciphers)
        connection = None
        try:
            connection = await aiosqlite.connect(path)
            await connection.execute("PRAGMA secure_delete=ON")
            serde: SerializerProtocol = _serializer()
            if lock.cipher is not None:
                serde = EncryptedSerializer(lock.cipher, serde)
            saver = AsyncSqliteSaver(connection, serde=serde)
            await saver.setup()
            # From here on nobody can bring it under another key: that takes being alone with it.
            found = list(await connection.execute_fetchall(TOKENS))
            lock.check_token(found[0][0] if found else None)
        except (OSError, sqlite3.Error, StoreError) as error:
            if connection is not None:
                await connection.close()
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                f"the conversations in {path} cannot be opened: {error}; "
                "move the file away to begin anew"
            ) from error
        return cls(connection, saver)

    @classmethod
    async def in_memory(cls) -> "Threads":
        """Threads of this process only, forgotten when it ends."""
        connection = await aiosqlite.connect(":memory:")
        saver = AsyncSqliteSaver(connection, serde=_serializer())
        await saver.setup()
        return cls(connection, saver)

    async def check(self) -> None:
        """Raises `StoreError` when the file cannot be read."""
        try:
            async with self.saver.lock:
                await self._connection.execute_fetchall("SELECT 1 FROM checkpoints LIMIT 1")
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"conversations cannot be read: {error}") from error

    async def tidy(self, thread: str) -> None:
        """Keep a thread's newest checkpoint alone: no older ones, no half-done steps."""
        try:
            await self._trim(thread)
        except (sqlite3.Error, ValueError) as error:
            log.warning("a thread was not tidied: %s", error)
            await self._let_go()

    async def forget_older(self, threads: Iterable[str]) -> None:
        """Tidy threads for good, from the log as well.

        Raises:
            StoreError: the file cannot be written.
        """
        async with self._for_good():
            for thread in threads:
                await self._trim(thread)

    async def erase(self, threads: Iterable[str]) -> None:
        """Remove threads for good, from the log as well.

        Raises:
            StoreError: the file cannot be written.
        """
        async with self._for_good():
            for thread in threads:
                await self.saver.adelete_thread(thread)

    async def _trim(self, thread: str) -> None:
        async with self.saver.lock:
            await self._connection.execute("DELETE FROM writes WHERE thread_id = ?", (thread,))
            await self._connection.execute(
                """DELETE FROM checkpoints WHERE thread_id = ? AND checkpoint_id <
                (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)""",
                (thread, thread),
            )
            await self._connection.commit()

    @asynccontextmanager
    async def _for_good(self) -> AsyncGenerator[None, None]:
        """Leave nothing in the log of what is removed inside. Raises `StoreError`."""
        try:
            yield
            async with self.saver.lock:
                await self._connection.commit()
                found = await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                row = await found.fetchone()
        except (sqlite3.Error, ValueError) as error:
            await self._let_go()
            raise StoreError(f"conversations cannot be erased: {error}") from error
        if row is None or row[0]:
            raise StoreError("conversations cannot be erased: somebody else reads them")

    async def _let_go(self) -> None:
        """End a transaction that broke off, which would lock out everybody else."""
        with suppress(sqlite3.Error, ValueError):
            await self._connection.rollback()

    async def close(self) -> None:
        """Release the file. Idempotent."""
        await self._connection.close()


def thread_id(user: str, session: str) -> str:
    """A thread's name: no user can name another's, whatever characters they use."""
    owner = json.dumps([user, session])
    return hashlib.sha256(owner.encode()).hexdigest()


def _serializer() -> JsonPlusSerializer:
    # None admits no type beyond plain values: a checkpoint can't make us build objects.
    return JsonPlusSerializer(allowed_msgpack_modules=None)
