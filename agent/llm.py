"""The language model: one client for every server that speaks the OpenAI protocol, and a fake."""

import asyncio
import contextlib
import ipaddress
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import openai
from pydantic import BaseModel, ValidationError

from simpatico.agent.wire import Chunk, Reply, join, to_completion
from simpatico.domain import Completion
from simpatico.errors import BadReply, LLMError, LLMUnavailable

Flavour = Literal["llamacpp", "vllm", "openai"]
Result = TypeVar("Result")

RETRY_PAUSE_S = 0.25
READY_TIMEOUT_S = 2.0
_MAX_RAW = 2000

# What each error of the library means here; the nearest base that is listed counts.
_WORTH_A_RETRY: tuple[type[Exception], ...] = (
    openai.APIConnectionError,
    openai.APITimeoutError,
    openai.RateLimitError,
    openai.ConflictError,
    openai.InternalServerError,
)
_UNAVAILABLE: tuple[type[Exception], ...] = (
    *_WORTH_A_RETRY,
    openai.OpenAIError,
    openai.AuthenticationError,
    openai.OAuthError,
    openai.PermissionDeniedError,
    openai.NotFoundError,
    openai.WebSocketConnectionClosedError,
    openai.WebSocketQueueFullError,
)
_BAD: tuple[type[Exception], ...] = (
    openai.APIError,
    openai.APIStatusError,
    openai.APIResponseValidationError,
    openai.BadRequestError,
    openai.UnprocessableEntityError,
    openai.LengthFinishReasonError,
    openai.ContentFilterFinishReasonError,
    openai.InvalidWebhookSignatureError,
)

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
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        timeout_s: float = 20.0,
        *,
        flavour: Flavour = "openai",
    ) -> None:
        self.name = model
        self._url = url
        self._timeout_s = timeout_s
        self._flavour = flavour
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=key or "none",
            timeout=timeout_s,
            max_retries=0,
            # A proxy from the environment must not see, and cannot reach, what listens on loopback.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not _is_loopback(url)),
        )

    async def complete(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        grammar: str | None = None,
        top_logprobs: int = 0,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        """Answer at once. `schema` (JSON schema) or `grammar` (GBNF) constrains the decode.

        `top_logprobs` (0 to 20) alternatives come with each token. They may be from before the
        constraint: renormalise over what is allowed.

        Raises:
            LLMUnavailable: no answer in time.
            BadReply: an answer of the wrong shape, or the request was refused.
            ValueError: both constraints at once, or a grammar for a server that has none.
        """
        if not 0 <= top_logprobs <= 20:
            raise ValueError(f"wanted top_logprobs from 0 to 20, got {top_logprobs}")
        request = self._request(messages, max_tokens, temperature, seed, stop)
        request |= self._constraint(schema, grammar)
        if top_logprobs:
            request |= {"logprobs": True, "top_logprobs": top_logprobs}
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        if self._flavour == "llamacpp":
            # It goes on decoding for a caller that went away, unless the answer is streamed.
            return await self._complete_in_pieces(request, deadline)
        with self._translated():
            async with asyncio.timeout_at(deadline):
                reply = await self._twice(
                    lambda: self._client.chat.completions.create(**request, stream=False)
                )
            with self._shape_of(reply):
                return to_completion(Reply.model_validate(reply))

    async def stream(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> AsyncGenerator[str, None]:
        """Yield the answer piece by piece. `aclose()`, or cancelling the task, ends the request.

        Raises:
            LLMUnavailable: no first piece in time, a long silence, or it broke off.
            BadReply: a piece of the wrong shape, or the request was refused.
        """
        request = self._request(messages, max_tokens, temperature, seed, stop)
        loop = asyncio.get_running_loop()
        with self._translated():
            deadline = loop.time() + self._timeout_s
            chunks = await self._open(request, deadline)
            finished = False
            try:
                while (chunk := await self._next(chunks, deadline)) is not None:
                    for piece in chunk.choices[:1]:
                        finished = finished or piece.finish_reason is not None
                        if piece.delta.content:
                            yield piece.delta.content
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

    async def aclose(self) -> None:
        """Release connections. Idempotent."""
        await self._client.close()

    @property
    def _where(self) -> str:
        return f"language model {self.name} at {self._url}"

    def _request(
        self,
        messages: Sequence[dict[str, str]],
        max_tokens: int,
        temperature: float,
        seed: int | None,
        stop: Sequence[str],
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.name,
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
        }
        if seed is not None:
            request["seed"] = seed
        if stop:
            request["stop"] = list(stop)
        return request

    def _constraint(self, schema: dict[str, Any] | None, grammar: str | None) -> dict[str, Any]:
        if schema is not None and grammar is not None:
            raise ValueError("a decode is constrained by a schema or by a grammar, not by both")
        if schema is not None:
            wanted = {"name": "reply", "schema": schema, "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": wanted}}
        if grammar is None:
            return {}
        if self._flavour == "llamacpp":
            return {"extra_body": {"grammar": grammar}}
        if self._flavour == "vllm":
            return {"extra_body": {"structured_outputs": {"grammar": grammar}}}
        raise ValueError(f"{self._where} takes a schema, but no grammar")

    async def _complete_in_pieces(self, request: dict[str, Any], deadline: float) -> Completion:
        pieces: list[Chunk] = []
        with self._translated():
            chunks = await self._open(
                request | {"stream_options": {"include_usage": True}}, deadline
            )
            try:
                while (chunk := await self._next(chunks, deadline)) is not None:
                    pieces.append(chunk)
            finally:
                await chunks.close()
        completion = join(pieces)
        if completion is None:
            raise LLMUnavailable(f"{self._where} broke off in mid-answer")
        return completion

    async def _open(self, request: dict[str, Any], deadline: float) -> openai.AsyncStream[Any]:
        async with asyncio.timeout_at(deadline):
            chunks = await self._twice(
                lambda: self._client.chat.completions.create(**request, stream=True)
            )
        if not isinstance(chunks, openai.AsyncStream):
            raise BadReply(f"{self._where} did not stream", raw=_raw(chunks))
        return chunks

    async def _next(self, chunks: openai.AsyncStream[Any], deadline: float) -> Chunk | None:
        """The next piece; None at the end."""
        async with asyncio.timeout_at(deadline):
            chunk = await anext(chunks, None)
        if chunk is None:
            return None
        with self._shape_of(chunk):
            return Chunk.model_validate(chunk)

    @contextlib.contextmanager
    def _shape_of(self, reply: object) -> Iterator[None]:
        """Turn a wrong shape into `BadReply` with what came."""
        try:
            yield
        except ValidationError as error:
            raise BadReply(
                f"{self._where} answered in the wrong shape: {_brief(error)}", raw=_raw(reply)
            ) from error

    async def _twice(self, call: Callable[[], Awaitable[Result]]) -> Result:
        try:
            return await call()
        except _WORTH_A_RETRY as error:
            log.info("%s: %s; trying once more", self._where, error)
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
                f"{self._where} sent something unreadable: {_brief(error)}",
                raw=str(getattr(error, "doc", error))[:_MAX_RAW],
            ) from error


