import collections
import io
import pickle
import pickletools
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simpatico.errors import ModelError
from simpatico.retrieval.encoders.torchfile import read_tensors

HEADER = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})


class _Storage:
    """Pickled as a reference to a storage, as PyTorch pickles its own."""

    def __init__(self, key: str, n: int) -> None:
        self.identity = ("storage", _FloatStorage, key, "cpu", n, None)


class _FloatStorage:
    pass


def _rebuild_tensor_v2() -> None:
    pass


class _Tensor:
    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _rebuild_tensor_v2, self.arguments


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return value.identity if isinstance(value, _Storage) else None


def _pickled(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, 2).dump(value)
    data = file.getvalue()
    for ours, theirs in (
        ("_FloatStorage", b"torch\nFloatStorage"),
        ("_rebuild_tensor_v2", b"torch._utils\n_rebuild_tensor_v2"),
    ):
        data = data.replace(f"c{__name__}\n{ours}\n".encode(), b"c" + theirs + b"\n")
    return data


def _file(state: bytes, *blocks: bytes, keys: Any = ("7",)) -> bytes:
    parts = [*(_pickled(part) for part in HEADER), state, _pickled(list(keys))]
    return b"".join([*parts, *(struct.pack("<q", len(block) // 4) + block for block in blocks)])


NUMBERS = np.arange(6, dtype="<f4").tobytes()


def _state(offset: Any = 0, shape: Any = (2, 3), strides: Any = (3, 1), n: Any = 6) -> bytes:
    tensor = _Tensor(_Storage("7", n), offset, shape, strides, False, collections.OrderedDict())
    return _pickled(collections.OrderedDict(w=tensor))


def _read(tmp_path: Path, data: bytes) -> dict[str, Any]:
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    return read_tensors(path)


def test_a_tensor_is_read_with_its_shape(tmp_path: Path) -> None:
    (tensor,) = _read(tmp_path, _file(_state(), NUMBERS)).values()
    np.testing.assert_array_equal(tensor, [[0, 1, 2], [3, 4, 5]])
    assert tensor.dtype == np.float32


def test_a_transposed_tensor_and_a_part_of_a_storage_are_read_by_their_strides(
    tmp_path: Path,
) -> None:
    transposed = _read(tmp_path, _file(_state(0, (3, 2), (1, 3)), NUMBERS))["w"]
    np.testing.assert_array_equal(transposed, [[0, 3], [1, 4], [2, 5]])
    part = _read(tmp_path, _file(_state(4, (2,), (1,)), NUMBERS))["w"]
    np.testing.assert_array_equal(part, [4, 5])
    scalar = _read(tmp_path, _file(_state(5, (), ()), NUMBERS))["w"]
    assert scalar == 5


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (1, (2, 3), (3, 1)),  # runs past the end
        (0, (2, 3), (1 << 40, 1)),
        (0, (1000, 1000, 1000), (0, 0, 0)),  # six numbers that would fill gigabytes
        (-1, (2,), (1,)),
        (5, (6,), (-1,)),
        (0, (0,), (1,)),
        (0, (2, 3), (1,)),
        (0, (1,), (1 << 62,)),  # its step in bytes is no machine word
        (0, ("2", 3), (3, 1)),
        (0, None, None),
    ],
)
def test_a_tensor_that_leaves_its_storage_is_refused(
    tmp_path: Path, offset: Any, shape: Any, strides: Any
) -> None:
    with pytest.raises(ModelError, match="no whole weight file"):
        _read(tmp_path, _file(_state(offset, shape, strides), NUMBERS))


@pytest.mark.parametrize("n", [5, 7, -1, 1 << 62, "6", None])
def test_a_storage_of_another_length_is_refused(tmp_path: Path, n: Any) -> None:
    with pytest.raises(ModelError, match="no whole weight file"):
        _read(tmp_path, _file(_state(n=n), NUMBERS))


class _Runs:
    """A pickle that would make the file `trace` when unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("place", range(5))
def test_a_hostile_pickle_is_refused_and_does_not_run(
    tmp_path: Path, protocol: int, place: int
) -> None:
    trace = tmp_path / "trace"
    hostile = pickle.dumps({"w": _Runs(trace)}, protocol)
    parts = [*(_pickled(part) for part in HEADER), _state(), _pickled(["7"])]
    parts[place] = hostile
    with pytest.raises(ModelError, match="pickle"):
        _read(tmp_path, b"".join(parts) + struct.pack("<q", 6) + NUMBERS)
    assert not trace.exists()
    pickle.loads(hostile)  # and it was hostile indeed
    assert trace.exists()


@pytest.mark.parametrize("name", ["os\nsystem", "builtins\neval", "torch._utils\n_rebuild_x"])
def test_no_other_name_can_be_called(tmp_path: Path, name: str) -> None:
    state = _state().replace(b"torch._utils\n_rebuild_tensor_v2", name.encode())
    with pytest.raises(ModelError, match="wants to call"):
        _read(tmp_path, _file(state, NUMBERS))


def test_a_storage_of_another_type_is_refused(tmp_path: Path) -> None:
    state = _state().replace(b"torch\nFloatStorage", b"torch\nHalfStorage")
    with pytest.raises(ModelError, match="HalfStorage"):
        _read(tmp_path, _file(state, NUMBERS))


def test_pickles_that_would_take_all_time_or_memory_end_at_once(tmp_path: Path) -> None:
    nested: Any = ()
    for _ in range(60):
        nested = (nested, nested)  # hashing it would take 2 ** 60 steps
    as_key = pickle.dumps(nested, 2)[:-1].replace(b"\x80\x02", b"\x80\x02}", 1) + b"K\x01s."
    assert [op.name for op, _, _ in pickletools.genops(as_key)][-2:] == ["SETITEM", "STOP"]
    as_storage = _file(_state(), NUMBERS, keys=[nested])
    far_memo = b"\x80\x02}r\xff\xff\xff\xff."  # unpickling makes a table of four thousand million
    began = time.monotonic()
    for data in (_file(as_key, NUMBERS), as_storage):
        with pytest.raises(ModelError, match="key of type tuple"):
            _read(tmp_path, data)
    assert _read(tmp_path, _file(far_memo, keys=[])) == {}
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04" + b"\0" * 100, b"\x80\x02", _file(_state(), NUMBERS) + b"x"]
)
def test_another_file_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ModelError, match="no whole weight file"):
        _read(tmp_path, data)


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_tensors(tmp_path / "nothing.pth")


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    whole = _file(_state(), NUMBERS)
    for n in range(len(whole)):
        with pytest.raises(ModelError):
            _read(tmp_path, whole[:n])


@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(_file(_state(), NUMBERS))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        tensors = _read(tmp_path, bytes(data))
    except ModelError:
        return
    assert all(isinstance(tensor, np.ndarray) and tensor.size <= 6 for tensor in tensors.values())


def test_it_reads_what_pytorch_wrote(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    state = {
        "a": torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        "b": torch.tensor(7),
        "c": torch.nn.Parameter(torch.ones(3)).detach()[1:],
    }
    path = tmp_path / "weights.pth"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    tensors = read_tensors(path)
    assert tensors.keys() == state.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, state[name].numpy())
