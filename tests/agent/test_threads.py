"""What lies in the file of threads: plain values, whoever wrote it there, and no half-done turn."""

import asyncio
import pickle
import sqlite3
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from tiny import at_work, tiny, tiny_home

from simpatico.agent.service import Simpatico
from simpatico.agent.threads import Threads
from simpatico.domain import Finished, Item


def read_back(kind: str, stored: bytes) -> Any:
    async def read() -> Any:
        threads = await Threads.in_memory()
        try:
            return threads.saver.serde.loads_typed((kind, stored))
        finally:
            await threads.close()

    return asyncio.run(read())


def test_a_checkpoint_builds_no_object(caplog: pytest.LogCaptureFixture) -> None:
    item = Item(id="up", title="Up")
    stored = JsonPlusSerializer(allowed_msgpack_modules=True).dumps_typed(item)
    assert read_back(*stored) == item.model_dump(mode="json")
    assert "Blocked deserialization" in caplog.text


def test_a_checkpoint_calls_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "called"
    call = f'{{"lc": 2, "type": "constructor", "id": ["os", "mkdir"], "args": ["{mark}"]}}'
    assert read_back("json", call.encode())["id"] == ["os", "mkdir"]
    with pytest.raises(NotImplementedError):
        read_back("pickle", pickle.dumps(1))
    assert not mark.exists()


def test_a_turn_that_is_left_has_ended_when_it_is_closed(tmp_path: Path) -> None:
    def in_file() -> tuple[int, int]:
        with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as file:
            n_steps = file.execute("SELECT count(*) FROM writes").fetchone()[0]
            return n_steps, file.execute("SELECT count(*) FROM checkpoints").fetchone()[0]

    async def work(service: Simpatico) -> None:
        for n in range(1, 100):
            turn = service.turn("something funny", user="ann", session=f"left-{n}")
            async with aclosing(turn) as updates:
                for _ in range(n):
                    update = await anext(updates)
            assert in_file() == (0, n)  # nothing comes later, when she may have been erased
            if isinstance(update, Finished):
                return

    asyncio.run(at_work(tiny(tiny_home(tmp_path)), work))
