"""Which ranker a Simpatico is built with: the trained one where it fits, else the linear."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simpatico.agent.build import build
from simpatico.agent.eventlog import SqliteLog
from simpatico.domain import Finished, Reply, TurnOptions
from simpatico.errors import ModelError
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.certainty import Certainty
from simpatico.retrieval.fusion import FusionModel, FusionScorer, shipped_ranker
from simpatico.retrieval.packs import load_pack
from simpatico.retrieval.versions import Versions
from simpatico.settings import load_settings

pytestmark = pytest.mark.model


def quiet(label: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def built(home: Path, text: str = "", **settings: Any) -> tuple[str, Reply | None]:
    """The ranker's name, and the reply to a text."""

    async def work() -> tuple[str, Reply | None]:
        given = load_settings(home=home, llm={"enabled": False}, **settings)
        service = await build(given, progress=quiet)
        try:
            options = TurnOptions()
            if text:
                async for update in service.turn(text, user="u", session="s", options=options):
                    if isinstance(update, Finished):
                        return service._mind.ranker.name, update.reply
            return service._mind.ranker.name, None
        finally:
            await service.aclose()

    return asyncio.run(work())


def health(home: Path) -> dict[str, str]:
    """What each part says of itself."""

    async def work() -> dict[str, str]:
        service = await build(load_settings(home=home, llm={"enabled": False}), progress=quiet)
        try:
            return await service.health()
        finally:
            await service.aclose()

    return asyncio.run(work())


def test_the_shipped_ranker_is_of_the_shipped_films() -> None:
    folder = shipped_ranker("movies")
    assert folder is not None and shipped_ranker("none") is None
    model, pack = FusionModel(folder), load_pack("movies")
    assert model.card.encoder == pack.encoder and "CC BY 4.0" in model.card.data
    assert all(model.place(item.id) >= 0 for item in pack.items)


def test_films_are_ranked_by_the_trained_one_and_it_explains_itself(home: Path) -> None:
    name, reply = built(home, "I loved Alien and The Thing, something like those")
    assert name.startswith("fusion shipped ") and reply is not None and not reply.degraded
    parts = {part.name for one in reply.recommendations for part in one.parts}
    assert {"liked", "together"} <= parts
    genres = [set(one.item.genres) for one in reply.recommendations]
    assert sum(bool({"Horror", "Science Fiction"} & each) for each in genres) >= 2
    assert built(home, retrieval={"ranker": "linear"})[0] == "linear"


def test_when_the_trained_one_fails_others_are_shown_and_it_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a graph that does not run")

    monkeypatch.setattr(FusionScorer, "_every", broken)
    _, reply = built(home, "a slow film about grief")
    assert reply is not None and len(reply.recommendations) >= 3
    assert any("trained ranker does not work" in label for label in reply.degraded)


def test_a_catalogue_without_one_is_ranked_by_hand_set_weights(home: Path) -> None:
    items = Catalogs(home).load("movies").items[:40]
    Catalogs(home).upsert("few", items)
    assert built(home, catalog="few")[0] == "linear"
    with pytest.raises(ModelError, match="of catalogue 'few' for minilm-int8, got none"):
        built(home, catalog="few", retrieval={"ranker": "fusion"})


def test_vectors_of_another_encoder_are_not_what_it_learnt_from(home: Path) -> None:
    assert built(home, retrieval={"encoder": "hash"})[0] == "linear"
    with pytest.raises(ModelError, match="for hash.*got one for minilm-int8"):
        built(home, retrieval={"encoder": "hash", "ranker": "fusion"})


def test_a_version_of_ones_own_serves_and_gives_way_when_it_is_damaged(home: Path) -> None:
    versions = Versions(home, "movies")
    folder = shipped_ranker("movies")
    assert folder is not None
    with versions.making() as making:
        shutil.copytree(folder, making)
        name = versions.add(making, datetime(2026, 11, 22, tzinfo=UTC))
    versions.calibrate(name, Certainty(bias=-20.0))
    versions.use(name)
    ranker, reply = built(home, "something like Alien")
    assert ranker.startswith(f"fusion {name} ") and reply is not None
    assert reply.recommendations and max(one.p_accept for one in reply.recommendations) < 1e-6
    log = SqliteLog(home / "events.sqlite")
    (shown,) = log.impressions("u")
    log.close()
    assert shown.policy == ranker and shown.scores == tuple(
        pytest.approx(one.score) for one in reply.recommendations
    )
    assert health(home)["ranker"] == "ok"
    (versions.folder(name) / "person.onnx").write_bytes(b"")
    assert built(home)[0].startswith("fusion shipped ")
    assert health(home)["ranker"].startswith("degraded: the shipped one is served")
