"""Recommendation dialogues as decisions: what was said so far, and which films came next (ReDial).

Messages of one speaker in a row are one turn (Li et al., NeurIPS 2018, have many short ones). Each
turn that names films is a decision: the films it names, given everything before it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.retrieval.past import Kind

_FILM: Final = re.compile(r"@(\d+)")
_SPACES: Final = re.compile(r"\s+")

SEEKER_TURNS: Final = 3
"""The seeker's newest turns that are the words of a decision."""


class Said(Value):
    """A turn.

    Attributes:
        role: who spoke.
        text: the words without the films' numbers.
        films: their numbers, in order.
        titled: the words with the films' titles and years, as people write them.
    """

    role: Literal["seeker", "recommender"]
    text: str
    films: tuple[str, ...]
    titled: str = ""


class Dialogue(Value):
    """One dialogue.

    Attributes:
        id: the set's own.
        turns: in order.
        labels: (number, "Title (year)") of each film named.
        liked, disliked: numbers of the films that the seeker said so of afterwards.
        seen, unseen: likewise; of others they said neither.
    """

    id: str
    turns: tuple[Said, ...]
    labels: tuple[tuple[str, str], ...]
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def answers(self) -> dict[str, Kind]:
        """What the seeker said of films: what they like and have not seen they want to see."""
        return {
            **dict.fromkeys(self.seen, "seen"),
            **{film: "saved" if film in self.unseen else "liked" for film in self.liked},
            **dict.fromkeys(self.disliked, "disliked"),
        }


class Decision(NamedTuple):
    """One turn that names films, and what was known before it.

    Attributes:
        dialogue: position among the dialogues.
        offered: the recommender spoke.
        before: places of the films named before, in order, repeats too.
        by_seeker: for each of them, whether the seeker named it.
        words: the seeker's newest turns.
        targets: places of the films named now, each once, repeats of earlier ones too.
        n_heard: turns of the seeker before it.
        answers: for each film named before what the seeker said of it afterwards, None where they
            did not; empty: nobody is told.
    """

    dialogue: int
    offered: bool
    before: tuple[int, ...]
    by_seeker: tuple[bool, ...]
    words: str
    targets: tuple[int, ...]
    n_heard: int = 0
    answers: tuple[Kind | None, ...] = ()

    @property
    def fresh(self) -> tuple[int, ...]:
        """Targets that nobody had named before."""
        return tuple(place for place in self.targets if place not in self.before)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What was done with each film named before."""
        answers = self.answers or (None,) * len(self.before)
        return tuple(
            answer or ("named" if by else "offered")
            for answer, by in zip(answers, self.by_seeker, strict=True)
        )

    @property
    def had(self) -> tuple[int, ...]:
        """What was named before and is not known to be disliked."""
        return tuple(
            place for place, kind in zip(self.before, self.kinds, strict=True) if kind != "disliked"
        )


def read_dialogues(path: Path) -> list[Dialogue]:
    """Read ReDial's JSON lines.

    Raises:
        DataError: the file cannot be read, or a line is no such dialogue, with its number.
    """
    try:
        return list(_read(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"dialogues in {path} cannot be read: {error}") from error


def decisions_of(
    dialogues: Sequence[Dialogue], place_of: Callable[[str, str], int | None]
) -> list[Decision]:
    """Every turn that names films of the catalogue.

    Args:
        dialogues: in order.
        place_of: place in the catalogue by a film's number and label; None: it is not there.
    """
    found = []
    for number, dialogue in enumerate(dialogues):
        labels = dict(dialogue.labels)
        answered = dialogue.answers
        before: list[int] = []
        answers: list[Kind | None] = []
        by_seeker: list[bool] = []
        words: list[str] = []
        for turn in dialogue.turns:
            seeker = turn.role == "seeker"
            films = _places(((film, labels.get(film, "")) for film in turn.films), place_of)
            named = tuple(films)
            if named:
                said = " ".join(words[-SEEKER_TURNS:])
                known = (tuple(before), tuple(by_seeker), said)
                found.append(
                    Decision(number, not seeker, *known, named, len(words), tuple(answers))
                )
            before += named
            answers += [answered.get(film) for film in films.values()]
            by_seeker += [seeker] * len(named)
            if seeker:
                words.append(turn.text)
    return found


def _places(
    films: Iterable[tuple[str, str]], place_of: Callable[[str, str], int | None]
) -> dict[int, str]:
    """Places in order, each once, with the film's number."""
    found: dict[int, str] = {}
    for film, label in films:
        place = place_of(film, label)
        if place is not None:
            found.setdefault(place, film)
    return found


def _read(path: Path) -> Iterator[Dialogue]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _dialogue(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise DataError(f"{path}, line {number}: no dialogue ({error!r})") from error


def _spaced(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _dialogue(row: dict[str, Any]) -> Dialogue:
    answers = row["initiatorQuestions"]
    if not isinstance(answers, dict):  # a list where nobody answered
        answers = {}
    named = row["movieMentions"]
    labels = tuple(named.items()) if isinstance(named, dict) else ()
    titles = {film: label or " " for film, label in labels}
    turns: list[Said] = []
    for message in row["messages"]:
        seeker = message["senderWorkerId"] == row["initiatorWorkerId"]
        role: Literal["seeker", "recommender"] = "seeker" if seeker else "recommender"
        said = Said(
            role=role,
            text=_spaced(_FILM.sub(" ", message["text"])),
            films=tuple(_FILM.findall(message["text"])),
            titled=_spaced(_FILM.sub(lambda film: titles.get(film[1], " "), message["text"])),
        )
        if turns and turns[-1].role == role:
            before = turns.pop()
            said = Said(
                role=role,
                text=f"{before.text} {said.text}",
                films=before.films + said.films,
                titled=f"{before.titled} {said.titled}",
            )
        turns.append(said)
    return Dialogue(
        id=str(row["conversationId"]),
        turns=tuple(turns),
        labels=tuple((film, (label or "").strip()) for film, label in labels),
        liked=tuple(film for film, answer in answers.items() if answer.get("liked") == 1),
        disliked=tuple(film for film, answer in answers.items() if answer.get("liked") == 0),
        seen=tuple(film for film, answer in answers.items() if answer.get("seen") == 1),
        unseen=tuple(film for film, answer in answers.items() if answer.get("seen") == 0),
    )
