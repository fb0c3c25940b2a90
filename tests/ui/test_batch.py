"""Files of dialogues, on a service that says what it is told to."""

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest

from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.recommend import profile_from
from simpatico.agent.api.scripted import ScriptedService
from simpatico.agent.profile import PastEvent
from simpatico.agent.service import Simpatico
from simpatico.domain import Item, Recommendation, Reply, UserState
from simpatico.ui.batch import recommend_dialogues

REPLY = Reply(
    text="Here.",
    route="recommend",
    state=UserState(),
    recommendations=tuple(
        Recommendation(item=Item(id=name, title=name.title()), p_accept=0.5)
        for name in ("up", "coco", "heat")
    ),
)


def ranked(folder: Path, *cases: dict[str, Any]) -> list[dict[str, Any]]:
    """What comes out for these lines, one for each."""
    source, out = folder / "in.jsonl", folder / "out.jsonl"
    turns = [{"role": "user", "text": "something fun"}]
    source.write_text("\n".join(json.dumps({"turns": turns, **case}) for case in cases))
    service = cast(Simpatico, ScriptedService(REPLY))
    asyncio.run(recommend_dialogues(service, source, out, k=3, progress=lambda *_: None))
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_what_a_person_liked_and_disliked_before_counts(tmp_path: Path) -> None:
    history = [
        {"item_id": "up", "kind": "like", "at": "2026-02-01"},
        {"item_id": "coco", "kind": "rate", "value": 1, "at": None},
    ]
    (one,) = ranked(tmp_path, {"id": "x" * 300, "history": history})
    assert [found["id"] for found in one["recommendations"]] == ["heat"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"item_id": "up", "kind": "ate"}, "history.1: kind: "),
        ({"item_id": "up", "kind": "rate"}, "history.1: wanted 1 to 5 stars"),
        ({"item_id": "up", "kind": "rate", "value": 6}, "history.1: wanted 1 to 5 stars"),
        ({"item_id": "up", "kind": "like", "value": 5}, "history.1: only a rating has a value"),
    ],
)
def test_a_history_that_cannot_be_is_refused_as_the_api_refuses_it(
    tmp_path: Path, event: dict[str, Any], said: str
) -> None:
    history = [{"item_id": "up", "kind": "like"}, event]
    bad, good = ranked(tmp_path, {"id": "a", "history": history}, {"id": "b"})
    with pytest.raises(ApiError, match=said) as refused:
        profile_from("a", [PastEvent.model_validate(one) for one in history])
    assert bad == {"id": "a", "error": f"line 1: {refused.value.message}"}
    assert len(good["recommendations"]) == 3
