"""Tensors of a PyTorch weight file, read without PyTorch and without running its pickles.

The format is that of `torch.save` before 1.6: five pickles (magic number, version, byte order, the
tensors' places, the keys of the storages), then for each storage its length and raw numbers. A
pickle is a program; here it is read as data by a machine with no instruction that calls anything,
which knows the two constructors and two number types of such files by name.
"""

import io
import math
import pickletools
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_DICT = "collections OrderedDict"
_TENSOR = "torch._utils _rebuild_tensor_v2"
_TYPES = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}
_DAMAGED = (ValueError, TypeError, LookupError, AttributeError, OverflowError, struct.error)


class _Global(NamedTuple):
    name: str


class _Storage(NamedTuple):
    key: str
    dtype: str
    n: int


class _Place(NamedTuple):
    """Where a tensor lies in its storage; offset and strides count numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """All tensors of a weight file by name: float32 or int64, each with memory of its own.

    Raises:
        ModelError: it cannot be read, is of another format, is damaged, or has a pickle that wants
            more than plain tensors.
    """
    try:
        data = path.read_bytes()
        return _read(data)
    except OSError as error:
        raise ModelError(f"weights cannot be read: {error}") from error
    except _DAMAGED as error:
        raise ModelError(
            f"{path} is no whole weight file of PyTorch's format before 1.6: {error}"
        ) from error


def _read(data: bytes) -> dict[str, NDArray[Any]]:
    file = io.BytesIO(data)
    if _load(file) != _MAGIC or _load(file) != _VERSION:
        raise ValueError("it has another magic number or version")
    if _load(file)["little_endian"] is not True:
        raise ValueError("its numbers are not little-endian")
    places: dict[str, _Place] = _load(file)
    wanted = {place.storage.key: place.storage for place in places.values()}
    found = {}
    for key in _load(file):
        storage = wanted[_text(key)]
        (n,) = struct.unpack("<q", file.read(8))
        if n != storage.n or n < 1:
            raise ValueError(f"storage {key!r} has {n} numbers, wanted {storage.n}")
        found[storage] = np.frombuffer(data, storage.dtype, n, file.tell())
        file.seek(found[storage].nbytes, io.SEEK_CUR)
    if file.tell() != len(data):
        raise ValueError(f"wanted {file.tell()} bytes, got {len(data)}")
    return {name: _tensor(found[place.storage], place) for name, place in places.items()}


def _tensor(numbers: NDArray[Any], place: _Place) -> NDArray[Any]:
    _, offset, shape, strides = place
    if len(shape) != len(strides) or min((offset, *strides)) < 0 or min(shape, default=1) < 1:
        raise ValueError(f"a tensor has shape {shape}, strides {strides}, offset {offset}")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if last >= len(numbers) or math.prod(shape) > len(numbers):
        raise ValueError(f"a tensor of shape {shape} leaves its storage of {len(numbers)}")
    steps = [step * numbers.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps).copy()


def _load(file: io.BytesIO) -> Any:
    """The value of the pickle that begins here; leaves `file` behind it."""
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[Any, Any] = {}

    def pop_marked() -> list[Any]:
        at = marks.pop()
        values = stack[at:]
        del stack[at:]
        return values

    for operation, argument, _ in pickletools.genops(file):
        match operation.name:
            case "STOP":
                return stack.pop()
            case "PROTO":
                pass
            case "MARK":
                marks.append(len(stack))
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[operation.name])
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                stack.append(argument)
            case "EMPTY_TUPLE":
                stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                n = int(operation.name[-1])
                stack[-n:] = [tuple(stack[-n:])]
            case "TUPLE":
                stack.append(tuple(pop_marked()))
            case "EMPTY_LIST":
                stack.append([])
            case "APPEND":
                value = stack.pop()
                stack[-1].append(value)
            case "APPENDS":
                values = pop_marked()
                stack[-1].extend(values)
            case "EMPTY_DICT":
                stack.append({})
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                stack[-1][_text(key)] = value
            case "SETITEMS":
                values = pop_marked()
                for key, value in zip(values[::2], values[1::2], strict=True):
                    stack[-1][_text(key)] = value
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "GLOBAL":
                stack.append(_Global(str(argument)))
            case "BINPERSID":
                stack.append(_storage(stack.pop()))
            case "REDUCE":
                arguments, made = stack.pop(), stack.pop()
                stack.append(_made(made, arguments))
            case "BUILD":  # attributes of a dict, such as `_metadata`: of no use here
                stack.pop()
            case other:
                raise ValueError(f"its pickle has the instruction {other}")
    raise ValueError("its pickle has no end")


def _text(key: Any) -> str:
    if not isinstance(key, str):  # a tuple nested in itself takes for ever to hash
        raise ValueError(f"its pickle has a key of type {type(key).__name__}")
    return key


def _storage(identity: Any) -> _Storage:
    tag, kind, key, _device, n, view = identity
    if tag != "storage" or kind.name not in _TYPES or view is not None:
        raise ValueError(f"its pickle has a storage of type {str(kind.name)[:80]!r}")
    if not isinstance(n, int):
        raise ValueError(f"its pickle has a storage whose length is a {type(n).__name__}")
    return _Storage(_text(key), _TYPES[kind.name], n)


def _made(made: Any, arguments: Any) -> Any:
    """What a constructor would have made of its arguments."""
    if made == _Global(_DICT) and arguments == ():
        return {}
    if made == _Global(_TENSOR):
        storage, offset, shape, strides, *_ = arguments
        if not isinstance(storage, _Storage):
            raise ValueError("its pickle has a tensor without storage")
        if not all(isinstance(n, int) for n in (offset, *shape, *strides)):
            raise ValueError("its pickle has a tensor whose shape is not whole numbers")
        return _Place(storage, offset, shape, strides)
    name = made.name if isinstance(made, _Global) else type(made).__name__
    raise ValueError(f"its pickle wants to call {name[:80]!r}")
