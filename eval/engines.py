"""The same work for many cases: one after the other, by processes here, or by Ray elsewhere.

What is found does not depend on the engine: a case is worked on by itself, with what was opened for
it and nothing that another case left behind, and results come back in the order of the cases. Each
that is finished is kept at once, so that a run that broke off goes on where it was.
"""

import hashlib
import multiprocessing
import multiprocessing.util
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError, SettingsError, SimpaticoError
from simpatico.protocols import ProgressCallback

Engine = Literal["serial", "processes", "ray"]
ENGINES: Final[tuple[Engine, ...]] = ("serial", "processes", "ray")
_AHEAD: Final = 2
"""Cases that wait for each worker: enough that none is idle, few enough that little is lost."""


class Case(Value):
    """Something to work on. `id` is its own among the cases."""

    id: str


CaseT = TypeVar("CaseT", bound=Case)
ResultT = TypeVar("ResultT", bound=Value)

Work = Callable[[CaseT], ResultT]
Open = Callable[[], AbstractContextManager[Work[CaseT, ResultT]]]
"""Opens what the work needs, once for each worker. It travels to other processes: a picklable
object, as an instance of a class at the top of a module."""


class WorkerDied(SimpaticoError):
    """A worker's process ended in the middle of its work; what was finished is kept."""


class KeptResults(Generic[ResultT]):
    """Finished results in a file, a line each: {"case": id, "result": {...}}.

    Args:
        folder: made when something is kept; None: nothing is.
        of: what all results share (settings, seed, code); another text, another file.
        kind: what results are.
    """

    def __init__(self, folder: Path | None, of: str, kind: type[ResultT]) -> None:
        key = hashlib.sha256(of.encode()).hexdigest()[:16]
        self.path = folder / f"results-{key}.jsonl" if folder else None
        self._line: type[_Line[ResultT]] = _Line[kind]  # type: ignore[valid-type]

    def read(self) -> dict[str, ResultT]:
        """What is there, by case. A last line that broke off is left out.

        Raises:
            DataError: the file cannot be read, or is damaged elsewhere.
        """
        if self.path is None or not self.path.is_file():
            return {}
        found: dict[str, ResultT] = {}
        try:
            whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error}") from error
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                each = self._line.model_validate_json(line)
            except ValidationError as error:
                raise DataError(
                    f"line {number} of {self.path} is damaged; remove the file to begin anew"
                ) from error
            found[each.case] = each.result
        return found

    def add(self, case: str, result: ResultT) -> None:
        """Keep one more.

        Raises:
            DataError: the disk refuses.
        """
        if self.path is None:
            return
        line = self._line(case=case, result=result).model_dump_json()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _cut_off(self.path)
            with self.path.open("ab") as file:
                file.write(line.encode() + b"\n")
        except OSError as error:
            raise DataError(f"{self.path} cannot be written: {error}") from error


class _Line(Value, Generic[ResultT]):
    case: str
    result: ResultT


def mapped(
    cases: Sequence[CaseT],
    opened: Open[CaseT, ResultT],
    kept: KeptResults[ResultT],
    *,
    engine: Engine = "serial",
    workers: int = 1,
    what: str = "Working",
    progress: ProgressCallback = lambda what, done, total: None,
) -> list[ResultT]:
    """The result of each case, in their order. What is kept already is not worked on again.

    Args:
        cases: with distinct ids.
        opened: see `Open`; what the work raises ends the run, and what was finished is kept.
        kept: where results are kept.
        engine: "processes" are of this machine; "ray" starts a Ray of this machine, or joins the
            one that RAY_ADDRESS names.
        workers: how many at a time.
        what: the label of the progress.
        progress: told of cases.

    Raises:
        WorkerDied: a process was killed, or ran out of memory.
        SettingsError: Ray is not installed.
        DataError: nothing can be kept.
        ValueError: ids that are not distinct, or no workers.
    """
    if len({case.id for case in cases}) != len(cases):
        raise ValueError("wanted each case once")
    if workers < 1:
        raise ValueError(f"wanted at least one worker, got {workers}")
    found = kept.read()
    left = [case for case in cases if case.id not in found]
    done = len(cases) - len(left)
    progress(what, done, len(cases))
    run = {"serial": _serial, "processes": _processes, "ray": _ray}[engine]
    try:
        for case, result in run(left, opened, min(workers, max(1, len(left)))) if left else ():
            kept.add(case.id, result)
            found[case.id] = result
            done += 1
            progress(what, done, len(cases))
    except WorkerDied as error:
        where = f"; they are kept in {kept.path}: the same command goes on" if kept.path else ""
        raise WorkerDied(f"{error}, after {done} of {len(cases)} cases{where}") from error
    return [found[case.id] for case in cases]


