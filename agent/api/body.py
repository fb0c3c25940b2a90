"""Request bodies: strict JSON of a bounded size, checked before anything looks at it."""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from simpatico.agent.api.errors import ApiError, from_validation
from simpatico.agent.api.limits import Limits

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
_BASE64 = re.compile(rb'"(?:data:[^",]{0,100},)?[A-Za-z0-9+/=\\]{1000,}"')
READ_TIMEOUT_S = 30.0

Model = TypeVar("Model", bound=BaseModel)


async def read(request: Request, model: type[Model], *, media_bytes: int = 0) -> Model:
    """Read the body as one JSON object of the shape `model`.

    `media_bytes`: how much base64 it may have in long strings, beside `MAX_BYTES` of all else.

    Raises:
        ApiError: 400, 408, 413 or 415; see `read_json`.
    """
    value = await read_json(request, media_bytes=media_bytes)
    if not isinstance(value, dict):
        raise ApiError(400, "body: wanted a JSON object", code="invalid_json")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise from_validation(error) from error


async def read_json(request: Request, *, media_bytes: int = 0) -> Any:
    """Read the body as JSON.

    The content type must be application/json: a page of another site can make a browser send
    text or forms without asking, but not that.

    Raises:
        ApiError: 415 for another type, 413 over `MAX_BYTES`, 408 when it does not arrive, 429
            when too many large ones come at once, 400
            for anything that is not one JSON value in UTF-8 (repeated keys, NaN and nesting
            deeper than `MAX_DEPTH` count as such).
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json" or request.headers.get("content-encoding", "identity") not in (
        "identity",
        "",
    ):
        raise ApiError(
            415, "Content-Type: wanted application/json, not encoded", code="unsupported_media_type"
        )
    with ExitStack() as held:
        raw = await read_bytes(request, MAX_BYTES + media_bytes, held=held)
        if len(raw) <= MAX_BYTES:
            return parse(raw)
        return await asyncio.to_thread(_parse_large, raw)


async def read_bytes(request: Request, most: int, *, held: ExitStack) -> bytes:
    """Read a body of at most `most` bytes; a large one counts as such until `held` is left.

    Raises:
        ApiError: 413 over `most`, 408 when it does not arrive, 429 when too many large ones come
            at once.
    """
    limits: Limits = request.app.state.door.limits
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await _read_bytes(
                request, most, when_large=lambda: held.enter_context(limits.large())
            )
    except TimeoutError as error:
        raise ApiError(408, "the body did not arrive in time", code="timeout") from error
    except ClientDisconnect as error:  # nobody reads this answer
        raise ApiError(499, "the caller left", code="caller_gone") from error


def _parse_large(raw: bytes) -> Any:
    if len(_BASE64.sub(b'""', raw)) > MAX_BYTES:
        raise _too_large(MAX_BYTES)
    return parse(raw)


def parse(raw: bytes) -> Any:
    """Parse JSON strictly. Half surrogate pairs, which some clients cut, become U+FFFD.

    Raises:
        ApiError: 400, saying what is wrong and where, not repeating the text.
    """
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
        )
    except UnicodeDecodeError as error:
        raise _bad(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise _bad(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _bad(f"nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:  # an integer of thousands of digits
        raise _bad("a number is too long") from error
    return _mended(value, MAX_DEPTH)


async def _read_bytes(request: Request, most: int, *, when_large: Callable[[], None]) -> bytes:
    length = request.headers.get("content-length", "")
    size = int(length) if length.isdecimal() else 0
    if size > most:
        raise _too_large(most)
    is_large = size > MAX_BYTES
    if is_large:
        when_large()
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        if size > MAX_BYTES and not is_large:
            is_large = True
            when_large()
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(most: int) -> ApiError:
    return ApiError(
        413,
        f"body: at most {most:,} bytes",
        code="body_too_large",
        headers={"Connection": "close"},
    )


def _bad(why: str) -> ApiError:
    return ApiError(400, f"body: invalid JSON: {why}", code="invalid_json")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _bad("an object has the same key twice")
    return found


def _constant(name: str) -> NoReturn:
    raise _bad(f"{name} is no JSON number")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _bad("a number is out of range")
    return value


def _mended(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict | list) and not depth:
        raise _bad(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        return {_mended(key, depth): _mended(held, depth - 1) for key, held in value.items()}
    if isinstance(value, list):
        return [_mended(held, depth - 1) for held in value]
    return value
