"""Training examples for an adapter, and how they become tokens."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError


class Piece(Value):
    """A part of an answer.

    Attributes:
        text: what stands there, with its leading space.
        shares: other texts that are as right, each with its share of the truth; each is one token
            and so is `text`. Empty: `text` alone is right.
        weight: of its tokens in the loss; 0 for what is there only to be read on.
    """

    text: str = Field(min_length=1)
    shares: tuple[tuple[str, float], ...] = ()
    weight: float = Field(default=1.0, ge=0)


class Example(Value):
    """A prompt and the answer wanted. `source` says which data set it comes from."""

    prompt: str = Field(min_length=1)
    answer: tuple[Piece, ...] = Field(min_length=1)
    source: str = ""


class Tokenizer(Protocol):
    """As the tokenizers of transformers are called."""

    def __call__(self, text: str, *, add_special_tokens: bool) -> Any:
        """Tokens of a text under the key "input_ids"."""
        ...


class Tokens(NamedTuple):
    """An example as tokens.

    Attributes:
        ids: (n,) of the prompt and of all of the answer but its last token.
        at: (m,) where in `ids` the next token is predicted.
        rows: (t,) index into `at` of each target.
        targets: (t,) token ids.
        weights: (t,) weight times share.
    """

    ids: NDArray[np.int64]
    at: NDArray[np.int64]
    rows: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32]


def tokenize(example: Example, tokenizer: Tokenizer, *, max_tokens: int) -> Tokens:
    """Turn an example into tokens; a prompt that is too long loses its beginning.

    Raises:
        DataError: an answer of more than `max_tokens`, or shares that are not one token each.
    """
    ids = list(tokenizer(example.prompt, add_special_tokens=False)["input_ids"])
    answer: list[int] = []
    rows: list[int] = []
    targets: list[int] = []
    weights: list[float] = []
    learnt: list[int] = []
    for piece in example.answer:
        tokens = _one(tokenizer, piece.text)
        shares = [(_one(tokenizer, text), share) for text, share in piece.shares]
        if shares and (len(tokens) != 1 or any(len(each) != 1 for each, _ in shares)):
            raise DataError(f"wanted labels of one token each, got {piece.text!r} and others")
        for token in tokens:
            if piece.weight > 0:
                learnt.append(len(answer))
                for target, share in shares or [([token], 1.0)]:
                    rows.append(len(learnt) - 1)
                    targets.append(target[0])
                    weights.append(piece.weight * share)
            answer.append(token)
    if len(answer) >= max_tokens:
        raise DataError(f"wanted answers of less than {max_tokens} tokens, got {len(answer)}")
    ids = ids[-(max_tokens - len(answer)) :]
    at = np.array(learnt, dtype=np.int64) + len(ids) - 1
    kept = [*ids, *answer[:-1]]
    return Tokens(
        np.array(kept[: at.max(initial=0) + 1], dtype=np.int64),
        at,
        np.array(rows, dtype=np.int64),
        np.array(targets, dtype=np.int64),
        np.array(weights, dtype=np.float32),
    )


def batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """Group examples of like length, in random order: less padding, the same mixture."""
    order = rng.permutation(len(lengths))
    window = size * 32
    groups: list[list[int]] = []
    for start in range(0, len(order), window):
        near = sorted(order[start : start + window], key=lambda i: lengths[i])
        groups += [[int(i) for i in near[j : j + size]] for j in range(0, len(near), size)]
    return [groups[i] for i in rng.permutation(len(groups))]


def read_examples(path: Path) -> list[Example]:
    """Examples kept as JSON lines.

    Raises:
        DataError: the file is missing, empty, or has a line that is no example, with its number.
    """
    return list(_examples(path))


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Keep examples as JSON lines, one each."""
    with path.open("w", encoding="utf-8") as out:
        for example in examples:
            out.write(json.dumps(example.model_dump(mode="json"), ensure_ascii=False) + "\n")


def _examples(path: Path) -> Iterator[Example]:
    try:
        lines = path.read_text("utf-8").rstrip("\n").split("\n")  # JSON may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if lines == [""]:
        raise DataError(f"{path} is empty: wanted one example a line")
    for number, line in enumerate(lines, start=1):
        try:
            yield Example.model_validate_json(line)
        except ValidationError as error:
            raise DataError(f"{path}:{number}: no example: {error.errors()[0]['msg']}") from error


def _one(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
