"""The reader that asks the trained adapter: one short line for mood, need, intent and more.

`simpatico.reading` has the prompt and the answer. How sure the model is comes from the
log-probabilities of its tokens. Rules keep the last word wherever they spoke; what the answer says
beyond them, wishes and words to search with, is taken only when every token of it was all but
certain.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from simpatico.agent.read.mood import DECAY, Array, MoodReader, fade, readable, to_mood
from simpatico.agent.read.rules import Heard, merge
from simpatico.agent.read.understand import Rules, Understood
from simpatico.agent.read.verdict import as_array, mass_at, settle, shares_at, sure_of
from simpatico.calibration import Calibration
from simpatico.domain import (
    MOODS,
    Completion,
    Constraints,
    Item,
    Mentions,
    Mood,
    Turn,
    UserState,
)
from simpatico.errors import BadReply
from simpatico.protocols import LLM
from simpatico.reading import (
    BAR,
    GENRE_WORDS,
    INTENT_WORDS,
    MAX_ANSWER_TOKENS,
    MOOD_WORDS,
    NEED_WORDS,
    STANCE_WORDS,
    TONE_WORDS,
    Reading,
    grammar,
    parse,
    prompt_of,
)

ADAPTER = "reader"
"""The name that the server knows the adapter by."""

TOP_LOGPROBS = 64
"""Enough for all 28 moods to be among them; one that is not counts as impossible."""

WISH_SURE = 0.9
"""A wish or a query is taken from the answer if each of its tokens was at least this probable."""

STANCE_SURE = 0.5
"""A stance on a title is taken from the answer if it is at least this probable among the four."""

IN_TUNE = 0.05
"""If all moods together are less probable than this, the adapter is not the one that answered."""

MAX_TITLES = 8
"""Stances are asked for on this many titles of a message, or the answer would not fit."""

FORGOTTEN = 0.13
"""An earlier feeling weaker than this by now is gone: what is left of a sure one in four turns."""

_MOODS = {word: label for label, word in MOOD_WORDS.items()}
_NEEDS = {word: label for label, word in NEED_WORDS.items()}
_INTENTS = {word: label for label, word in INTENT_WORDS.items()}
_STANCES = {word: label for label, word in STANCE_WORDS.items()}
_GENRES = {word: label for label, word in GENRE_WORDS.items()}
_TONES = {word: label for label, word in TONE_WORDS.items()}
_WISH = re.compile(r"(before|after) (\d{4})|(\d{4})s|(\S+)")
_FEELINGS = np.array([mood != "neutral" for mood in MOODS])


class AdapterReader:
    """Reads with the reader adapter of a language model, and with the shared rules.

    Args:
        llm: a model with an adapter of the name "reader".
        rules: as the encoder reader has them.
        calibration: the adapter's own.
        moods: the encoder's, asked beside the adapter as far as the calibration wants it.

    Raises:
        ValueError: the calibration is for both, and there are no `moods`.
    """

    name = "lora"

    def __init__(
        self, llm: LLM, rules: Rules, calibration: Calibration, moods: MoodReader | None = None
    ) -> None:
        if calibration.head and moods is None:
            raise ValueError("wanted the mood head that the calibration was made with, got none")
        self._llm = llm
        self._rules = rules
        self._calibration = calibration
        self._moods = moods if calibration.head else None
        self._thresholds = np.array(calibration.thresholds, dtype=np.float32)
        self._takes_grammar = True

    async def read(
        self,
        turns: Sequence[Turn],
        *,
        previous: UserState | None = None,
        shown: Sequence[Item] = (),
    ) -> UserState:
        """Read the newest turn; see `simpatico.protocols.Reader`.

        Raises:
            LLMUnavailable: the model does not answer.
            BadReply: it answers something else than what the adapter was trained to.
        """
        newest = turns[-1].text if turns and turns[-1].role == "user" else ""
        understood = await asyncio.to_thread(
            self._rules.understand, newest, previous=previous, shown=shown
        )
        if understood.state.intent == "crisis" or not newest.strip():
            return understood.state
        titles = understood.titles[:MAX_TITLES]
        chances, answer = await asyncio.gather(
            asyncio.to_thread(self._chances, understood.said),
            self._ask(prompt_of(turns), len(titles)),
        )
        reply = _mended(answer)
        reading = parse(reply.text, len(titles))
        if reading is None:
            raise BadReply(f"wanted a reading, got {reply.text[:80]!r}", raw=reply.text)
        return self._complete(understood, titles, previous, reply, reading, chances)

    async def _ask(self, prompt: str, n_titles: int) -> Completion:
        given = grammar(n_titles) if self._takes_grammar else None
        try:
            return await self._llm.complete(
                prompt,
                max_tokens=MAX_ANSWER_TOKENS,
                grammar=given,
                top_logprobs=TOP_LOGPROBS,
                stop=["\n"],
                adapter=ADAPTER,
            )
        except ValueError:
            if given is None:
                raise
            self._takes_grammar = False  # it was trained to answer like this without one
        return await self._ask(prompt, n_titles)

    def _complete(
        self,
        understood: Understood,
        titles: Sequence[str],
        previous: UserState | None,
        reply: Completion,
        reading: Reading,
        chances: Array | None,
    ) -> UserState:
        places = [match.start() for match in re.finditer(r"\S+", reply.text)]
        if reply.tokens and sum(mass_at(reply, places[0], _MOODS).values()) < IN_TUNE:
            raise BadReply(
                f"the reader adapter did not answer: {reply.text[:40]!r} is no likely mood to"
                " whoever did",
                raw=reply.text,
            )
        moods = shares_at(reply, places[0], _MOODS)
        state = settle(
            understood,
            mood=self._mood(understood.said, moods, chances, previous),
            needs=shares_at(reply, places[1], _NEEDS),
            intents=shares_at(reply, places[2], _INTENTS),
        )
        changed: dict[str, object] = {
            "mentions": _judged(state.mentions, titles, reply, reading, places[4:])
        }
        if state.intent in ("seek", "refine"):
            changed["constraints"] = _wished(state.constraints, reply, understood)
            changed["query"] = state.query or _searched(reply)
        return state.model_copy(update=changed)

    def _chances(self, said: str) -> Array | None:
        """What the mood head makes of it, (28,); None where it is not to be asked."""
        if self._moods is None or not _tells(said):
            return None
        return np.asarray(self._moods.chances([said])[0])

    def _mood(
        self,
        said: str,
        shares: Mapping[str, float],
        chances: Array | None,
        previous: UserState | None,
    ) -> Mood:
        """Now's mood over the fading one of before; a plain request says nothing of either."""
        now: Array | None = None
        if _tells(said):
            with np.errstate(divide="ignore"):  # what is not among the alternatives: -inf
                now = self._calibration.shares(np.log(as_array(shares)), chances)
        before: Array | None = None
        if previous is not None and previous.mood.distribution:
            before = np.array(previous.mood.distribution, dtype=np.float32)
            if DECAY * before[_FEELINGS].max() < FORGOTTEN:
                before = None
        felt = fade(before, now)
        return Mood() if felt is None else to_mood(felt, self._thresholds)


