"""A Simpatico as it is installed: the embedded model with the adapters that ship."""

import asyncio
from pathlib import Path

import pytest

from simpatico.agent.build import build
from simpatico.agent.explain import SURE_ENOUGH, bold
from simpatico.agent.roles import roles_of
from simpatico.agent.service import Simpatico
from simpatico.domain import Finished, Reply
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.settings import load_settings

pytestmark = [pytest.mark.model, pytest.mark.slow]

TURNS = (
    "rough week, something warm and funny, nothing with kids",
    "I cannot sleep, my head will not stop. something calm, please",
    "four of us tonight, a clever thriller from the 1990s",
)


@pytest.fixture(scope="module")
def replies(built_home: Path) -> dict[str, Reply]:
    settings = load_settings(home=built_home, llm={"timeout_s": 60})
    try:
        ModelStore(settings.cache).path(settings.llm.model)
    except ModelError as error:
        pytest.skip(f"no weights: {error}")
    roles = roles_of(settings)
    assert roles.reads and roles.explains and not roles.rephrases

    async def run() -> dict[str, Reply]:
        service = await build(settings, progress=lambda label, done, total: None)
        try:
            return {text: await _answer(service, text) for text in TURNS}
        finally:
            await service.aclose()

    return asyncio.run(run())


async def _answer(service: Simpatico, text: str) -> Reply:
    async for update in service.turn(text, user="ann", session=text):
        if isinstance(update, Finished):
            return update.reply
    raise AssertionError("a turn without a reply")


@pytest.mark.parametrize("text", TURNS)
def test_it_reads_and_answers_without_a_fallback(replies: dict[str, Reply], text: str) -> None:
    reply = replies[text]
    assert reply.degraded == ()
    assert 3 <= len(reply.recommendations) <= 5
    for one in reply.recommendations:
        assert reply.text.count(bold(one.item)) == 1
    assert "\n- " not in reply.text, "a list is the template's"


def test_feelings_and_needs_are_heard(replies: dict[str, Reply]) -> None:
    low, awake, plain = (replies[text].state for text in TURNS)
    assert low.mood.valence < 0 and low.need in ("cheer_up", "laugh")
    assert awake.mood.label in ("nervousness", "fear") or awake.need == "calm_down"
    assert plain.mood.confidence < SURE_ENOUGH or plain.mood.label in ("neutral", "unknown")
    assert (plain.constraints.year_from, plain.constraints.year_to) == (1990, 1999)
