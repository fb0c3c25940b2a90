"""The same results by every engine, kept as they come, and a clear word when a worker dies."""

import os
import sys
from pathlib import Path

import pytest
from working import Number, Square, Squares

from simpatico.errors import DataError, SettingsError
from simpatico.eval.engines import ENGINES, Engine, KeptResults, WorkerDied, mapped

N = 12
CASES = [Number(id=f"case {at}", number=at) for at in range(N)]


@pytest.fixture
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine; Ray where it is installed, its workers told where `working` is."""
    name: Engine = request.param
    if name == "ray":
        pytest.importorskip("ray", reason="needs the extra scale")
        path = [str(Path(__file__).parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    return name


def kept_in(folder: Path | None, of: str = "squares") -> KeptResults[Square]:
    return KeptResults(folder, of, Square)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_every_engine_finds_the_same_in_the_order_of_cases(engine: Engine, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    found = mapped(
        CASES,
        Squares(notes=str(tmp_path)),
        kept_in(None),
        engine=engine,
        workers=2,
        progress=lambda *seen: told.append(seen),
    )
    assert [one.square for one in found] == [at**2 for at in range(N)]
    assert told[0] == ("Working", 0, N) and told[-1] == ("Working", N, N)
    own = {one.process for one in found} == {os.getpid()}
    assert own == (engine == "serial")
    opened = {path.name.partition("-")[2] for path in tmp_path.glob("opened-*")}
    closed = {path.name.partition("-")[2] for path in tmp_path.glob("closed-*")}
    assert opened == closed and 1 <= len(opened) <= (1 if engine == "serial" else 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("engine", ["processes", "ray"], indirect=True)
def test_a_dead_worker_is_told_and_the_same_again_goes_on(engine: Engine, tmp_path: Path) -> None:
    work = Squares(notes=str(tmp_path), deadly=N - 1)
    kept = kept_in(tmp_path / "kept")
    with pytest.raises(WorkerDied, match=r"after \d+ of 12 cases; they are kept in .*goes on"):
        mapped(CASES, work, kept, engine=engine, workers=1)
    before = kept.read()
    assert 0 < len(before) < N
    found = mapped(CASES, work, kept, engine=engine, workers=1)
    assert [one.square for one in found] == [at**2 for at in range(N)]
    again = [case.id for case, one in zip(CASES, found, strict=True) if before.get(case.id) != one]
    assert len(again) == N - len(before)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_what_the_work_refuses_ends_the_run_in_its_own_words(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="3 is refused"):
        mapped(CASES, Squares(notes=str(tmp_path), refused=3), kept_in(None), engine=engine)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_what_cannot_be_opened_ends_the_run_in_its_own_words(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no folder .*missing"):
        mapped(CASES, Squares(notes=str(tmp_path / "missing")), kept_in(None), engine=engine)


def test_what_is_kept_is_not_worked_on_again_and_belongs_to_its_settings(tmp_path: Path) -> None:
    kept = kept_in(tmp_path)
    kept.add("case 2", Square(square=-1, process=0))
    found = mapped(CASES[:3], Squares(notes=str(tmp_path)), kept)
    assert [one.square for one in found] == [0, 1, -1]
    assert kept_in(tmp_path, "cubes").read() == {}


def test_a_line_that_was_cut_off_is_worked_on_again_and_a_damaged_one_refused(
    tmp_path: Path,
) -> None:
    kept = kept_in(tmp_path)
    for at in (1, 2):
        kept.add(f"case {at}", Square(square=at, process=0))
    assert kept.path is not None
    kept.path.write_bytes(kept.path.read_bytes()[:-9])
    assert list(kept.read()) == ["case 1"]
    kept.add("case 3", Square(square=3, process=0))
    assert list(kept.read()) == ["case 1", "case 3"]
    kept.path.write_bytes(b"{}\n" + kept.path.read_bytes())
    with pytest.raises(DataError, match="line 1 of .* is damaged"):
        kept.read()


def test_without_ray_its_engine_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"pip install 'simpatico\[scale\]'"):
        mapped(CASES, Squares(notes=str(tmp_path)), kept_in(None), engine="ray")


def test_cases_are_distinct_and_somebody_works(tmp_path: Path) -> None:
    work = Squares(notes=str(tmp_path))
    with pytest.raises(ValueError, match="each case once"):
        mapped([CASES[0], CASES[0]], work, kept_in(None))
    with pytest.raises(ValueError, match="at least one worker"):
        mapped(CASES, work, kept_in(None), workers=0)