def _tells(said: str) -> bool:
    """Whether it says something of the person that can be read."""
    return bool(said) and readable(said)


def _mended(reply: Completion) -> Completion:
    """An answer that was cut off, without what is not whole; the fields it lacks are empty."""
    if reply.finish_reason != "length":
        return reply
    text = re.sub(r"(?: (?:before|after))? ?\S*$", "", reply.text)
    missing = 4 - text.count(BAR)
    return reply.model_copy(update={"text": text + BAR * missing})


def _fields(text: str) -> list[tuple[int, int]]:
    """Where each field of an answer stands."""
    cuts = [match.span() for match in re.finditer(re.escape(BAR), text)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return list(zip(starts, ends, strict=True))


def _judged(
    mentions: Mentions,
    titles: Sequence[str],
    reply: Completion,
    reading: Reading,
    places: Sequence[int],
) -> Mentions:
    """Stances of the answer on titles that no rule found one for."""
    verdicts: dict[str, str] = {}
    for title, stance, at in zip(titles, reading.stances, places, strict=False):
        if title in mentions.named and stance != "named":
            if shares_at(reply, at, _STANCES).get(stance, 0.0) >= STANCE_SURE:
                verdicts[title] = stance
    if not verdicts:
        return mentions
    update: dict[str, tuple[str, ...]] = {
        stance: (*getattr(mentions, stance), *(t for t, said in verdicts.items() if said == stance))
        for stance in ("liked", "disliked", "seen")
    }
    update["named"] = tuple(title for title in mentions.named if title not in verdicts)
    return mentions.model_copy(update=update)


def _certain(reply: Completion, field: int) -> Iterator[re.Match[str]]:
    """The wishes of one field that the model was all but certain of."""
    start, end = _fields(reply.text)[field]
    for match in _WISH.finditer(reply.text, start, end):
        if sure_of(reply, *match.span()) >= WISH_SURE:
            yield match


def _wished(kept: Constraints, reply: Completion, understood: Understood) -> Constraints:
    """Wishes and refusals of the answer, each kind only where none stands already.

    What was taken back just now, or only told of, is neither wished for nor refused. Years are
    wished for only where the rules heard none refused, let in or told of: the adapter never learnt
    to refuse any.
    """
    lifted = (*understood.lifted, *understood.told)
    genres: list[str] = []
    tones: list[str] = []
    years: tuple[int | None, int | None] = (None, None)
    for match in _certain(reply, 2):
        side, year, decade, word = match.groups()
        if word in _GENRES:
            genres.append(_GENRES[word])
        elif word in _TONES:
            tones.append(_TONES[word])
        elif decade:
            years = (int(decade), int(decade) + 9)
        elif year:
            years = (None, int(year) - 1) if side == "before" else (int(year) + 1, None)
    no_genres = [_GENRES[m[4]] for m in _certain(reply, 3) if m[4] in _GENRES]
    no_tones = [_TONES[m[4]] for m in _certain(reply, 3) if m[4] in _TONES]
    told = kept.not_years or understood.lifted_years or understood.told_years
    free = kept.year_from is None and kept.year_to is None and not told
    said = Constraints(
        genres=_beside(genres, kept.genres, (*kept.not_genres, *no_genres, *lifted)),
        tones=_beside(tones, kept.tones, (*kept.not_tones, *no_tones, *lifted)),
        not_genres=_beside(no_genres, kept.not_genres, (*kept.genres, *genres, *lifted)),
        not_tones=_beside(no_tones, kept.not_tones, (*kept.tones, *tones, *lifted)),
        year_from=years[0] if free else None,
        year_to=years[1] if free else None,
    )
    return merge(kept, Heard(constraints=said))


def _beside(names: Sequence[str], same: Sequence[str], against: Sequence[str]) -> tuple[str, ...]:
    """Names for a field that is empty so far, without what is denied elsewhere."""
    return () if same else tuple(dict.fromkeys(name for name in names if name not in against))


def _searched(reply: Completion) -> str:
    """The query of the answer, if it is all but certain."""
    fields = _fields(reply.text)
    if len(fields) < 5:
        return ""
    start, end = fields[4]
    words = reply.text[start:end].split()
    return " ".join(words) if words and sure_of(reply, start, end) >= WISH_SURE else ""
