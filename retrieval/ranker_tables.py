"""What a trained ranker knows of items by number, beside its graphs: tables.npz."""

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simpatico.retrieval.links import Counts

FILE: Final = "tables.npz"
_COUNTED: Final = ("near", "together")
_PARTS: Final = ("data", "indices", "indptr")


class Tables(NamedTuple):
    """What a ranker knows of items by number.

    Attributes:
        ids: (n_items,) of the items that it learnt of.
        has_id: (n_items,) of bool: has a vector of its own.
        counts: of what was named, near what and beside what.
    """

    ids: tuple[str, ...]
    has_id: NDArray[np.bool_]
    counts: Counts


def read_tables(folder: Path) -> Tables:
    """Read what `write_tables` wrote. Raises what numpy and scipy raise of a damaged file."""
    with np.load(folder / FILE, allow_pickle=False) as data:
        ids = tuple(str(each) for each in data["ids"])
        near, together = (_table(data, name, len(ids)) for name in _COUNTED)
        return Tables(ids, data["has_id"], Counts(near, together, data["known"].astype(np.float64)))


def write_tables(folder: Path, tables: Tables) -> None:
    """Write tables.npz; counts as float32."""
    counted = {
        f"{name}_{part}": getattr(getattr(tables.counts, name), part)
        for name in _COUNTED
        for part in _PARTS
    }
    small = {
        name: values.astype(np.float32 if values.dtype == np.float64 else np.int32)
        for name, values in {**counted, "known": tables.counts.known}.items()
    }
    ids = np.array(tables.ids, dtype=np.str_)
    np.savez_compressed(folder / FILE, ids=ids, has_id=tables.has_id, **small)


def _table(data: Any, name: str, n: int) -> sparse.csr_array:
    parts = tuple(data[f"{name}_{part}"] for part in _PARTS)
    table = sparse.csr_array(parts, shape=(n, n))
    table.check_format()
    return table
