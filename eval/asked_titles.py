"""A server that is asked what to offer next in a dialogue: a row beside the systems of `redial`.

It answers with titles. One that is no film of the item file keeps its place from the others, so
that inventing titles helps nobody; an answer without any film of the file is a failed case.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from simpatico.eval.endpoint import Chat, Endpoint, json_in
from simpatico.eval.redial_systems import Scores
from simpatico.finetune.redial_data import Film, Moment, Talk, split_label, spoken
from simpatico.protocols import ProgressCallback
from simpatico.text import clean, fold_title

N_ASKED: Final = 50
MAX_TOKENS: Final = 1500
MAX_CHARS: Final = 4000
_KEYS: Final = ("title", "name", "film", "movie")
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
_LISTED: Final = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s+(.+?)\s*$", re.M)
_ASK: Final = (
    f"You recommend films. Read the conversation and list up to {N_ASKED} films to offer in the"
    ' next message, best first. Answer with JSON alone: ["Title (year)", ...].'
)


class AskedTitles:
    """A server as a system of `simpatico.eval.redial`; it learns nothing.

    Args:
        endpoint: the server.
        films: that can be offered.
        progress: told of moments.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        films: Sequence[Film],
        progress: ProgressCallback = lambda what, done, total: None,
    ) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._progress = progress
        self._n_films = len(films)
        self._known: dict[tuple[str, int], int] = {}
        self._titled: dict[str, list[int]] = {}
        for at, film in enumerate(films):
            title = fold_title(film.title)
            self._known.setdefault((title, film.year), at)
            self._titled.setdefault(title, []).append(at)

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> Scores:
        """Higher is earlier in the list: (n_moments, n_films + `N_ASKED`).

        The last columns are titles that no film of the file has; -inf is not offered, and a row of
        nan is an answer without any film.

        Raises:
            ServerGone: it stopped answering.
        """
        chats = [_chat(talks[one.talk], one) for one in moments]
        answers = self._endpoint.ask(chats, max_tokens=MAX_TOKENS, progress=self._progress)
        return np.stack([self._row(answer.text or "") for answer in answers])

    def _row(self, text: str) -> Scores:
        row = np.full(self._n_films + N_ASKED, -np.inf, dtype=np.float32)
        for place, title in enumerate(titles_in(text)[:N_ASKED]):
            film = self._film(title)
            at = self._n_films + place if film is None else film
            row[at] = max(row[at], N_ASKED - place)
        if not np.isfinite(row[: self._n_films]).any():
            row[:] = np.nan
        return row

    def _film(self, label: str) -> int | None:
        """The film of a title; of one year off, too; without a year if one film alone has it."""
        name, year = split_label(label)
        title = fold_title(name)
        if year:
            for near in (year, year - 1, year + 1):
                if (title, near) in self._known:
                    return self._known[title, near]
            return None
        alike = self._titled.get(title, [])
        return alike[0] if len(alike) == 1 else None


def titles_in(text: str) -> list[str]:
    """Titles of an answer in order: of its JSON, else what is bold, else the lines of a list."""
    for value in json_in(text):
        if found := list(_strings(value)):
            return found
    return [clean(each, max_chars=200) for each in _BOLD.findall(text) or _LISTED.findall(text)]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        named = next((value[key] for key in _KEYS if isinstance(value.get(key), str)), None)
        year = value.get("year")
        if named is not None:
            yield f"{named} ({year})" if isinstance(year, int) else named
        else:
            for each in value.values():
                yield from _strings(each) if isinstance(each, list) else ()


def _chat(talk: Talk, one: Moment) -> Chat:
    said = "\n".join(
        f"{'Recommender' if each.offered else 'Seeker'}: {spoken(each.text, talk.labels)}"
        for each in talk.messages[: one.at]
    )
    return [{"role": "system", "content": _ASK}, {"role": "user", "content": said[-MAX_CHARS:]}]
