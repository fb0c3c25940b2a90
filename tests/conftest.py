"""What all tests share: no network but loopback, and a real home to run a real Simpatico in."""

import os
import shutil
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.settings import Settings, load_settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before any test imports a hub client
pytest.register_assert_rewrite("browsing")  # tests/ui/browsing.py


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if host != "localhost" and not ip_address(host.partition("%")[0]).is_loopback:
                raise OSError(f"tests have no network, but something connects to {host}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own settings change what a test sees."""
    for name in list(os.environ):
        if name.startswith("SIMPATICO_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for torch: models as small as a test's are many times slower with more."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the built-in catalogue indexed. Copy what you change; see `home`."""
    from simpatico.agent.build import open_index, prepare

    prepared = load_settings(llm={"enabled": False})
    try:
        ModelStore(prepared.cache).path("minilm")
    except ModelError as error:
        pytest.skip(f"needs the encoder's weights: {error}")
    home = tmp_path_factory.mktemp("home")
    ours = prepared.home / "indexes" / "movies"
    if ours.is_dir():
        shutil.copytree(ours, home / "indexes" / "movies")
    settings = prepared.model_copy(update={"home": home})
    prepare(settings, progress=lambda label, done, total: None)
    open_index(settings).close()
    return home


@pytest.fixture
def home(built_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own, ready to run."""
    return Path(shutil.copytree(built_home, tmp_path / "home"))


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings on that home, without a language model."""
    return load_settings(home=home, llm={"enabled": False})
