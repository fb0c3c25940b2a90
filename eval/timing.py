"""How long each part of a turn takes: our service in this process, or any server that streams."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import httpx
from pydantic import ValidationError

from simpatico.agent.api.exchange import tokens_in
from simpatico.agent.api.schemas import Extra
from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.domain import Finished, Stage, TextDelta, Turn, Value
from simpatico.errors import BadReply, LLMUnavailable, SimpaticoError
from simpatico.eval.own_home import own_home
from simpatico.eval.talkers import Which

FIRST_WORD: Final = "first word"
WHOLE: Final = "whole"
EXPLAINING: Final = "explaining"
STAGES: Final[Mapping[str, str]] = {"read": "reading", "retrieve": "search", "rank": "ranking"}
"""Stages of a turn, as they are called in figures."""

_TIMEOUT_S: Final = 120.0


class Timed(Value):
    """One turn, in milliseconds.

    Attributes:
        ms: by what took it: stages where the system tells them, "explaining" (what the whole has
            beyond the stages, of turns that were searched for), "first word", "whole".
        text: the reply.
        tokens: of the reply; `counted` by the system, else estimated from its length.
        degraded: parts on a fallback, where the system tells.
        failed: why there was no reply; "": there was.
    """

    ms: tuple[tuple[str, float], ...] = ()
    text: str = ""
    tokens: int = 0
    counted: bool = False
    degraded: tuple[str, ...] = ()
    failed: str = ""


class Clocked(Protocol):
    """A system whose turns are timed."""

    def turn(self, who: str, said: Sequence[Turn]) -> Timed:
        """Take the newest message of somebody; `said` ends with it. Never raises for an answer."""
        ...


class _Watch:
    """Measures one turn from now on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._first = 0.0

    def word(self) -> None:
        self._first = self._first or self._now()

    def times(self, stages: Sequence[Stage]) -> tuple[tuple[str, float], ...]:
        whole = self._now()
        found = [(STAGES[each.name], each.ms) for each in stages if each.name in STAGES]
        if any(each.name == "rank" for each in stages):
            known = sum(each.ms for each in stages if each.name != "explain")
            found.append((EXPLAINING, max(0.0, whole - known)))
        if self._first:
            found.append((FIRST_WORD, self._first))
        return (*found, (WHOLE, whole))

    def _now(self) -> float:
        return (time.perf_counter() - self._began) * 1000


class OwnClock:
    """Our service, in this process; a person has one session."""

    def __init__(self, service: Simpatico, runner: asyncio.Runner) -> None:
        self._service = service
        self._runner = runner

    def turn(self, who: str, said: Sequence[Turn]) -> Timed:
        """See `Clocked`."""
        try:
            return self._runner.run(self._turn(who, said[-1].text))
        except SimpaticoError as error:
            return Timed(failed=f"{type(error).__name__}: {error}"[:300])

    async def _turn(self, who: str, text: str) -> Timed:
        watch = _Watch()
        async for update in self._service.turn(text, user=who, session=who):
            if isinstance(update, TextDelta):
                watch.word()
            if isinstance(update, Finished):
                reply = update.reply
                return Timed(
                    ms=watch.times(reply.trace.stages),
                    text=reply.text,
                    tokens=tokens_in(reply.text),
                    degraded=reply.degraded,
                )
        return Timed(failed="the turn ended without a reply")


class ServerClock:
    """An OpenAI-compatible server, by its stream."""

    def __init__(self, which: Which, runner: asyncio.Runner) -> None:
        given = which.key.get_secret_value()
        self._url = f"{which.url.rstrip('/')}/chat/completions"
        self._model = which.model
        self._runner = runner
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT_S,
            headers={"Authorization": f"Bearer {given}"} if given else {},
            trust_env=False,
        )

    def turn(self, who: str, said: Sequence[Turn]) -> Timed:
        """See `Clocked`; the whole dialogue is sent, and nobody is named."""
        try:
            return self._runner.run(self._turn(said))
        except SimpaticoError as error:
            return Timed(failed=f"{type(error).__name__}: {error}"[:300])

    async def _turn(self, said: Sequence[Turn]) -> Timed:
        watch, text, tokens = _Watch(), "", 0
        extra = Extra()
        async for chunk in self._chunks(said):
            if chunk.get("error"):
                raise BadReply(f"{self._url} broke off", raw=str(chunk["error"])[:500])
            if isinstance(chunk.get("simpatico"), dict):
                try:
                    extra = Extra.model_validate(chunk["simpatico"])
                except ValidationError:
                    extra = Extra()  # somebody else's key of this name
            piece = _piece(chunk)
            if piece:
                watch.word()
                text += piece
            usage = chunk.get("usage")
            if isinstance(usage, dict):
                tokens = int(usage.get("completion_tokens") or 0)
        if not text:
            raise BadReply(f"{self._url} streamed no words", raw="")
        return Timed(
            ms=watch.times(extra.trace),
            text=text,
            tokens=tokens or tokens_in(text),
            counted=tokens > 0,
            degraded=extra.degraded,
        )

    async def _chunks(self, said: Sequence[Turn]) -> AsyncIterator[dict[str, object]]:
        body = {
            "model": self._model,
            "messages": [{"role": turn.role, "content": turn.text} for turn in said],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        try:
            async with self._client.stream("POST", self._url, json=body) as got:
                if got.status_code >= 400:
                    told = (await got.aread())[:200].decode(errors="replace")
                    raise LLMUnavailable(f"{self._url} answered {got.status_code}: {told}")
                async for line in got.aiter_lines():
                    if line.startswith("data:") and line[5:].strip() != "[DONE]":
                        found = json.loads(line[5:])
                        if isinstance(found, dict):
                            yield found
        except httpx.HTTPError as error:
            raise LLMUnavailable(f"{self._url} does not answer: {error}") from error
        except ValueError as error:
            raise BadReply(f"{self._url} streamed what is no JSON", raw="") from error

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()


@contextmanager
def clocked(which: Which) -> Iterator[Clocked]:
    """Open a system to time; a server is asked once, to see that it answers.

    Raises:
        SimpaticoError: it cannot be opened, or does not answer.
    """
    with asyncio.Runner() as runner:
        if which.url:
            server = ServerClock(which, runner)
            try:
                first = server.turn("", [Turn(role="user", text="Hello!")])
                if first.failed:
                    raise LLMUnavailable(first.failed)
                yield server
            finally:
                runner.run(server.aclose())
            return
        with own_home(which.settings.home) as home:
            own = which.settings.model_copy(update={"home": home})
            service = runner.run(build(own, progress=lambda what, done, total: None))
            try:
                yield OwnClock(service, runner)
            finally:
                runner.run(service.aclose())


def _piece(chunk: Mapping[str, object]) -> str:
    """The words of a chunk; "" where there are none."""
    match chunk:
        case {"choices": [{"delta": {"content": str(words)}}, *_]}:
            return words
    return ""
