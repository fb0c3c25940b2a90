"""Versions of a ranker: chosen, rolled back, damaged, and made by somebody who is killed."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simpatico.errors import ModelError, StoreError
from simpatico.retrieval.certainty import Certainty
from simpatico.retrieval.fusion import shipped_ranker
from simpatico.retrieval.versions import SHIPPED, Versions

AT = datetime(2026, 11, 22, 18, 47, 3, tzinfo=UTC)
KILLED = """
import os, sys
from pathlib import Path
from simpatico.retrieval.versions import Versions
versions = Versions(Path(sys.argv[1]), "movies")
with versions.training(), versions.making() as making:
    making.mkdir()
    (making / "items.onnx").write_bytes(b"half")
    os._exit(9)
"""
FIRST, SECOND = "20261122T184703Z", "20261122T184703Z-2"


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path, "movies")


def made(versions: Versions) -> str:
    """A new version like the shipped one, its files shared."""
    folder = shipped_ranker("movies")
    assert folder is not None
    with versions.making() as making:
        shutil.copytree(folder, making)
        return versions.add(making, AT)


def test_without_a_choice_the_shipped_one_is_served(versions: Versions, tmp_path: Path) -> None:
    assert versions.names() == [SHIPPED] and versions.used() == (SHIPPED,)
    served = versions.served()
    assert served is not None and (served.version, served.fault) == (SHIPPED, "")
    assert served.certainty == Certainty()
    assert Versions(tmp_path, "none").served() is None and Versions(tmp_path, "none").names() == []


def test_versions_are_used_and_rolled_back_in_order(versions: Versions, tmp_path: Path) -> None:
    assert made(versions) == FIRST and made(versions) == SECOND
    assert versions.names() == [SHIPPED, FIRST, SECOND] and versions.current == SHIPPED
    for name in (FIRST, SECOND, SECOND, SHIPPED):
        versions.use(name)
    assert versions.used() == (SHIPPED, FIRST, SECOND, SHIPPED)
    again = Versions(tmp_path, "movies")
    with pytest.raises(ModelError, match=f"served before was '{SECOND}', not '{FIRST}'"):
        again.rollback(FIRST)
    assert [again.rollback() for _ in range(3)] == [SECOND, FIRST, SHIPPED]
    with pytest.raises(ModelError, match="nothing was served before the version 'shipped'"):
        again.rollback()
    assert versions.current == SHIPPED


def test_only_a_version_that_is_there_and_whole_is_used(versions: Versions) -> None:
    for strange in ("20200101T000000Z", "../movies", ""):
        with pytest.raises(ModelError, match="there are: shipped"):
            versions.use(strange)
    name = made(versions)
    (versions.folder(name) / "terms.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match="cannot be loaded"):
        versions.use(name)
    with versions.making() as making:
        making.mkdir()
        with pytest.raises(ModelError, match="card"):
            versions.add(making, AT)
    assert versions.names() == [SHIPPED, name] and versions.current == SHIPPED


def test_a_damaged_version_gives_way_to_the_shipped_one_and_says_so(
    versions: Versions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    versions.use(made(versions))
    served = versions.served()
    assert served is not None and (served.version, served.fault) == (FIRST, "")
    root = tmp_path / "rankers" / "movies"
    damage = {
        root / FIRST / "tables.npz": b"no archive",
        root / FIRST / "certainty.json": b"{}x",
        root / "used": b"../../elsewhere\n",
    }
    for file, content in damage.items():
        before = file.read_bytes() if file.exists() else None
        file.write_bytes(content)
        served = versions.served()
        assert (
            served is not None
            and served.version == SHIPPED
            and file.name in served.fault
            or (served is not None and "cannot be loaded" in served.fault)
        )
        assert "takes the place" in caplog.text
        caplog.clear()
        file.unlink() if before is None else file.write_bytes(before)
    shutil.rmtree(root / FIRST)
    served = versions.served()
    assert served is not None and f"no version '{FIRST}'" in served.fault


def test_who_is_killed_leaves_what_was_served(versions: Versions, tmp_path: Path) -> None:
    versions.use(made(versions))
    root = tmp_path / "rankers" / "movies"
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == 9
    (root / "used.new").write_text("half a na")
    assert list(root.glob(".making-*"))
    assert versions.current == FIRST and versions.names() == [SHIPPED, FIRST]
    with versions.training():
        assert not list(root.glob(".making-*"))
        with pytest.raises(StoreError, match="another process"), versions.training():
            pass
    versions.use(SHIPPED)
    assert versions.rollback() == FIRST


def test_a_calibration_belongs_to_its_version(versions: Versions) -> None:
    name = made(versions)
    fitted = Certainty(slope=0.5, bias=-0.25, n_shown=800, n_taken=90)
    versions.calibrate(SHIPPED, fitted)
    served = versions.served()
    assert served is not None and len(served.identity) == 64
    kept = fitted.model_copy(update={"ranker": served.identity})
    assert versions.certainty(SHIPPED) == served.certainty == kept
    assert versions.certainty(name) == Certainty()
    assert fitted.p_accept(0.5) == pytest.approx(0.5) and Certainty().p_accept(0) == 0.5
    with pytest.raises(ModelError, match="no version"):
        versions.calibrate("x", fitted)
    with pytest.raises(ValueError, match="greater than 0"):
        Certainty(slope=-1.0)


def test_a_calibration_does_not_outlast_the_ranker_it_was_fitted_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, first = shipped_ranker("movies"), tmp_path / "first"
    assert folder is not None
    shutil.copytree(folder, first)
    fitted = Certainty(slope=0.5, bias=-0.25, n_shown=800, n_taken=90)
    before = Versions(tmp_path, "movies", shipped=first)
    before.calibrate(SHIPPED, fitted)
    old = before.served()
    with (first / "tables.npz").open("ab") as file:
        file.write(b"\0")  # another file, as after an upgrade
    new = Versions(tmp_path, "movies", shipped=first).served()
    assert old is not None and new is not None
    assert old.certainty.slope == 0.5 and new.certainty == Certainty()
    assert [one.levelname for one in caplog.records if "another ranker" in one.message] == [
        "WARNING"
    ]
    assert old.name != new.name and old.version == new.version == SHIPPED
    shutil.copy(folder / "tables.npz", first)
    again = before.served()
    assert again is not None and again.certainty == old.certainty
    (first / "tables.npz").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        before.certainty(SHIPPED)
