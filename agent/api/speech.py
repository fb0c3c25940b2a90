"""`POST /v1/audio/transcriptions`: the words of a sound file. It is held in memory and not kept."""

from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any, Final, Literal, TypeVar

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import JSONResponse, PlainTextResponse, Response

from simpatico.agent.api.body import read_bytes
from simpatico.agent.api.door import door_of
from simpatico.agent.api.errors import ERROR_SCHEMA, ApiError, from_validation
from simpatico.agent.api.schemas import MODEL, Sent
from simpatico.agent.api.stream import CallerGone, attended
from simpatico.agent.hearing import SPEECH, TooBusy
from simpatico.agent.whisper import MODEL as WHISPER
from simpatico.errors import ModelError, UnknownLanguage

Result = TypeVar("Result")

router = APIRouter(tags=["audio"])

MODELS: Final = (WHISPER, "whisper-1", MODEL)
"""Names by which one and the same model goes; the second is what OpenAI's clients send."""
MAX_FIELD_BYTES: Final = 100_000
MAX_FIELDS: Final = 20

_REQUEST: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "model": {"type": "string", "enum": list(MODELS)},
                    "language": {"type": "string"},
                    "response_format": {"type": "string", "enum": ["json", "text", "verbose_json"]},
                },
                "required": ["file"],
            }
        }
    },
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": {}, "text/plain": {}}},
    "default": {"content": {"application/json": {"schema": ERROR_SCHEMA}}},
}


class SpeechRequest(Sent):
    """What comes beside the file. Fields not named here change nothing.

    `language` is two letters, such as "zh"; without it English or Chinese is heard, whichever is
    likelier.
    """

    model: str = Field(default=WHISPER, max_length=200)
    language: str = Field(default="", pattern=r"^([a-z]{2,3})?$")
    response_format: Literal["json", "text", "verbose_json"] = "json"


class _InMemory(MultiPartParser):
    spool_max_size = 2 * SPEECH.max_bytes  # a file of any size allowed is never on a disk


@router.post(
    "/v1/audio/transcriptions", openapi_extra={"requestBody": _REQUEST}, responses=_ANSWERS
)
async def transcribe(request: Request) -> Response:
    """The words said in a WAV, FLAC, Ogg or MP3 of up to 120 s and 20 MB, and nothing else."""
    door = door_of(request)
    with ExitStack() as held:
        raw = await read_bytes(request, SPEECH.max_bytes + MAX_FIELD_BYTES, held=held)
        wanted, sound = await _parts(request, raw)
        if wanted.model not in MODELS:
            raise ApiError(
                404,
                f"model: wanted one of {', '.join(MODELS)}",
                code="model_not_found",
                param="model",
            )
        with door.running():
            spoken = await attentive(request, door.service.hear(sound, language=wanted.language))
    if wanted.response_format == "text":
        return PlainTextResponse(f"{spoken.text}\n")
    usage = {"type": "duration", "seconds": round(spoken.seconds)}
    told: dict[str, Any] = {"text": spoken.text, "usage": usage}
    if wanted.response_format == "verbose_json":
        seconds = round(spoken.seconds, 2)
        told |= {"task": "transcribe", "language": spoken.language, "duration": seconds}
    return JSONResponse(told)


async def attentive(request: Request, hearing: Coroutine[Any, Any, Result]) -> Result:
    """The result of hearing something, for a caller who may leave.

    Raises:
        ApiError: 503 where nothing can be heard, which says what to run; 429 when too many wait;
            400 for an unknown language; 499 when nobody reads it any more.
    """
    try:
        return await attended(hearing, request.receive, limit_s=door_of(request).limit_s)
    except CallerGone as error:
        raise ApiError(499, "the caller left", code="caller_gone") from error
    except ModelError as error:
        raise ApiError(503, str(error), code="unavailable") from error
    except TooBusy as error:
        raise ApiError(
            429, str(error), code="rate_limit_exceeded", headers={"Retry-After": "5"}
        ) from error
    except UnknownLanguage as error:
        raise ApiError(400, f"language: {error}", code="invalid_value", param="language") from error


async def _parts(request: Request, raw: bytes) -> tuple[SpeechRequest, bytes]:
    """The fields and the file of a form."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ApiError(
            415, "Content-Type: wanted multipart/form-data", code="unsupported_media_type"
        )

    async def whole() -> Any:
        yield raw

    parser = _InMemory(
        request.headers,
        whole(),
        max_files=1,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    try:
        form: FormData = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        raise ApiError(400, f"body: wanted a form: {error}", code="invalid_value") from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise ApiError(400, "file: wanted a sound file", code="invalid_value", param="file")
        fields = {name: held for name, held in form.items() if isinstance(held, str)}
        return SpeechRequest.model_validate(fields), await file.read()
    except ValidationError as error:
        raise from_validation(error) from error
    finally:
        await form.close()
