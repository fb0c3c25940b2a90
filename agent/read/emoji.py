"""A message of nothing but emoji, in words: a feeling is told all the same."""

import re
from typing import Final

_SAYS: Final[tuple[tuple[str, str], ...]] = (
    ("😭😢😿🥺😞😔☹🙁😥😓💔😩😫", "I feel so sad"),
    ("😡🤬😠👿😤💢", "I am so angry"),
    ("😱😨😰😖", "I am anxious and scared"),
    ("😴🥱😪💤", "I am tired, something calm"),
    ("😂🤣😹😆", "something funny"),
    ("🥳🎉🎊🍾🎂", "I am so happy, we are celebrating"),
    ("😀😃😄😁😊🙂☺😎🤗😇😺", "I feel happy"),
    ("😍🥰😘❤💕💖💗💘💞😻", "something romantic"),
    ("👻🎃💀☠🧟🧛", "something scary"),
    ("🙄😒😑", "I am annoyed"),
    ("😐😶🤷", "I don't know"),
    ("👍👌", "ok"),
    ("👎", "no"),
    ("🙏", "thank you"),
    ("👋", "bye"),
)
_WORD: Final = re.compile(r"[^\W_]")


def in_words(text: str) -> str:
    """What a message without a letter or a digit says by the first emoji we know; or ""."""
    if _WORD.search(text):
        return ""
    return next((said for char in text for these, said in _SAYS if char in these), "")
