"""Tensors of a TensorFlow checkpoint, read without TensorFlow.

A `Saver` checkpoint (format V2) is two files: `.index`, a LevelDB table with a `BundleEntryProto`
for each tensor by name, and `.data`, their bytes, little-endian. Sources: LevelDB's
`doc/table_format.md`, TensorFlow's `tensor_bundle.proto`. Every length is held against what is
there before it is used. The check sums inside are left alone: the model store verifies sha256.
"""

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5  # behind each block: how it is compressed, and a check sum
_TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}
_VARINT, _EIGHT, _SIZED, _FOUR = 0, 1, 2, 5
_LONGEST_VARINT = 10


class _Damaged(Exception):
    """What is wrong, without the file's name."""


def read_bundle(index: Path, data: Path) -> dict[str, NDArray[Any]]:
    """All tensors of a checkpoint in one piece, by name; read-only views on its bytes.

    Raises:
        ModelError: a file is missing, is no such file, or is damaged; or a tensor is of a type
            other than float32, float64, int32 and int64.
    """
    try:
        table, contents = index.read_bytes(), data.read_bytes()
    except OSError as error:
        raise ModelError(f"a checkpoint cannot be read: {error}") from error
    try:
        entries = dict(_entries(table))
        header = _message(entries.pop(b"", b""))
        if _number(header, 1) != 1 or _number(header, 2) != 0:
            raise _Damaged("wanted one little-endian data file by its header")
        return {name.decode(): _tensor(name, entry, contents) for name, entry in entries.items()}
    except (_Damaged, UnicodeDecodeError) as error:
        raise ModelError(f"the checkpoint {index} with {data.name} is damaged: {error}") from error


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of a LevelDB table in its order."""
    if len(table) < _FOOTER or struct.unpack("<Q", table[-8:])[0] != _MAGIC:
        raise _Damaged("the index does not end as a LevelDB table does")
    at = len(table) - _FOOTER
    for _ in range(2):  # the handle of the meta block is of no use here
        _, at = _varint(table, at)
    offset, at = _varint(table, at)
    size, _ = _varint(table, at)
    for _, handle in _block(table, offset, size):
        inner, at = _varint(handle, 0)
        length, _ = _varint(handle, at)
        yield from _block(table, inner, length)


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    if size < 4 or offset + size + _TRAILER > len(table):
        raise _Damaged(f"a block of {size} bytes at {offset} is not within {len(table)}")
    if table[offset + size] != 0:
        raise _Damaged("a block is compressed")
    block = table[offset : offset + size]
    end = size - 4 - 4 * int(struct.unpack("<I", block[-4:])[0])
    if end < 0:
        raise _Damaged("a block has more restart points than room")
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        unshared, at = _varint(block, at)
        length, at = _varint(block, at)
        if shared > len(key) or at + unshared + length > end:
            raise _Damaged("a row reaches beyond its block")
        key = key[:shared] + block[at : at + unshared]
        at += unshared
        yield key, block[at : at + length]
        at += length


def _tensor(name: bytes, entry: bytes, contents: bytes) -> NDArray[Any]:
    fields = _message(entry)
    kind = _TYPES.get(_number(fields, 1))
    if kind is None or 7 in fields or _number(fields, 3) != 0:
        raise _Damaged(f"{name!r} is of an unknown type, in slices, or in another file")
    shape = [
        _number(_message(_bytes(size)), 1)
        for shape in fields.get(2, [])
        for size in _message(_bytes(shape)).get(2, [])
    ]
    offset, size = _number(fields, 4), _number(fields, 5)
    if size != math.prod(shape) * np.dtype(kind).itemsize or offset + size > len(contents):
        raise _Damaged(
            f"{name!r} of shape {shape} has {size} bytes at {offset}, of {len(contents)}"
        )
    return np.frombuffer(contents, kind, math.prod(shape), offset).reshape(shape)


def _message(encoded: bytes) -> dict[int, list[int | bytes]]:
    """A protocol buffer's fields by number, as they lie there; fixed ones as bytes."""
    fields: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(encoded):
        tag, at = _varint(encoded, at)
        value: int | bytes
        if tag & 7 == _VARINT:
            value, at = _varint(encoded, at)
        else:
            length = {_EIGHT: 8, _FOUR: 4}.get(tag & 7)
            if tag & 7 == _SIZED:
                length, at = _varint(encoded, at)
            if length is None or at + length > len(encoded):
                raise _Damaged(f"field {tag >> 3} of an entry reaches beyond it")
            value, at = encoded[at : at + length], at + length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _varint(encoded: bytes, at: int) -> tuple[int, int]:
    """(number, where the next begins)."""
    number = 0
    for place, byte in enumerate(encoded[at : at + _LONGEST_VARINT]):
        number |= (byte & 127) << 7 * place
        if byte < 128:
            return number, at + place + 1
    raise _Damaged("a number does not end")


def _number(fields: dict[int, list[int | bytes]], field: int) -> int:
    """The last value of a field, 0 where it is not written."""
    value = fields.get(field, [0])[-1]
    if not isinstance(value, int):
        raise _Damaged(f"field {field} of an entry is no number")
    return value


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise _Damaged("a shape is no message")
    return value
