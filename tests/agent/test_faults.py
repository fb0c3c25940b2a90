"""Each outside thing broken in turn: a labelled answer or a clear error, and nothing lost."""

import asyncio
import shutil
from pathlib import Path

import pytest

from simpatico.agent.build import build
from simpatico.agent.engine import LlamaServer
from simpatico.agent.service import Simpatico
from simpatico.domain import CardsReady, Finished, Reply, TextDelta
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.catalog import Catalogs
from simpatico.settings import Settings, load_settings

pytestmark = pytest.mark.model

ASK = "a warm comedy about friends"


def quiet(label: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


async def say(service: Simpatico, text: str, *, session: str = "s") -> Reply:
    async for update in service.turn(text, user="ann", session=session):
        if isinstance(update, Finished):
            return update.reply
    raise AssertionError("a turn without a reply")


@pytest.fixture(scope="module")
def weights() -> Path:
    try:
        folder = ModelStore(load_settings().cache).path("smollm2-135m-instruct")
    except ModelError as error:
        pytest.skip(f"needs the language model's weights: {error}")
    return folder / "model.gguf"


def test_a_language_model_killed_in_mid_turn_leaves_a_whole_labelled_reply(
    home: Path, weights: Path
) -> None:
    server = LlamaServer(weights)
    endpoint = server.start()
    settings = load_settings(
        home=home,
        reader="llm",
        llm={
            "url": endpoint.url,
            "key": endpoint.key,
            "flavour": "llamacpp",
            "rephrase": "always",
            "timeout_s": 30,
        },
    )

    async def work() -> None:
        service = await build(settings, progress=quiet)
        try:
            assert (await service.health())["llm"] == "ok"
            reply: Reply | None = None
            said = ""
            async for update in service.turn(ASK, user="ann", session="s"):
                if isinstance(update, TextDelta):
                    said += update.text
                elif isinstance(update, Finished):
                    reply = update.reply
                elif isinstance(update, CardsReady):
                    stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            await stopping
            assert reply is not None
            assert said == reply.text
            assert any("language model" in label for label in reply.degraded)
            for one in reply.recommendations:
                assert said.count(f"**{one.item.label}**") == 1

            later = await say(service, "something about a heist", session="t")
            assert later.recommendations
            assert any("simpler reader" in label for label in later.degraded)
            assert (await service.health())["llm"].startswith("degraded")
        finally:
            await service.aclose()

    try:
        asyncio.run(work())
    finally:
        server.stop()


def test_a_living_language_model_reads_and_rephrases_without_a_label(
    home: Path, weights: Path
) -> None:
    settings = load_settings(home=home, reader="llm", llm={"rephrase": "always", "timeout_s": 60})

    async def work() -> None:
        service = await build(settings, progress=quiet)
        try:
            reply = await say(service, ASK)
            assert not reply.degraded
            for one in reply.recommendations:
                assert reply.text.count(one.item.title) >= 1
        finally:
            await service.aclose()

    asyncio.run(work())


def test_an_empty_catalogue_says_so(home: Path) -> None:
    Catalogs(home).upsert("none", [])
    settings = load_settings(home=home, catalog="none", llm={"enabled": False})

    async def work() -> None:
        service = await build(settings, progress=quiet)
        try:
            reply = await say(service, ASK)
            assert "empty" in reply.text
            assert not reply.recommendations
            assert "empty" in (await service.health())["index"]
        finally:
            await service.aclose()

    asyncio.run(work())


def test_a_missing_index_is_built_at_the_start(settings: Settings, home: Path) -> None:
    shutil.rmtree(home / "indexes")
    Catalogs(home).upsert("two", Catalogs(home).load("movies").items[:50])
    small = settings.model_copy(update={"catalog": "two"})

    async def work() -> None:
        service = await build(small, progress=quiet)
        try:
            assert (await say(service, ASK)).recommendations
        finally:
            await service.aclose()

    asyncio.run(work())
