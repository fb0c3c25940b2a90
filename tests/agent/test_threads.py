"""What lies in the file of threads is plain values, whoever wrote it there."""

import asyncio
import pickle
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from simpatico.agent.threads import Threads
from simpatico.domain import Item


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
