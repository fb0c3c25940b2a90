"""Checks on premises: our own words, about facts that the article's lead states."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NUMBERS = {
    word: str(n)
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
}
_COUNTS = {"one", "two", "three", "four"}
MAX_WORDS = 26
NGRAM = 5


def words_of(text: str) -> list[str]:
    """Lower-case words, without punctuation and possessive endings."""
    return [re.sub(r"['’]s?$", "", word.lower()) for word in _WORD.findall(text)]


def copied(premise: str, lead: str, *, n: int = NGRAM) -> list[str]:
    """Runs of `n` words that stand in both texts."""
    theirs = set(_ngrams(words_of(lead), n))
    return [" ".join(run) for run in _ngrams(words_of(premise), n) if run in theirs]


def unsupported(premise: str, lead: str) -> list[str]:
    """Capitalised words (but the first) and numbers of a premise that the lead does not have.

    A plural or an adjective counts as supported by its stem of four letters ("Jews", "Jewish"),
    a number written out by its figure. "Two" to "four" may count people whom the lead names one by
    one, which only a reader can check.
    """
    known = set(words_of(lead))
    stems = {word[:4] for word in known if len(word) >= 4}
    strange = []
    for position, word in enumerate(_WORD.findall(premise)):
        plain = re.sub(r"['’]s?$", "", word)
        low = plain.lower()
        number = low.isdigit() or low in _NUMBERS
        name = plain[:1].isupper() and position > 0 and plain != "I"
        if not (number or name) or low in _COUNTS:
            continue
        same = {low, _NUMBERS.get(low, low)} | {w for w, d in _NUMBERS.items() if d == low}
        if not same & known and not (name and len(low) >= 4 and low[:4] in stems):
            strange.append(word)
    return strange


def faults(premise: str) -> list[str]:
    """What is wrong with a premise by itself; empty when nothing is."""
    found = []
    if not premise[:1].isupper() and not premise[:1].isdigit():
        found.append("does not start with a capital")
    if not premise.endswith("."):
        found.append("does not end with a full stop")
    if len(premise.split()) > MAX_WORDS:
        found.append(f"has more than {MAX_WORDS} words")
    if re.search(r"[\t\r\n<>|*_`\[\]]", premise):
        found.append("has marks that are no plain punctuation")
    return found


def _ngrams(words: list[str], n: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + n]) for i in range(len(words) - n + 1))
