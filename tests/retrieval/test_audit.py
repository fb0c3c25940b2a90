"""Audits find real damage, done to Chroma behind our back, and repair it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import chromadb
import numpy as np
import pytest
from chromadb.api.client import Client
from chromadb.config import Settings

from simpatico.domain import Item
from simpatico.retrieval.audit import REACH, faults, unreachable
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.index import Index
from simpatico.retrieval.store import MemoryStore

ENCODER = HashEncoder(32)
IDS = [f"i{number:04}" for number in range(1100)]  # more than stays in Chroma's write buffer


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pristine")
    items = [Item(id=each, title=f"Title {each}", text=f"words of {each}") for each in IDS]
    Catalogs(home).upsert("many", items)
    Index.build(home, "many", ENCODER).close()
    return home


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Iterator[Path]:
    yield shutil.copytree(pristine, tmp_path / "home")


def store_folder(home: Path) -> Path:
    (folder,) = (home / "indexes" / "many").glob("g-*/store")
    return folder


def open_audit_repair(home: Path) -> Index:
    index = Index.open(home, "many", ENCODER)
    before = index.audit()
    assert not before.ok
    assert before.left == before.missing + before.strange + before.unreachable
    after = index.audit(repair=True)
    assert after.ok
    assert (after.missing, after.strange) == (before.missing, before.strange)
    clean = index.audit(sample=100)
    assert clean.ok
    assert clean.n_stored == clean.n_items == len(IDS)
    return index


def test_a_sound_index_has_nothing_to_repair(home: Path) -> None:
    index = Index.open(home, "many", ENCODER)
    report = index.audit(repair=True)
    assert report.ok
    assert (report.n_items, report.n_stored, report.n_checked) == (1100, 1100, 1100)
    assert not report.rebuilt
    assert index.audit(sample=40).n_checked == 40
    index.close()


def test_items_deleted_and_added_behind_our_back_are_found_and_repaired(home: Path) -> None:
    settings = Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(store_folder(home), settings=settings)
    collection = client.get_collection("items", embedding_function=None)
    collection.delete(ids=IDS[:7])
    collection.upsert(ids=["stranger"], embeddings=ENCODER.encode(["stranger"]))
    cast(Client, client).close()
    index = Index.open(home, "many", ENCODER)
    report = index.audit(sample=100)
    assert report.missing == tuple(IDS[:7])
    assert report.strange == ("stranger",)
    index.close()
    index = open_audit_repair(home)
    assert np.allclose(index.vectors(IDS[:1]), ENCODER.encode(["Title i0000. words of i0000"]))
    index.close()
    index = Index.open(home, "many", ENCODER)  # the repair is on disk
    assert index.audit(sample=100).ok
    index.close()


def test_a_graph_that_lost_its_items_is_built_anew(home: Path) -> None:
    (graph,) = (path.parent for path in store_folder(home).glob("*/header.bin"))
    shutil.rmtree(graph)
    index = Index.open(home, "many", ENCODER)
    report = index.audit(sample=50)
    assert len(report.unreachable) > 40
    assert index.audit(repair=True, sample=50).ok
    assert index.audit(sample=300).ok
    index.close()
    index = Index.open(home, "many", ENCODER)
    assert index.audit(sample=300).ok
    index.close()


def test_the_faults_of_a_store_by_hand() -> None:
    store = MemoryStore(ENCODER.dim)
    store.upsert(["a", "b", "x"], ENCODER.encode(["a", "b", "x"]))
    found = faults(store, ["a", "b", "c"], sample=None)
    assert (found.missing, found.strange, found.unreachable) == (("c",), ("x",), ())
    assert found.n_checked == 2
    assert faults(store, ["a", "b", "c"], sample=1).n_checked == 1


def test_items_crowded_out_by_their_own_copies_count_as_found() -> None:
    store = MemoryStore(ENCODER.dim)
    ids = [f"{number:03}" for number in range(REACH + 20)]
    store.upsert(ids, np.repeat(ENCODER.encode(["the same"]), len(ids), axis=0))
    assert unreachable(store, ids) == ()