def _serial(
    cases: Sequence[CaseT], opened: Open[CaseT, ResultT], workers: int
) -> Iterator[tuple[CaseT, ResultT]]:
    with opened() as work:
        for case in cases:
            yield case, work(case)


def _processes(
    cases: Sequence[CaseT], opened: Open[CaseT, ResultT], workers: int
) -> Iterator[tuple[CaseT, ResultT]]:
    # A forked child would inherit threads' locks; a spawned one starts clean.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_enter, initargs=(opened,))
    rest = iter(cases)
    running: dict[Future[ResultT], CaseT] = {}
    try:
        while True:
            for case in rest:
                running[pool.submit(_in_process, case)] = case
                if len(running) >= _AHEAD * workers:
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise WorkerDied("a worker's process ended (killed, or out of memory)") from error
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    """What a process has of the work: opened with the first case, so that what is raised is told.

    Attributes:
        here: this process's, if it is a worker's.
    """

    here: "_Worker"

    def __init__(self, opened: Open[Any, Any]) -> None:
        self._opened = opened
        self._stack = ExitStack()
        self._work: Work[Any, Any] | None = None

    def work(self, case: Any) -> Any:
        if self._work is None:
            self._work = self._stack.enter_context(self._opened())
        return self._work(case)

    def close(self) -> None:
        self._stack.close()


def _enter(opened: Open[Any, Any]) -> None:
    _Worker.here = _Worker(opened)
    multiprocessing.util.Finalize(None, _Worker.here.close, exitpriority=10)


def _in_process(case: Any) -> Any:
    return _Worker.here.work(case)


def _ray(
    cases: Sequence[CaseT], opened: Open[CaseT, ResultT], workers: int
) -> Iterator[tuple[CaseT, ResultT]]:
    try:
        import ray
        from ray.exceptions import RayActorError, RayTaskError
    except ImportError as error:
        raise SettingsError(
            "--engine ray needs Ray, which is not installed: pip install 'simpatico[scale]'"
        ) from error
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level="warning")
    actors = [ray.remote(_Worker).remote(opened) for _ in range(workers)]
    rest = iter(cases)
    running: dict[Any, tuple[Any, CaseT]] = {}
    try:
        for actor in actors * _AHEAD:
            for case in rest:
                running[actor.work.remote(case)] = (actor, case)
                break
        while running:
            (ready,), _ = ray.wait(list(running))
            actor, case = running.pop(ready)
            result = ray.get(ready)
            for following in rest:
                running[actor.work.remote(following)] = (actor, following)
                break
            yield case, result
        ray.get([actor.close.remote() for actor in actors])
    except RayActorError as error:
        raise WorkerDied("a worker of Ray's ended (killed, or out of memory)") from error
    except RayTaskError as error:
        if isinstance(error.cause, SimpaticoError):
            raise error.cause from error
        raise
    finally:
        for actor in actors:
            ray.kill(actor)
        if ours:
            ray.shutdown()


def _cut_off(path: Path) -> None:
    """Remove what stands after the last line break: a line that broke off as it was written."""
    if not path.is_file():
        return
    with path.open("rb+") as file:
        size = file.seek(0, 2)
        if size and (file.seek(-1, 2), file.read(1))[1] != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
