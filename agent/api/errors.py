"""Errors as the OpenAI protocol writes them: `{"error": {message, type, param, code}}`."""

import logging
import re
import traceback
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from simpatico.agent.tracing import REQUEST_ID
from simpatico.errors import (
    DataError,
    LLMError,
    LLMUnavailable,
    NotAllowed,
    SimpaticoError,
    StoreError,
    kinds,
)

log = logging.getLogger(__name__)

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    500: "internal_error",
}
_RETRY_AFTER_S = "2"
_FIELD = re.compile(r"([a-z_]+(?:\.\w+)*): ")
_TEXT_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}

ERROR_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": _TEXT_OR_NULL,
                "code": _TEXT_OR_NULL,
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}
"""What `ApiError.body` is, for the description of the API."""
_FRAMES = 8  # the innermost; the outer ones are the framework's


class ApiError(Exception):
    """An answer other than 200. `code` is for programs, `message` for people."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or _CODES.get(status)
        self.param = param
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        """The error object that clients of the protocol read."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return {
            "error": {
                "message": self.message,
                "type": _TYPES.get(self.status, kind),
                "param": self.param,
                "code": self.code,
            }
        }


def from_validation(error: ValidationError) -> ApiError:
    """Name the first wrong field and how many more there are; never repeat what was sent.

    What is wrong with the whole may name its field itself, before a colon.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    where = ".".join(str(part) for part in found[0]["loc"])
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    message = found[0]["msg"].removeprefix("Value error, ")
    if not where and (named := _FIELD.match(message)):
        where, message = named[1], message[named.end() :]
    return ApiError(
        400, f"{where or 'body'}: {message}{more}", code="invalid_value", param=where or None
    )


def as_api_error(error: Exception) -> ApiError:
    """Translate whatever went wrong; what nobody foresaw becomes a 500 that tells nothing.

    The log gets the type and the place of an unforeseen error. Its message may hold words of a
    person, so it goes to DEBUG.
    """
    if isinstance(error, ApiError):
        return error
    if isinstance(error, ValidationError):
        return from_validation(error)
    if isinstance(error, NotAllowed):
        return ApiError(403, str(error), code="not_allowed")
    if isinstance(error, DataError):
        return ApiError(400, str(error), code="invalid_data")
    if isinstance(error, StoreError):
        log.error("%s: a store failed: %s", REQUEST_ID.get(), error)
        return _unavailable("a database of ours failed; nothing of this request was kept")
    if isinstance(error, LLMUnavailable):
        return _unavailable("the language model does not answer")
    if isinstance(error, TimeoutError):
        return ApiError(504, "the answer took too long", code="timeout")
    if isinstance(error, SimpaticoError):
        told = kinds(error) if isinstance(error, LLMError) else f"{type(error).__name__}: {error}"
        log.error("%s: %s", REQUEST_ID.get(), told)
        return _unavailable("a part of this service is not working; /ready says which")
    place = "".join(traceback.format_tb(error.__traceback__, limit=-_FRAMES))
    log.error("%s: unforeseen %s\n%s", REQUEST_ID.get(), type(error).__name__, place)
    log.debug("%s: unforeseen", REQUEST_ID.get(), exc_info=error)
    return ApiError(500, "something went wrong on our side; the log has the request id")


def respond(error: Exception) -> JSONResponse:
    """The error as a response."""
    wrong = as_api_error(error)
    return JSONResponse(wrong.body, status_code=wrong.status, headers=wrong.headers)


async def handle(request: Request, error: Exception) -> JSONResponse:
    """Exception handler for FastAPI: every error leaves through here."""
    return respond(error)


def _unavailable(message: str) -> ApiError:
    return ApiError(503, message, code="unavailable", headers={"Retry-After": _RETRY_AFTER_S})
