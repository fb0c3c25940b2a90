"""Whole turns in Chinese on the real catalogue, without a language model; and over the API."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.agent.zh.explain import bullet, facts
from simpatico.domain import Finished, Item, Reason, Recommendation, Reply, Turn
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders.e5 import MultilingualE5
from simpatico.settings import Settings, load_settings

HAN = re.compile(r"[\u4e00-\u9fff]")
OPENING = "这周太累了，想看点温暖又搞笑的，不要儿童片"

Say = Callable[[str], Coroutine[Any, Any, Reply]]


def talk(settings: Settings, about: Callable[[Simpatico, Say], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        service = await build(settings, progress=lambda *_: None)
        user, session = uuid4().hex, uuid4().hex

        async def say(text: str) -> Reply:
            updates = [one async for one in service.turn(text, user=user, session=session)]
            assert isinstance(updates[-1], Finished)
            return updates[-1].reply

        try:
            await about(service, say)
        finally:
            await service.aclose()

    asyncio.run(run())


@pytest.mark.model
def test_a_chinese_conversation_is_understood_and_answered_in_chinese(settings: Settings) -> None:
    async def about(service: Simpatico, say: Say) -> None:
        first = await say(OPENING)
        wants = first.state.constraints
        assert first.state.language == "zh"
        assert {"warm", "funny"} <= set(wants.tones) and "kids" in wants.not_tones
        assert len(first.recommendations) >= 3 and HAN.search(first.text)
        for one in first.recommendations:
            assert f"**{one.item.label}**" in first.text.replace("\\", "")
        titles = [one.item.id for one in first.recommendations]

        seen = await say("第一部看过了")
        assert seen.state.intent == "seen" and titles[0] in seen.state.constraints.exclude_ids
        assert "看过" in seen.text and titles[0] not in [x.item.id for x in seen.recommendations]

        older = await say("1990年以前的")
        assert [one.item.year < 1990 for one in older.recommendations if one.item.year] == (
            [True] * len(older.recommendations)
        )
        why = await say("为什么推荐第一部？")
        assert why.route == "explain" and why.text.startswith("推荐**")

        english = await say("why the first one?")
        assert english.state.language == "en" and not HAN.search(english.text)
        assert HAN.search((await say("谢谢，再见")).text)

    talk(settings, about)


@pytest.mark.model
def test_without_its_encoder_wishes_and_crises_are_read_and_the_answer_says_so(
    settings: Settings, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "minilm").symlink_to(settings.cache / "minilm")

    async def about(service: Simpatico, say: Say) -> None:
        reply = await say("想看90年代的喜剧")
        wants = reply.state.constraints
        assert (wants.genres, wants.year_from) == (("Comedy",), 1990)
        assert reply.degraded == ("没能读出心情，只读了明确的要求和片名。",)
        care = await say("我不想活了，给我推荐部喜剧")
        assert care.route == "care" and "12356" in care.text and not care.recommendations

    talk(settings.model_copy(update={"cache": cache}), about)


@pytest.mark.model
def test_feelings_are_read_where_nothing_is_wished(settings: Settings) -> None:
    try:
        ModelStore(load_settings().cache).path("multilingual-e5-small")
    except ModelError as error:
        pytest.skip(f"needs the weights: {error}")

    async def about(service: Simpatico, say: Say) -> None:
        reply = await say("跟男朋友分手了，一直在哭")
        assert reply.state.mood.label in ("sadness", "grief", "disappointment")
        assert reply.degraded == () and "?" not in reply.text and HAN.search(reply.text)
        dialogue = [Turn(role="user", text="我气死了，老板又抢功劳")]
        assert (await service.recommend(dialogue, k=0)).state.mood.valence < 0

    talk(settings, about)


@pytest.mark.model
def test_the_vectors_of_both_languages_mean_the_same() -> None:
    try:
        encoder = MultilingualE5(ModelStore(load_settings().cache).path("multilingual-e5-small"))
    except ModelError as error:
        pytest.skip(f"needs the weights: {error}")
    vectors = encoder.encode(["我很难过，想哭", "I am sad and want to cry", "We won, let's party"])
    assert vectors.shape == (3, 384)
    assert (abs((vectors**2).sum(axis=1) - 1) < 1e-5).all()
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.02
    assert encoder.encode([]).shape == (0, 384)


@pytest.mark.parametrize("data", [b"", b"E5S1", b"GGUF" + bytes(200), b"E5S1" + bytes(400)])
def test_a_damaged_file_of_vectors_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.bin").write_bytes(data)
    with pytest.raises(ModelError):
        MultilingualE5(tmp_path)


def test_facts_and_reasons_are_sentences_of_their_own() -> None:
    film = Item(
        id="m",
        title="Mon Oncle",
        year=1958,
        genres=("Comedy",),
        creators=("Jacques Tati", "Jean-Pierre Zola"),
        extra=(("director", "Jacques Tati"),),
    )
    assert facts(film) == "1958 年的喜剧电影，Jacques Tati 导演。"
    assert facts(film.model_copy(update={"extra": ()})) == "1958 年的喜剧电影，主创 Jacques Tati。"
    reasons = (
        Reason(kind="behaviour", text="people who liked it"),
        Reason(kind="attribute", text="it is a comedy"),
    )
    one = Recommendation(item=film, p_accept=0.5, reasons=reasons)
    mentioned = "在类似的对话里有人提到它"
    assert bullet(one) == f"- **Mon Oncle (1958)**: {facts(film)}推荐理由：{mentioned}。"
    told = one.model_copy(update={"item": film.model_copy(update={"text": "An uncle calls."})})
    fact = "它是1958 年的喜剧电影，Jacques Tati 导演"
    assert bullet(told).endswith(f"An uncle calls. 推荐理由：{mentioned}；{fact}。")
    said: set[str] = set()
    assert mentioned in bullet(one, said=said) and mentioned not in bullet(one, said=said)
