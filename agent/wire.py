"""What we need of an OpenAI server's answers: the rest is ignored, what is needed is checked.

The openai library does not check: it hands on whatever a server sends.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from simpatico.domain import Completion, Token


class _Wire(BaseModel):
    model_config = ConfigDict(from_attributes=True, allow_inf_nan=False)


class _Top(_Wire):
    token: str
    logprob: float


class _TokenLogprob(_Top):
    top_logprobs: list[_Top] = []


class _Logprobs(_Wire):
    content: list[_TokenLogprob] | None = None


class _Message(_Wire):
    content: str


class _Choice(_Wire):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Usage(_Wire):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Reply(_Wire):
    """A whole answer."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class _Delta(_Wire):
    content: str | None = None


class _Piece(_Wire):
    delta: _Delta
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class Chunk(_Wire):
    """A piece of a streamed answer."""

    choices: list[_Piece] = []
    usage: _Usage | None = None


def to_completion(reply: Reply) -> Completion:
    """The first choice of an answer as our own value."""
    choice = reply.choices[0]
    usage = reply.usage or _Usage()
    return Completion(
        text=choice.message.content,
        tokens=_tokens(choice.logprobs),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        finish_reason=choice.finish_reason or "stop",
    )


def join(chunks: Sequence[Chunk]) -> Completion | None:
    """The whole answer that was streamed in pieces; None if its end is missing."""
    pieces = [chunk.choices[0] for chunk in chunks if chunk.choices]
    ends = [piece.finish_reason for piece in pieces if piece.finish_reason]
    if not ends:
        return None
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    usage = usages[-1] if usages else _Usage()
    return Completion(
        text="".join(piece.delta.content or "" for piece in pieces),
        tokens=tuple(token for piece in pieces for token in _tokens(piece.logprobs)),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        finish_reason=ends[-1],
    )


def _tokens(logprobs: _Logprobs | None) -> tuple[Token, ...]:
    return tuple(
        Token(
            text=token.token,
            logprob=token.logprob,
            top=tuple((top.token, top.logprob) for top in token.top_logprobs),
        )
        for token in (logprobs.content if logprobs and logprobs.content else [])
    )
