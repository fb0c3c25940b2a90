"""Emoji alone tell a feeling, too."""

import pytest

from simpatico.agent.read.emoji import in_words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("😭😭😭", "I feel so sad"),
        ("😡!", "I am so angry"),
        ("👍🏽", "ok"),
        ("", ""),
        ("?!", ""),
        ("🗿", ""),
        ("😭 a comedy", ""),
        ("难过😭", ""),
    ],
)
def test_a_message_of_emoji_alone_is_put_in_words(text: str, said: str) -> None:
    assert in_words(text) == said
