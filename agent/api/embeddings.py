"""`POST /v1/embeddings`: texts as vectors of the encoder that searches here."""

import base64
from collections.abc import Sequence
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

router = APIRouter(tags=["embeddings"])

MAX_INPUTS = 2048
_BATCH = 32


class EmbeddingRequest(Sent):
    """What to encode: a text or a list of them. `encoding_format` is float or base64."""

    model: str = Field(default=MODEL, max_length=200)
    input: Any
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None

    @field_validator("input")
    @classmethod
    def _texts(cls, given: object) -> tuple[str, ...]:
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not 1 <= len(texts) <= MAX_INPUTS:
            raise ValueError(f"wanted a text or a list of 1 to {MAX_INPUTS} texts")
        if any(isinstance(each, int | list) for each in texts):
            raise ValueError(
                "wanted texts; numbers of tokens belong to a tokenizer that is not known here"
                " (in LangChain: check_embedding_ctx_length=False)"
            )
        if not all(isinstance(each, str) and 1 <= len(each) <= MAX_CHARS for each in texts):
            raise ValueError(f"wanted texts of 1 to {MAX_CHARS:,} characters")
        return tuple(texts)


@router.post("/v1/embeddings", openapi_extra=body_of(EmbeddingRequest))
async def embed(request: Request) -> Response:
    """A unit vector for each text; only the first tokens that the encoder reads count."""
    door = door_of(request)
    wanted = await read(request, EmbeddingRequest)
    check_model(wanted.model)
    service, texts = door.service, wanted.input

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


def _written(vectors: NDArray[np.float32], how: str) -> Sequence[list[float] | str]:
    if how == "float":
        return [[float(number) for number in each] for each in vectors]
    return [base64.b64encode(each.astype("<f4").tobytes()).decode("ascii") for each in vectors]
