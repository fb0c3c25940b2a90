"""`POST /v1/embeddings`: texts as vectors of the encoder that searches here."""

import asyncio
import base64
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from pydantic import Field, field_validator
from starlette.responses import JSONResponse, Response

from simpatico.agent.api.body import read
from simpatico.agent.api.chat import check_model
from simpatico.agent.api.door import body_of, door_of
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.exchange import tokens_in
from simpatico.agent.api.schemas import MAX_CHARS, MODEL, Sent
from simpatico.agent.api.stream import CallerGone, attended
from simpatico.agent.api.token_words import HOW, words_of
from simpatico.errors import ModelError

log = logging.getLogger(__name__)

router = APIRouter(tags=["embeddings"])

MAX_INPUTS = 2048
MAX_TOKENS = 8192
"""Of one text that comes as numbers of tokens, as OpenAI has it."""
_BATCH = 32

Given = str | tuple[int, ...]
"""A text, or its tokens."""


class EmbeddingRequest(Sent):
    """What to encode: a text or a list of them, in words or as numbers of cl100k_base's tokens.

    `encoding_format` is float or base64.
    """

    model: str = Field(default=MODEL, max_length=200)
    input: Any
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None

    @field_validator("input")
    @classmethod
    def _texts(cls, given: object) -> tuple[Given, ...]:
        texts = [given] if isinstance(given, str) or _is_tokens(given) else given
        if not isinstance(texts, list) or not 1 <= len(texts) <= MAX_INPUTS:
            raise ValueError(f"wanted a text or a list of 1 to {MAX_INPUTS} texts")
        if all(_is_tokens(each) for each in texts):
            if any(len(each) > MAX_TOKENS for each in texts):
                raise ValueError(f"wanted texts of 1 to {MAX_TOKENS:,} tokens")
            return tuple(map(tuple, texts))
        if not all(isinstance(each, str) and 1 <= len(each) <= MAX_CHARS for each in texts):
            raise ValueError(f"wanted texts of 1 to {MAX_CHARS:,} characters")
        return tuple(texts)


@router.post("/v1/embeddings", openapi_extra=body_of(EmbeddingRequest))
async def embed(request: Request) -> Response:
    """A unit vector for each text; only the first tokens that the encoder reads count."""
    door = door_of(request)
    wanted = await read(request, EmbeddingRequest)
    check_model(wanted.model)
    service = door.service
    texts = await asyncio.to_thread(_in_words, wanted.input, door.settings.cache)

    async def run() -> NDArray[np.float32]:
        parts = [
            await service.embed(texts[start : start + _BATCH])
            for start in range(0, len(texts), _BATCH)
        ]
        return np.concatenate(parts)

    try:
        with door.limits.running():
            vectors = await attended(run(), request.receive, limit_s=door.limit_s)
    except CallerGone:
        return Response(status_code=499)  # nobody reads it
    if wanted.dimensions not in (None, vectors.shape[1]):
        raise ApiError(
            400,
            f"dimensions: vectors have {vectors.shape[1]} numbers here, and no others",
            code="invalid_value",
            param="dimensions",
        )
    n = sum(tokens_in(text) for text in texts)
    return JSONResponse(
        {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": each}
                for index, each in enumerate(_written(vectors, wanted.encoding_format))
            ],
            "model": MODEL,
            "usage": {"prompt_tokens": n, "total_tokens": n},
        }
    )


def _is_tokens(given: object) -> bool:
    """Whether this is a list of numbers, at least one."""
    return (
        isinstance(given, list)
        and bool(given)
        and all(isinstance(each, int) and not isinstance(each, bool) for each in given)
    )


def _in_words(given: Sequence[Given], cache: Path) -> list[str]:
    """All of them as texts.

    Raises:
        ApiError: numbers are no tokens, or cannot be read here.
    """
    try:
        return [
            each if isinstance(each, str) else words_of(each, cache)[:MAX_CHARS] for each in given
        ]
    except ValueError as error:
        raise ApiError(400, f"input: {error}", code="invalid_value", param="input") from error
    except ModelError as error:
        log.warning("numbers of tokens cannot be read: %s", error)
        raise ApiError(
            400,
            f"input: wanted texts; numbers of tokens cannot be read here yet: {HOW}"
            " (in LangChain: check_embedding_ctx_length=False)",
            code="invalid_value",
            param="input",
        ) from error


def _written(vectors: NDArray[np.float32], how: str) -> Sequence[list[float] | str]:
    if how == "float":
        return [[float(number) for number in each] for each in vectors]
    return [base64.b64encode(each.astype("<f4").tobytes()).decode("ascii") for each in vectors]
