"""ReDial's dialogues and films as a recommender is asked of them (Li et al., NeurIPS 2018).

A moment is one message that names films, with everything said before it; the films it names are
the targets. The rule is that of Kostric and Balog's re-evaluation (SIGIR 2026): a message is taken
as it is, not merged with its neighbours; a film counts if the dialogue's `movieMentions` has it
and `@number` stands in the message; there is a message before it. Films that no earlier message of
the dialogue named are fresh.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from simpatico.errors import DataError
from simpatico.text import fold

_YEAR: Final = re.compile(r"\s*\((\d{4})\)\s*$")
_MENTION: Final = re.compile(r"@(\d+)")
_SPACES: Final = re.compile(r"\s+")
_DIALOGUE: Final = ("conversationId", "initiatorWorkerId", "respondentWorkerId", "messages")
_YES: Final = 1


class Message(NamedTuple):
    """One message.

    Attributes:
        offered: the recommender wrote it.
        text: as it was written, films as `@number`.
        films: numbers of the films it names, each once, in the order of the text.
    """

    offered: bool
    text: str
    films: tuple[str, ...]


class Talk(NamedTuple):
    """One dialogue.

    Attributes:
        id: the set's own.
        messages: in order.
        labels: "Title (year)" of films by number.
        liked, disliked, seen: films that the seeker said so of when it was over.
    """

    id: str
    messages: tuple[Message, ...]
    labels: Mapping[str, str]
    liked: frozenset[str]
    disliked: frozenset[str]
    seen: frozenset[str]


class Moment(NamedTuple):
    """A message that names films, as a case.

    Attributes:
        talk: position of its dialogue.
        at: position of the message in it.
        offered: the recommender wrote it.
        targets: the films it names, each once.
        fresh: those that no earlier message named.
    """

    talk: int
    at: int
    offered: bool
    targets: tuple[str, ...]
    fresh: tuple[str, ...]


class Film(NamedTuple):
    """A film of the item file. `year` is 0, and texts are empty, where unknown."""

    id: str
    title: str
    year: int
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    stars: tuple[str, ...]
    writers: tuple[str, ...]
    plot: str
    imdb: str


def read_talks(path: Path) -> list[Talk]:
    """Read dialogues, one JSON object a line.

    Raises:
        DataError: it cannot be read, is empty, is not UTF-8, or a line is no dialogue; says which.
    """
    talks = list(_talks(path))
    if not talks:
        raise DataError(f"wanted dialogues in {path}, found none")
    return talks


def read_films(path: Path) -> tuple[Film, ...]:
    """Read the item file: a JSON object of films by number, in the file's order.

    Raises:
        DataError: it cannot be read, is empty, or a film of it has no name.
    """
    try:
        rows = json.loads(_read(path))
    except ValueError as error:
        raise DataError(f"wanted a JSON object of films in {path}: {error}") from error
    if not isinstance(rows, dict) or not rows:
        raise DataError(f"wanted a JSON object of films by number in {path}, got {_kind(rows)}")
    return tuple(_film(path, str(number), row) for number, row in rows.items())


def moments_of(talks: Sequence[Talk]) -> list[Moment]:
    """Every message that names films and is not a dialogue's first."""
    found = []
    for number, talk in enumerate(talks):
        named: set[str] = set()
        for at, message in enumerate(talk.messages):
            if message.films and at:
                fresh = tuple(film for film in message.films if film not in named)
                found.append(Moment(number, at, message.offered, message.films, fresh))
            named.update(message.films)
    return found


def digest(path: Path) -> str:
    """The first 12 hexadecimal digits of a file's SHA-256.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def split_label(label: str) -> tuple[str, int]:
    """Title and year of "Title (year)"; 0 without a year."""
    match = _YEAR.search(label)
    return (_YEAR.sub("", label).strip(), int(match[1])) if match else (label.strip(), 0)


def spoken(text: str, labels: Mapping[str, str] | None = None) -> str:
    """A message without films' numbers, or with their titles in their place."""
    named = labels or {}
    plain = _MENTION.sub(lambda match: f" {split_label(named.get(match[1], ''))[0]} ", text)
    return _SPACES.sub(" ", plain).strip()


def letters(talk: Talk) -> str:
    """The words of a dialogue, folded, to tell near-duplicates by."""
    return fold(" ".join(spoken(message.text) for message in talk.messages))


def _talks(path: Path) -> Iterator[Talk]:
    for number, line in enumerate(_read(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: wanted JSON: {error}") from error
        where = f"{path}, line {number}"
        if not isinstance(row, dict):
            raise DataError(f"{where}: wanted a dialogue, got {_kind(row)}")
        if lacking := [name for name in _DIALOGUE if name not in row]:
            has = ", ".join(list(row)[:8]) or "nothing"
            raise DataError(f"{where}: wanted {', '.join(lacking)} in a dialogue, it has {has}")
        try:
            yield _talk(row)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"{where}: no dialogue ({error!r})") from error


def _talk(row: dict[str, Any]) -> Talk:
    named = row.get("movieMentions")
    labels = {film: (label or "").strip() for film, label in _object(named).items()}
    answers = _object(row.get("initiatorQuestions"))
    return Talk(
        id=str(row["conversationId"]),
        messages=tuple(
            _message(each, row["respondentWorkerId"], labels) for each in row["messages"]
        ),
        labels=labels,
        liked=frozenset(film for film, each in answers.items() if each.get("liked") == _YES),
        disliked=frozenset(film for film, each in answers.items() if each.get("liked") == 0),
        seen=frozenset(film for film, each in answers.items() if each.get("seen") == _YES),
    )


def _message(row: dict[str, Any], recommender: Any, labels: Mapping[str, str]) -> Message:
    text = row["text"]
    found = sorted((text.find(f"@{film}"), film) for film in labels if f"@{film}" in text)
    return Message(row["senderWorkerId"] == recommender, text, tuple(film for _, film in found))


def _film(path: Path, number: str, row: Any) -> Film:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise DataError(f"{path}, film {number}: wanted an object with a name, got {_kind(row)}")
    title, year = split_label(row["name"])
    return Film(
        id=number,
        title=title,
        year=year,
        genres=_names(row.get("genre")),
        directors=_names(row.get("director")),
        stars=_names(row.get("star")),
        writers=_names(row.get("writer")),
        plot=str(row.get("plot") or ""),
        imdb=str(row.get("imdb_id") or ""),
    )


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _object(value: Any) -> dict[str, Any]:
    """ReDial writes an empty list where there are no entries."""
    return value if isinstance(value, dict) else {}


def _kind(value: Any) -> str:
    names: dict[type, str] = {dict: "an object", list: "a list", str: "text"}
    return names.get(type(value), type(value).__name__)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not all UTF-8: byte {error.start} is {error.object[error.start]:#04x}"
        ) from error
