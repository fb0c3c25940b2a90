"""A language model's server that says what it is told, at the speed it is told: for tests.

It speaks the parts of the OpenAI protocol that `simpatico.agent.llm.OpenAILLM` asks for, on a
loopback port, and can do what a broken server does. Benchmarks and evaluations use it too.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from simpatico.agent.api.loopback import Loopback

MAX_KEPT = 1000
"""How many of the newest requests are kept to look at."""

Ending = Literal["whole", "cut", "hang", "garbage"]


class Said(NamedTuple):
    """One answer.

    Attributes:
        pieces: of the text, as they are streamed.
        first_s: seconds before the first piece; gap_s: before each later one.
        status: of the answer; from 400 on nothing else is said.
        ending: "whole"; "cut": the stream ends without a word about it; "hang": silence after the
            last piece; "garbage": what cannot be read follows the last piece, or is all there is.
    """

    pieces: Sequence[str] = ("Hello.",)
    first_s: float = 0.0
    gap_s: float = 0.0
    status: int = 200
    ending: Ending = "whole"

    @property
    def whole_s(self) -> float:
        """Seconds that all of it takes."""
        return self.first_s + self.gap_s * max(0, len(self.pieces) - 1)


Script = Callable[[dict[str, Any]], Said]
"""From a request's body to what is answered."""


class ModelServer:
    """The server as an app.

    Attributes:
        script: what is answered from now on.
        asked: the newest requests' bodies, oldest first. n_asked: how many there were.
        n_open: answers under way. most_open: the most there were at once.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: deque[dict[str, Any]] = deque(maxlen=MAX_KEPT)
        self.n_asked = 0
        self.n_open = 0
        self.most_open = 0
        self.app = Starlette(
            routes=[
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._answer, methods=["POST"]),
                Route("/v1/completions", self._answer, methods=["POST"]),
            ]
        )

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free loopback port; gives the base address, ending in /v1."""
        with Loopback(self.app) as running:
            yield f"{running.url}/v1"

    async def _models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    async def _answer(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        self.n_asked += 1
        said = self.script(body)
        if said.status >= 400:
            wrong = {"error": {"message": "scripted", "type": "scripted"}}
            return JSONResponse(wrong, said.status, headers={"Retry-After": "1"})
        raw = "prompt" in body
        if body.get("stream"):
            return StreamingResponse(self._stream(said, raw), media_type="text/event-stream")
        await asyncio.sleep(said.whole_s + (3600 if said.ending == "hang" else 0))
        if said.ending == "garbage":
            return Response('{"choices": [{"mess', media_type="application/json")
        text = "".join(said.pieces)
        choice = {"text": text} if raw else {"message": {"role": "assistant", "content": text}}
        whole = {"index": 0, **choice, "finish_reason": "stop"}
        return JSONResponse({"id": "scripted", "choices": [whole]})

    async def _stream(self, said: Said, raw: bool) -> AsyncIterator[str]:
        self.n_open += 1
        self.most_open = max(self.most_open, self.n_open)
        try:
            loop = asyncio.get_running_loop()
            due = loop.time() + said.first_s  # kept to, whatever a piece's sending takes
            for text in said.pieces:
                await asyncio.sleep(due - loop.time())
                due += said.gap_s
                yield _event(text, raw, None)
            if said.ending == "hang":
                await asyncio.sleep(3600)
            if said.ending == "garbage":
                yield 'data: {"choices": [{"del\n\n'
            if said.ending == "whole":
                yield _event("", raw, "stop")
                yield "data: [DONE]\n\n"
        finally:
            self.n_open -= 1


def _event(text: str, raw: bool, finish_reason: str | None) -> str:
    said = {"text": text} if raw else {"delta": {"content": text}}
    choice = {"index": 0, **said, "finish_reason": finish_reason}
    return f"data: {json.dumps({'id': 'scripted', 'choices': [choice]})}\n\n"
