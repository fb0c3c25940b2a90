"""What all tests share: no network but loopback, and a real home to run a real Simpatico in."""

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


Say = Callable[[list[dict[str, str]]], str | int]


class ChatServer:
    """A server on loopback that answers chats by a function: text, or a number for a status."""

    def __init__(self, say: Say, models: Any = ("fake",)) -> None:
        self.asked: list[list[dict[str, str]]] = []
        self.keys: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listed = models
                if isinstance(models, tuple):
                    listed = [{"id": name, "object": "model"} for name in models]
                self.reply(200, {"object": "list", "data": listed})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.asked.append(body["messages"])
                outer.keys.add(self.headers["authorization"])
                said = say(body["messages"])
                if isinstance(said, int):
                    self.reply(said, {"error": {"message": "no"}})
                    return
                choice = {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": said},
                }
                self.reply(
                    200,
                    {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                     "choices": [choice]},
                )  # fmt: skip

            def reply(self, status: int, body: Any) -> None:
                sent = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., ChatServer]]:
    """Start servers; they stop with the test."""
    made: list[ChatServer] = []

    def start(say: Say, **more: Any) -> ChatServer:
        made.append(ChatServer(say, **more))
        return made[-1]

    yield start
    for each in made:
        each.close()
