"""Which reader a Simpatico is built with, and what happens when its adapter is not at work."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.adapters import Adapter, Card
from simpatico.agent import build as module
from simpatico.agent import roles
from simpatico.agent.build import build
from simpatico.agent.engine import LlamaServer
from simpatico.agent.read.adapter_reader import AdapterReader
from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.llm_reader import LLMReader
from simpatico.agent.read.mood import MoodReader
from simpatico.agent.roles import roles_of, weights_wanted
from simpatico.agent.service import Simpatico
from simpatico.calibration import Calibration
from simpatico.domain import MOODS, Finished, TurnOptions
from simpatico.errors import ModelError, SettingsError
from simpatico.lorafile import Lora, LoraConfig, Pair, PlaceKey
from simpatico.loragguf import shape_of, write_gguf
from simpatico.modelstore import ModelStore
from simpatico.settings import Settings, load_settings

SMALL = "smollm2-135m-instruct"
SERVED = {"url": "http://127.0.0.1:9/v1", "flavour": "vllm", "adapters": ("reader",)}


def adapter(folder: Path) -> Adapter:
    card = Card(
        name="reader",
        version="1",
        task="reader",
        base=SMALL,
        rank=2,
        sha256="0" * 64,
        data=("ours",),
        licence="Apache-2.0",
        seed=0,
        steps=1,
        command="none",
    )
    return Adapter(name="reader", version="1", base=SMALL, rank=2, folder=folder, card=card)


@pytest.fixture
def nothing_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    for user in (module, roles):
        monkeypatch.setattr(user, "chosen", lambda task, base, home: None)


@pytest.fixture
def a_reader_ships(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Adapter:
    (tmp_path / "reader").mkdir()
    ours = adapter(tmp_path / "reader")
    thresholds = dict.fromkeys(MOODS, 0.4)
    content = json.dumps({"temperature": 0.7, "head": 0.5, "thresholds": thresholds})
    (ours.folder / "calibration.json").write_text(content)

    def chosen(task: str, base: str, home: Path) -> Adapter | None:
        return ours if (task, base) == ("reader", SMALL) else None

    for user in (module, roles):
        monkeypatch.setattr(user, "chosen", chosen)
    return ours


@pytest.mark.usefixtures("nothing_ships")
def test_without_an_adapter_the_encoder_reads_unless_the_model_is_forced() -> None:
    assert not roles_of(load_settings()).reads
    assert not roles_of(load_settings())
    assert roles_of(load_settings(reader="llm")).reads
    assert roles_of(load_settings()).adapters == {}


def test_with_an_adapter_the_embedded_model_reads(a_reader_ships: Adapter) -> None:
    assert roles_of(load_settings()).adapters == {"reader": a_reader_ships}
    found = roles_of(load_settings())
    assert found.reads and SMALL in weights_wanted(load_settings(), found)
    assert not roles_of(load_settings(reader="encoder")).reads
    assert not roles_of(load_settings(llm={"enabled": False})).reads
    assert not roles_of(load_settings(llm={"model": "another"})).reads


@pytest.mark.usefixtures("a_reader_ships")
def test_a_server_has_the_adapters_that_the_settings_name() -> None:
    assert not roles_of(load_settings(llm={"url": "http://127.0.0.1:9/v1"})).reads
    served = load_settings(llm=SERVED)
    assert roles_of(served).reads and weights_wanted(served, roles_of(served)) == ("minilm",)
    assert not roles_of(load_settings(llm=SERVED | {"adapters": ("explainer",)})).reads


@pytest.mark.parametrize("wrong", [{"url": ""}, {"flavour": "openai"}])
def test_adapters_without_a_server_that_takes_them_cannot_work(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="vllm or llamacpp"):
        load_settings(llm=SERVED | wrong)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Simpatico]:
    simpatico = await build(settings, progress=lambda label, done, total: None)
    try:
        yield simpatico
    finally:
        await simpatico.aclose()


async def _reader(settings: Settings) -> Any:
    async with running(settings) as simpatico:
        return simpatico._mind.reader


@pytest.mark.slow
def test_the_adapter_reader_is_built_with_its_calibration(
    home: Path, a_reader_ships: Adapter
) -> None:
    reader = asyncio.run(_reader(load_settings(home=home, llm=SERVED | {"model": SMALL})))
    assert isinstance(reader, AdapterReader)
    assert reader._calibration.temperature == 0.7 and reader._calibration.head == 0.5
    assert isinstance(reader._moods, MoodReader)
    reader = asyncio.run(_reader(load_settings(home=home, llm=SERVED | {"model": "theirs"})))
    assert isinstance(reader, AdapterReader) and reader._calibration == Calibration()
    (a_reader_ships.folder / "calibration.json").unlink()
    with pytest.raises(ModelError, match="calibration"):
        asyncio.run(_reader(load_settings(home=home, llm=SERVED | {"model": SMALL})))


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_ships")
def test_other_readers_are_built_without_one(home: Path) -> None:
    url = {"url": "http://127.0.0.1:9/v1"}
    reader = asyncio.run(_reader(load_settings(home=home, reader="llm", llm=url)))
    assert isinstance(reader, LLMReader)
    reader = asyncio.run(_reader(load_settings(home=home, llm=url)))
    assert isinstance(reader, EncoderReader)


@pytest.mark.model
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_an_adapter_that_changes_nothing_is_not_started(
    home: Path,
    a_reader_ships: Adapter,
    monkeypatch: pytest.MonkeyPatch,
    strength: float,
) -> None:
    try:
        weights = ModelStore(load_settings().cache).path(SMALL) / "model.gguf"
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    rng = np.random.default_rng(0)
    down = PlaceKey(29, "mlp.down_proj")
    a, b = rng.normal(size=(2, 1536)) * 0.05, rng.normal(size=(576, 2)) * strength
    lora = Lora(
        LoraConfig(peft_type="LORA", r=2, lora_alpha=4.0),
        {down: Pair(a.astype(np.float32), b.astype(np.float32))},
    )
    made = write_gguf(lora, shape_of(weights), a_reader_ships.folder / "made.gguf")
    monkeypatch.setattr(module, "gguf_of", lambda adapter, base, cache: made)
    settings = load_settings(home=home)
    if strength:
        assert isinstance(asyncio.run(_reader(settings)), AdapterReader)
    else:
        with pytest.raises(ModelError, match="changes nothing"):
            asyncio.run(_reader(settings))


@pytest.mark.model
def test_an_adapter_that_the_server_does_not_have_is_noticed_and_labelled(home: Path) -> None:
    try:
        weights = ModelStore(load_settings().cache).path(SMALL) / "model.gguf"
    except ModelError as error:
        pytest.skip(f"no weights: {error}")

    async def run(url: str, key: str) -> Finished:
        llm = {"url": url, "key": key, "flavour": "llamacpp", "timeout_s": 60}
        llm |= {"adapters": ("reader",), "rephrase": "never"}
        async with running(load_settings(home=home, llm=llm)) as simpatico:
            assert isinstance(simpatico._mind.reader, AdapterReader)
            updates = simpatico.turn(
                "rough week, something warm and funny",
                user="u",
                session="s",
                options=TurnOptions(),
                dialogue=None,
            )
            found = [update async for update in updates]
            last = found[-1]
            assert isinstance(last, Finished)
            return last

    with LlamaServer(weights, context=512) as (url, key):  # it ignores adapters it does not know
        finished = asyncio.run(run(url, key))
    assert any("simpler reader" in note for note in finished.reply.degraded)
    assert finished.reply.state.mood.label == "sadness"
