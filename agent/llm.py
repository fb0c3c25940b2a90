"""The language model: one client for every server that speaks the OpenAI protocol, and a fake."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import openai
from pydantic import ValidationError

from simpatico.agent.llm_errors import MAX_RAW, WORTH_A_RETRY, brief, raw_of, translate
from simpatico.agent.wire import Chunk, RawChunk, RawReply, Reply, join, to_completion
from simpatico.domain import Completion
from simpatico.errors import BadReply, LLMError, LLMUnavailable, kinds
from simpatico.loopback import is_loopback
from simpatico.protocols import Prompt

Flavour = Literal["llamacpp", "vllm", "openai"]
Result = TypeVar("Result")

RETRY_PAUSE_S = 0.25
READY_TIMEOUT_S = 2.0
MAX_TOP_LOGPROBS = 20
"""The most alternatives to a token that the protocol gives in a chat."""

MAX_RAW_TOP_LOGPROBS: dict[Flavour, int] = {"llamacpp": 64, "vllm": 64, "openai": 5}
"""The same for a raw prompt; vLLM wants to be started with `--max-logprobs 64` for it."""

log = logging.getLogger(__name__)


class OpenAILLM:
    """A chat model behind an OpenAI-compatible server.

    Connection errors, overload (409, 429) and 5xx are tried once more, if nothing was yielded yet.

    Args:
        url: base address, ending in `/v1` as a rule.
        model: the name that the server knows it by.
        key: sent as bearer token; empty: none is needed.
        timeout_s: for a whole `complete`, retry included; in `stream` for the first piece, retry
            included, and then for each next piece.
        flavour: how the server wants a grammar; "openai" has none.
        adapters: the LoRA adapters that the server has loaded, by name; for llama.cpp, which
            knows them by number, in the order in which they were loaded.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        timeout_s: float = 20.0,
        *,
        flavour: Flavour = "openai",
        adapters: Sequence[str] = (),
    ) -> None:
        self.name = model
        self._adapters = tuple(adapters)
        self._url = url
        self._timeout_s = timeout_s
        self._flavour = flavour
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=key or "none",
            timeout=timeout_s,
            max_retries=0,
            # llama.cpp hangs up on a connection that was idle for five seconds, now and then just
            # as it is used again.
            default_headers={"Connection": "close"} if flavour == "llamacpp" else None,
            # A proxy from the environment must not see, and cannot reach, what listens on loopback.
            http_client=openai.DefaultAsyncHttpxClient(
                trust_env=not is_loopback(urlsplit(url).hostname or "")
            ),
        )

    async def complete(
        self,
        messages: Prompt,
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        grammar: str | None = None,
        top_logprobs: int = 0,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
        adapter: str = "",
    ) -> Completion:
        """Answer at once. `schema` (JSON schema) or `grammar` (GBNF) constrains the decode.

        `top_logprobs` alternatives come with each token: 0 to 20 in a chat, 0 to 64 for a raw
        prompt (5 where the flavour is "openai"). They may be from before the constraint:
        renormalise over what is allowed.

        Raises:
            LLMUnavailable: no answer in time.
            BadReply: an answer of the wrong shape, or the request was refused.
            ValueError: both constraints at once, a constraint or an adapter that the server does
                not have, or too many alternatives.
        """
        raw = isinstance(messages, str)
        most = MAX_RAW_TOP_LOGPROBS[self._flavour] if raw else MAX_TOP_LOGPROBS
        if not 0 <= top_logprobs <= most:
            raise ValueError(f"wanted top_logprobs from 0 to {most}, got {top_logprobs}")
        request = self._request(messages, max_tokens, temperature, seed, stop, adapter)
        _add(request, self._constraint(schema, grammar, raw=raw))
        if top_logprobs:
            request |= (
                {"logprobs": top_logprobs}
                if raw
                else {"logprobs": True, "top_logprobs": top_logprobs}
            )
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        if self._flavour == "llamacpp":
            # It goes on decoding for a caller that went away, unless the answer is streamed.
            return await self._complete_in_pieces(request, deadline)
        with self._translated():
            async with asyncio.timeout_at(deadline):
                reply = await self._twice(lambda: self._create(request))
            with self._shape_of(reply):
                return to_completion((RawReply if raw else Reply).model_validate(reply))

    async def stream(
        self,
        messages: Prompt,
        *,
        max_tokens: int,
        grammar: str | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
        adapter: str = "",
    ) -> AsyncGenerator[str, None]:
        """Yield the answer piece by piece. `aclose()`, or cancelling the task, ends the request.

        Raises:
            LLMUnavailable: no first piece in time, a long silence, or it broke off.
            BadReply: a piece of the wrong shape, or the request was refused.
            ValueError: a grammar or an adapter that the server does not have.
        """
        request = self._request(messages, max_tokens, temperature, seed, stop, adapter)
        _add(request, self._constraint(None, grammar, raw=isinstance(messages, str)))
        loop = asyncio.get_running_loop()
        with self._translated():
            deadline = loop.time() + self._timeout_s
            chunks = await self._open(request, deadline)
            kind = _kind_of(request)
            finished = False
            try:
                while (chunk := await self._next(chunks, kind, deadline)) is not None:
                    for piece in chunk.choices[:1]:
                        finished = finished or piece.finish_reason is not None
                        if piece.said:
                            yield piece.said
                            deadline = loop.time() + self._timeout_s
            finally:
                await chunks.close()
            if not finished:
                raise LLMUnavailable(f"{self._where} broke off in mid-answer")

    async def ready(self) -> bool:
        """Whether the server answers now. Never raises."""
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await self._client.models.list()
        except Exception as error:  # the promise is a bool, whatever a server sends
            log.debug("%s is not ready: %s", self._where, error)
            return False
        return True

    async def models(self) -> tuple[str, ...]:
        """Names of the models that the server lists.

        Raises:
            LLMUnavailable: no answer in time.
            BadReply: an answer of the wrong shape, or the request was refused.
        """
        with self._translated():
            async with asyncio.timeout(self._timeout_s):
                listed = await self._client.models.list()
            try:
                return tuple(str(one.id) for one in listed.data)
            except (AttributeError, TypeError) as error:
                raise BadReply(
                    f"{self._where} listed its models in the wrong shape", raw=raw_of(listed)
                ) from error

    async def aclose(self) -> None:
        """Release connections. Idempotent."""
        await self._client.close()

    @property
    def _where(self) -> str:
        return f"language model {self.name} at {self._url}"

    def _request(
        self,
        messages: Prompt,
        max_tokens: int,
        temperature: float,
        seed: int | None,
        stop: Sequence[str],
        adapter: str,
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.name,
            "max_tokens": max_tokens,
            "temperature": temperature,
        }
        if isinstance(messages, str):
            request["prompt"] = messages
        else:
            request["messages"] = list(messages)
        if seed is not None:
            request["seed"] = seed
        if stop:
            request["stop"] = list(stop)
        if adapter and adapter not in self._adapters:
            known = ", ".join(self._adapters) or "none"
            raise ValueError(f"{self._where} has no adapter {adapter!r}; it has: {known}")
        if self._flavour != "llamacpp":
            request["model"] = adapter or self.name
        elif self._adapters:
            # Always all of them: a number that it does not know, it ignores without a word.
            scales = [
                {"id": place, "scale": float(name == adapter)}
                for place, name in enumerate(self._adapters)
            ]
            _add(request, {"extra_body": {"lora": scales}})
        return request

    def _constraint(
        self, schema: dict[str, Any] | None, grammar: str | None, *, raw: bool
    ) -> dict[str, Any]:
        if schema is not None and grammar is not None:
            raise ValueError("a decode is constrained by a schema or by a grammar, not by both")
        if schema is None and grammar is None:
            return {}
        if schema is not None and not raw:
            wanted = {"name": "reply", "schema": schema, "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": wanted}}
        if self._flavour == "openai":
            kind = "grammar" if schema is None else "schema for a raw prompt"
            raise ValueError(f"{self._where} takes no {kind}")
        if self._flavour == "vllm":
            given = {"grammar": grammar} if schema is None else {"json": schema}
            return {"extra_body": {"structured_outputs": given}}
        return {"extra_body": {"grammar": grammar} if schema is None else {"json_schema": schema}}

    async def _complete_in_pieces(self, request: dict[str, Any], deadline: float) -> Completion:
        pieces: list[Chunk | RawChunk] = []
        kind = _kind_of(request)
        with self._translated():
            chunks = await self._open(
                request | {"stream_options": {"include_usage": True}}, deadline
            )
            try:
                while (chunk := await self._next(chunks, kind, deadline)) is not None:
                    pieces.append(chunk)
            finally:
                await chunks.close()
        completion = join(pieces)
        if completion is None:
            raise LLMUnavailable(f"{self._where} broke off in mid-answer")
        return completion

    async def _open(self, request: dict[str, Any], deadline: float) -> openai.AsyncStream[Any]:
        async with asyncio.timeout_at(deadline):
            chunks = await self._twice(lambda: self._create_stream(request))
        if not isinstance(chunks, openai.AsyncStream):
            raise BadReply(f"{self._where} did not stream", raw=raw_of(chunks))
        return chunks

    async def _create(self, request: dict[str, Any]) -> Any:
        endpoint: Any = self._client.chat.completions
        if "prompt" in request:
            endpoint = self._client.completions
        return await endpoint.create(**request, stream=False)

    async def _create_stream(self, request: dict[str, Any]) -> Any:
        """A stream of pieces as they are, without objects of the library's own made of each."""
        body = {name: value for name, value in request.items() if name != "extra_body"}
        return await self._client.post(
            "/completions" if "prompt" in request else "/chat/completions",
            cast_to=object,
            body=body | {"stream": True},
            options={"extra_json": request.get("extra_body", {})},
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )

    async def _next(
        self, chunks: openai.AsyncStream[Any], kind: type[Chunk | RawChunk], deadline: float
    ) -> Chunk | RawChunk | None:
        """The next piece; None at the end."""
        async with asyncio.timeout_at(deadline):
            chunk = await anext(chunks, None)
        if chunk is None:
            return None
        with self._shape_of(chunk):
            return kind.model_validate(chunk)

    @contextlib.contextmanager
    def _shape_of(self, reply: object) -> Iterator[None]:
        """Turn a wrong shape into `BadReply` with what came."""
        try:
            yield
        except ValidationError as error:
            raise BadReply(
                f"{self._where} answered in the wrong shape: {brief(error)}", raw=raw_of(reply)
            ) from error

    async def _twice(self, call: Callable[[], Awaitable[Result]]) -> Result:
        try:
            return await call()
        except WORTH_A_RETRY as error:
            log.info("%s: %s; trying once more", self._where, kinds(error))
        await asyncio.sleep(RETRY_PAUSE_S)
        return await call()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn whatever goes wrong with the server into our two errors."""
        try:
            yield
        except LLMError:
            raise
        except TimeoutError as error:
            raise LLMUnavailable(
                f"{self._where} did not answer within {self._timeout_s:g} s"
            ) from error
        except (openai.OpenAIError, openai.InvalidWebhookSignatureError) as error:
            raise translate(error, self._where) from error
        except ValueError as error:  # not JSON, or JSON of another shape
            raise BadReply(
                f"{self._where} sent something unreadable: {brief(error)}",
                raw=str(getattr(error, "doc", error))[:MAX_RAW],
            ) from error


class ScriptedLLM:
    """Answers with given replies in turn; an exception among them is raised in its place.

    `requests` holds the messages of every chat so far, `prompts` every raw prompt, and `adapters`
    the adapter that each call asked for. When the script is over, every call raises
    `LLMUnavailable`.
    """

    def __init__(
        self, replies: Iterable[str | Completion | Exception], *, name: str = "scripted"
    ) -> None:
        self.name = name
        self.requests: list[tuple[dict[str, str], ...]] = []
        self.prompts: list[str] = []
        self.adapters: list[str] = []
        self._replies = iter(tuple(replies))

    async def complete(
        self,
        messages: Prompt,
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        grammar: str | None = None,
        top_logprobs: int = 0,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
        adapter: str = "",
    ) -> Completion:
        """The next reply of the script, whatever is asked."""
        return self._next(messages, adapter)

    async def stream(
        self,
        messages: Prompt,
        *,
        max_tokens: int,
        grammar: str | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
        adapter: str = "",
    ) -> AsyncGenerator[str, None]:
        """The next reply of the script, word by word; the pieces join to the whole."""
        for piece in re.findall(r"\s*\S+|\s+", self._next(messages, adapter).text):
            yield piece

    async def ready(self) -> bool:
        """Always."""
        return True

    async def aclose(self) -> None:
        """Nothing to release."""

    def _next(self, messages: Prompt, adapter: str) -> Completion:
        if isinstance(messages, str):
            self.prompts.append(messages)
        else:
            self.requests.append(tuple(dict(message) for message in messages))
        self.adapters.append(adapter)
        reply = next(self._replies, None)
        if reply is None:
            raise LLMUnavailable("the script is over")
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Completion) else Completion(text=reply)


def _kind_of(request: dict[str, Any]) -> type[Chunk | RawChunk]:
    """What the pieces of its answer look like."""
    return RawChunk if "prompt" in request else Chunk


def _add(request: dict[str, Any], more: dict[str, Any]) -> None:
    """Add fields to a request; what both send outside of the protocol comes together."""
    extra = {**request.get("extra_body", {}), **more.get("extra_body", {})}
    request |= more | ({"extra_body": extra} if extra else {})
