"""What the openai library's exceptions mean to us."""

import openai
from pydantic import BaseModel

from simpatico.errors import BadReply, LLMError, LLMUnavailable

MAX_RAW = 2000
"""Characters of an unusable answer that are kept."""

# What each error of the library means here; the nearest base that is listed counts.
WORTH_A_RETRY: tuple[type[Exception], ...] = (
    openai.APIConnectionError,
    openai.APITimeoutError,
    openai.RateLimitError,
    openai.ConflictError,
    openai.InternalServerError,
)
UNAVAILABLE: tuple[type[Exception], ...] = (
    *WORTH_A_RETRY,
    openai.OpenAIError,
    openai.AuthenticationError,
    openai.OAuthError,
    openai.PermissionDeniedError,
    openai.NotFoundError,
    openai.WebSocketConnectionClosedError,
    openai.WebSocketQueueFullError,
)
BAD: tuple[type[Exception], ...] = (
    openai.APIError,
    openai.APIStatusError,
    openai.APIResponseValidationError,
    openai.BadRequestError,
    openai.UnprocessableEntityError,
    openai.LengthFinishReasonError,
    openai.ContentFilterFinishReasonError,
    openai.InvalidWebhookSignatureError,
)


def translate(error: Exception, where: str) -> LLMError:
    """What an exception of the openai library means to us."""
    for base in type(error).__mro__:
        if base in UNAVAILABLE:
            return LLMUnavailable(f"{where} is not available: {brief(error)}")
        if base in BAD:
            body = getattr(error, "body", None)
            raw = str(error if body is None else body)[:MAX_RAW]
            return BadReply(f"{where} refused or failed: {brief(error)}", raw=raw)
    raise TypeError(f"not an error of the openai library: {error!r}")


def brief(error: Exception) -> str:
    """One line of what went wrong, with its cause, since "Connection error." says nothing."""
    said = " ".join(str(error).split())[:300]
    cause = error.__cause__
    return f"{said} ({' '.join(str(cause).split())[:200]})" if cause is not None else said


def raw_of(reply: object) -> str:
    """The beginning of what came, for `BadReply.raw`."""
    if isinstance(reply, BaseModel):
        return reply.model_dump_json(warnings=False)[:MAX_RAW]
    return str(reply)[:MAX_RAW]