def translate(error: Exception, where: str) -> LLMError:
    """What an exception of the openai library means to us."""
    for base in type(error).__mro__:
        if base in _UNAVAILABLE:
            return LLMUnavailable(f"{where} is not available: {_brief(error)}")
        if base in _BAD:
            body = getattr(error, "body", None)
            raw = str(error if body is None else body)[:_MAX_RAW]
            return BadReply(f"{where} refused or failed: {_brief(error)}", raw=raw)
    raise TypeError(f"not an error of the openai library: {error!r}")


class ScriptedLLM:
    """Answers with given replies in turn; an exception among them is raised in its place.

    `requests` holds the messages of every call so far. When the script is over, every call
    raises `LLMUnavailable`.
    """

    def __init__(
        self, replies: Iterable[str | Completion | Exception], *, name: str = "scripted"
    ) -> None:
        self.name = name
        self.requests: list[tuple[dict[str, str], ...]] = []
        self._replies = iter(tuple(replies))

    async def complete(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        grammar: str | None = None,
        top_logprobs: int = 0,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        """The next reply of the script, whatever is asked."""
        return self._next(messages)

    async def stream(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> AsyncGenerator[str, None]:
        """The next reply of the script, word by word; the pieces join to the whole."""
        for piece in re.findall(r"\s*\S+|\s+", self._next(messages).text):
            yield piece

    async def ready(self) -> bool:
        """Always."""
        return True

    async def aclose(self) -> None:
        """Nothing to release."""

    def _next(self, messages: Sequence[dict[str, str]]) -> Completion:
        self.requests.append(tuple(dict(message) for message in messages))
        reply = next(self._replies, None)
        if reply is None:
            raise LLMUnavailable("the script is over")
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Completion) else Completion(text=reply)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _brief(error: Exception) -> str:
    """One line of what went wrong, with its cause, since "Connection error." says nothing."""
    said = " ".join(str(error).split())[:300]
    cause = error.__cause__
    return f"{said} ({' '.join(str(cause).split())[:200]})" if cause is not None else said


def _raw(reply: object) -> str:
    if isinstance(reply, BaseModel):
        return reply.model_dump_json(warnings=False)[:_MAX_RAW]
    return str(reply)[:_MAX_RAW]
