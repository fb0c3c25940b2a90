"""What we need of an OpenAI server's answers: the rest is ignored, what is needed is checked.

The openai library does not check: it hands on whatever a server sends.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simpatico.domain import Completion, Token


class _Wire(BaseModel):
    model_config = ConfigDict(from_attributes=True, allow_inf_nan=False)


class _Top(_Wire):
    token: str
    logprob: float


class _TokenLogprob(_Top):
    top_logprobs: list[_Top] = []


class _Logprobs(_Wire):
    """A chat's shape (`content`), in which llama.cpp answers raw prompts as well, or the older one.

    In the older one, vLLM's for raw prompts, place i of each list is about token i, and the
    alternatives are {text: logprob} with the chosen token among them.
    """

    content: list[_TokenLogprob] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None

    @model_validator(mode="after")
    def _of_one_length(self) -> "_Logprobs":
        n = len(self.tokens or ())
        tops = self.top_logprobs
        if len(self.token_logprobs or ()) != n or (tops is not None and len(tops) != n):
            raise ValueError(f"wanted log-probabilities of {n} tokens, got another number")
        return self


class _Message(_Wire):
    content: str


class _Choice(_Wire):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None

    @property
    def said(self) -> str:
        return self.message.content


class _RawChoice(_Wire):
    text: str
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None

    @property
    def said(self) -> str:
        return self.text


class _Usage(_Wire):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Reply(_Wire):
    """A whole answer in a chat."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class RawReply(_Wire):
    """A whole continuation of a raw prompt."""

    choices: list[_RawChoice] = Field(min_length=1)
    usage: _Usage | None = None


class _Delta(_Wire):
    content: str | None = None


class _Piece(_Wire):
    delta: _Delta
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None

    @property
    def said(self) -> str:
        return self.delta.content or ""


class Chunk(_Wire):
    """A piece of an answer streamed in a chat."""

    choices: list[_Piece] = []
    usage: _Usage | None = None


class RawChunk(_Wire):
    """A piece of a streamed continuation."""

    choices: list[_RawChoice] = []
    usage: _Usage | None = None


def to_completion(reply: Reply | RawReply) -> Completion:
    """The first choice of an answer as our own value."""
    choice = reply.choices[0]
    usage = reply.usage or _Usage()
    return Completion(
        text=choice.said,
        tokens=_tokens(choice.logprobs),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        finish_reason=choice.finish_reason or "stop",
    )


def join(chunks: Sequence[Chunk | RawChunk]) -> Completion | None:
    """The whole answer that was streamed in pieces; None if its end is missing."""
    pieces = [chunk.choices[0] for chunk in chunks if chunk.choices]
    ends = [piece.finish_reason for piece in pieces if piece.finish_reason]
    if not ends:
        return None
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    usage = usages[-1] if usages else _Usage()
    return Completion(
        text="".join(piece.said for piece in pieces),
        tokens=tuple(token for piece in pieces for token in _tokens(piece.logprobs)),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        finish_reason=ends[-1],
    )


def _tokens(logprobs: _Logprobs | None) -> tuple[Token, ...]:
    if logprobs is None:
        return ()
    if logprobs.content:
        return tuple(
            Token(
                text=token.token,
                logprob=token.logprob,
                top=tuple((top.token, top.logprob) for top in token.top_logprobs),
            )
            for token in logprobs.content
        )
    texts = logprobs.tokens or []
    tops = logprobs.top_logprobs or [None] * len(texts)
    return tuple(
        Token(
            text=text,
            logprob=logprob,
            top=tuple(sorted((top or {}).items(), key=lambda pair: -pair[1])),
        )
        for text, logprob, top in zip(texts, logprobs.token_logprobs or [], tops, strict=True)
    )
