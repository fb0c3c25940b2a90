"""Run Simpatico over a file of dialogues: one line in, one line out, in order."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from simpatico.agent.profile import PastEvent, profile_of
from simpatico.agent.ranking import Ranking
from simpatico.agent.service import Simpatico
from simpatico.domain import Turn, TurnOptions
from simpatico.errors import DataError
from simpatico.protocols import ProgressCallback

_ROLES: dict[str, Literal["user", "assistant"]] = {
    "user": "user",
    "seeker": "user",
    "human": "user",
    "assistant": "assistant",
    "recommender": "assistant",
    "system": "assistant",
    "bot": "assistant",
}


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TurnLine(_Loose):
    """A turn as files have it; `role` may also be seeker or recommender."""

    role: Literal["user", "assistant"]
    text: str

    @field_validator("role", mode="before")
    @classmethod
    def _known_role(cls, value: object) -> object:
        return _ROLES.get(str(value).lower(), value)


class DialogueLine(_Loose):
    """One case: `{"id", "turns": [{"role", "text"}], "history"?: [{"item_id", "kind", "at"?}]}`."""

    id: str
    turns: list[TurnLine]
    history: list[PastEvent] = []

    @field_validator("id", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value


async def read_dialogues(
    service: Simpatico, source: Path, out: Path, *, progress: ProgressCallback
) -> int:
    """Write `{"id", "state", "degraded"}` for each dialogue; gives the number of bad lines.

    A line that cannot be used becomes `{"id", "error"}`, so that none is lost.
    """

    async def work(case: DialogueLine) -> dict[str, Any]:
        ranking = await _rank(service, case, k=0)
        return {
            "state": ranking.state.model_dump(mode="json"),
            "degraded": list(ranking.degraded),
        }

    return await _each_line(source, out, work, label="Reading", progress=progress)


async def recommend_dialogues(
    service: Simpatico, source: Path, out: Path, *, k: int, progress: ProgressCallback
) -> int:
    """Write `{"id", "recommendations": [{"id", "title", "score"}], "degraded"}`, best first.

    `score` is the estimated probability in [0, 1] that the person accepts. A line that cannot be
    used becomes `{"id", "error"}`; one with words of crisis has no items but `care`, what to show.
    Gives the number of lines that could not be used.
    """

    async def work(case: DialogueLine) -> dict[str, Any]:
        ranking = await _rank(service, case, k=k)
        return {
            "recommendations": [
                {"id": one.item.id, "title": one.item.label, "score": one.p_accept}
                for one in ranking.recommendations
            ],
            "degraded": list(ranking.degraded),
            **({"care": ranking.care} if ranking.care else {}),
        }

    return await _each_line(source, out, work, label="Recommending", progress=progress)


async def _rank(service: Simpatico, case: DialogueLine, *, k: int) -> Ranking:
    profile = profile_of(case.id[:200] or "case", case.history)
    turns = [Turn(role=line.role, text=line.text) for line in case.turns]
    plain_order = TurnOptions(adventurous=0.0)  # a list to score, not one to enjoy
    return await service.recommend(turns, profile=profile, k=k, options=plain_order)


async def _each_line(
    source: Path,
    out: Path,
    work: Callable[[DialogueLine], Awaitable[dict[str, Any]]],
    *,
    label: str,
    progress: ProgressCallback,
) -> int:
    try:
        total = sum(1 for _ in _lines(source))
    except OSError as error:
        raise DataError(f"wanted a JSONL file at {source}: {error.strerror}") from error
    if out.exists() and out.samefile(source):
        raise DataError(f"{out} is the input; name another file for the output")
    bad = 0
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        opened = out.open("w", encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot write to {out}: {error.strerror}") from error
    with opened as sink:
        for done, (number, line) in enumerate(_lines(source), start=1):
            answer: dict[str, Any]
            raw: object = None
            try:
                raw = json.loads(line)
                case = DialogueLine.model_validate(raw)
                answer = {"id": case.id, **await work(case)}
            except (ValueError, RecursionError, DataError) as error:
                bad += 1
                name = raw.get("id") if isinstance(raw, dict) else None
                answer = {"id": name, "error": f"line {number}: {_short(error)}"}
            sink.write(json.dumps(answer, ensure_ascii=False) + "\n")
            progress(label, done, total)
            await asyncio.sleep(0)
    return bad


def _lines(source: Path) -> Iterator[tuple[int, str]]:
    with source.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, line


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(str(part) for part in one['loc']) or 'line'}: {one['msg']}"
            for one in error.errors()[:3]
        )
    return str(error) if isinstance(error, DataError) else f"wanted a JSON object, got: {error}"
