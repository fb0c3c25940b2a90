"""Texts that come as numbers of tokens: some clients cut texts with OpenAI's tiktoken before.

A model that tiktoken does not know, such as ours, is counted in cl100k_base there.
"""

import base64
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore

MODEL: Final = "cl100k"
"""Its name in the model store."""
HOW: Final = f"`simpatico model fetch {MODEL}` once, or send texts"
"""What to do where it cannot be had."""


def words_of(tokens: Sequence[int], cache: Path) -> str:
    """The text that numbers of tokens stand for; bytes that are no text are replaced.

    Args:
        tokens: of cl100k_base.
        cache: where models are kept; nothing is fetched.

    Raises:
        ModelError: the vocabulary is not there, or is damaged.
        ValueError: a number is no token, with which and how many there are.
    """
    known = _vocabulary(ModelStore(cache).path(MODEL))
    for token in tokens:
        if not 0 <= token < len(known):
            raise ValueError(f"wanted tokens of cl100k_base, 0 to {len(known) - 1:,}; got {token}")
    return b"".join(known[token] for token in tokens).decode("utf-8", errors="replace")


@lru_cache(maxsize=1)
def _vocabulary(folder: Path) -> tuple[bytes, ...]:
    """The bytes of each token: a line of the file has them in base64, and their number."""
    lines = (folder / "cl100k_base.tiktoken").read_bytes().splitlines()
    try:
        pairs = [(base64.b64decode(word), int(number)) for word, number in map(bytes.split, lines)]
    except ValueError as error:
        raise ModelError(f"the vocabulary in {folder} is damaged: {error}") from error
    if [number for _, number in pairs] != list(range(len(pairs))):
        raise ModelError(f"the vocabulary in {folder} is damaged: wanted numbers from 0 on")
    return tuple(word for word, _ in pairs)
