import struct
from pathlib import Path

import numpy as np
import pytest

from simpatico.errors import ModelError
from simpatico.retrieval.encoders.tensorbundle import read_bundle

TENSORS = {
    "dense/bias": np.array([1.5, -2.0, 0.25], dtype="<f4"),
    "dense/kernel": np.arange(600, dtype="<f4").reshape(3, 200),
    "dense/step": np.array(7, dtype="<i8"),
}
CODES = {"<f4": 1, "<i8": 9}


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _sized(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _block(rows: list[tuple[bytes, bytes]]) -> bytes:
    out, before = b"", b""
    for key, value in rows:
        shared = next(
            (at for at, (a, b) in enumerate(zip(key, before, strict=False)) if a != b),
            min(len(key), len(before)),
        )
        own = key[shared:]
        out += _varint(shared) + _varint(len(own)) + _varint(len(value)) + own + value
        before = key
    return out + struct.pack("<II", 0, 1)


def _write(folder: Path, *, header: bytes = b"\x08\x01", more: bytes = b"") -> tuple[Path, Path]:
    """A checkpoint as TensorFlow lays it out; `more` goes into each entry."""
    rows, data = [(b"", header)], b""
    for name, array in sorted(TENSORS.items()):
        shape = b"".join(_sized(2, b"\x08" + _varint(n)) for n in array.shape)
        entry = b"\x08" + _varint(CODES[array.dtype.str]) + _sized(2, shape)
        entry += b"\x20" + _varint(len(data)) + b"\x28" + _varint(array.nbytes) + b"\x35\0\0\0\0"
        rows.append((name.encode(), entry + more))
        data += array.tobytes()
    table = b""
    handles = []
    for block in (_block(rows), _block([])):
        handles.append(_varint(len(table)) + _varint(len(block)))
        table += block + bytes(5)
    index = _block([(b"z", handles[0])])
    handle = _varint(len(table)) + _varint(len(index))
    table += index + bytes(5) + (handles[1] + handle).ljust(40, b"\0")
    table += struct.pack("<Q", 0xDB4775248B80FB57)
    paths = folder / "model.index", folder / "model.data"
    for path, contents in zip(paths, (table, data), strict=True):
        path.write_bytes(contents)
    return paths


def test_tensors_come_back_as_they_were_written(tmp_path: Path) -> None:
    read = read_bundle(*_write(tmp_path))
    assert sorted(read) == sorted(TENSORS)
    for name, array in TENSORS.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    index, data = _write(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_bundle(index, tmp_path / "nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        read_bundle(tmp_path / "nothing", data)


def test_an_index_cut_short_is_a_model_error_wherever_it_is_cut(tmp_path: Path) -> None:
    index, data = _write(tmp_path)
    whole = index.read_bytes()
    for size in range(len(whole)):
        index.write_bytes(whole[:size])
        with pytest.raises(ModelError, match="damaged"):
            read_bundle(index, data)


def test_data_cut_short_is_a_model_error_that_names_the_tensor(tmp_path: Path) -> None:
    index, data = _write(tmp_path)
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(ModelError, match="dense/step"):
        read_bundle(index, data)


def test_a_wrong_byte_in_the_index_never_raises_anything_else(tmp_path: Path) -> None:
    index, data = _write(tmp_path)
    whole = index.read_bytes()
    n_refused = 0
    for at in range(len(whole)):
        for byte in (0, 0x7F, 0xFF, whole[at] ^ 1):
            index.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
            try:
                read = read_bundle(index, data)
            except ModelError:
                n_refused += 1
            else:
                assert sum(array.nbytes for array in read.values()) <= 4 * len(data.read_bytes())
    assert n_refused > len(whole)


@pytest.mark.parametrize("header", [b"", b"\x08\x02", b"\x08\x01\x10\x01"])
def test_more_files_or_the_other_byte_order_are_refused(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(ModelError, match="little-endian"):
        read_bundle(*_write(tmp_path, header=header))


@pytest.mark.parametrize(
    "more", [b"\x08\x07", b"\x18\x01", _sized(7, b"")], ids=["strings", "other file", "slices"]
)
def test_what_is_no_plain_tensor_is_refused(tmp_path: Path, more: bytes) -> None:
    with pytest.raises(ModelError, match="unknown type"):
        read_bundle(*_write(tmp_path, more=more))


def test_a_size_other_than_the_shape_asks_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="of shape"):
        read_bundle(*_write(tmp_path, more=b"\x28" + _varint(1 << 62)))
