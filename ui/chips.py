"""What was understood of a person, as short chips they can read at a glance."""

from collections.abc import Callable
from html import escape

from simpatico.domain import Constraints, NeedName, UserState
from simpatico.ui.mood_words import CHOICES, guess, word_of

_NEEDS: dict[NeedName, str] = {
    "cheer_up": "to cheer you up",
    "calm_down": "to calm down",
    "thrill": "a thrill",
    "cry_it_out": "a good cry",
    "think": "something to think about",
    "laugh": "a laugh",
    "connect": "to feel close",
    "focus": "something absorbing",
    "escape": "to get away",
    "celebrate": "to celebrate",
}

TitleOf = Callable[[str], str]
"""The title of an item by its id; empty for an unknown one."""


def years(constraints: Constraints) -> str:
    """A span of years as people say it: "the 90s", "before 1990", "from 2010", "1994"."""
    first, last = constraints.year_from, constraints.year_to
    if first is not None and last is not None:
        if first == last:
            return str(first)
        if first % 10 == 0 and last == first + 9:
            return f"the {first % 100:02d}s" if first >= 1920 and first < 2000 else f"the {first}s"
        return f"{first} to {last}"
    if first is not None:
        return f"from {first}"
    return f"until {last}" if last is not None else ""


def understood(state: UserState, *, title_of: TitleOf) -> tuple[str, ...]:
    """Short phrases for what the person wants, most telling first; plain text, each once."""
    wants, words = state.constraints, []
    if state.need in _NEEDS:
        words.append(_NEEDS[state.need])
    words += [*wants.tones, *(genre.lower() for genre in wants.genres), *wants.kinds]
    words += [f"not {tone}" for tone in wants.not_tones]
    words += [f"no {genre.lower()}" for genre in wants.not_genres]
    words += [years(wants)]
    words += [f"with {name}" for name in wants.people]
    words += [f"without {name}" for name in wants.not_people]
    words += [f"in {name}" for name in wants.languages]
    words += [f"at most {wants.max_minutes} minutes"] if wants.max_minutes is not None else []
    named = state.mentions
    words += [f"you like {title}" for id_ in named.liked if (title := title_of(id_))]
    words += [f"not {title}" for id_ in named.disliked if (title := title_of(id_))]
    words += [f"seen {title}" for id_ in named.seen if (title := title_of(id_))]
    words += [f"I don’t know “{title}”" for title in named.unlinked]
    return tuple(word for word in dict.fromkeys(words) if word)


def understood_chips(state: UserState, *, title_of: TitleOf) -> str:
    """The phrases as a list, or nothing."""
    words = understood(state, title_of=title_of)
    if not words:
        return ""
    chips = "".join(f'<li class="chip">{escape(word)}</li>' for word in words)
    return f'<ul class="chips" aria-label="What I understood">{chips}</ul>'


def mood_chip(state: UserState, *, chosen: str, live: bool, key: str) -> str:
    """The mood as a guess that can be corrected, what the person chose, or nothing.

    Args:
        state: what was understood.
        chosen: "auto", "off" or the label the person chose.
        live: whether the correction still does something (the newest answer only).
        key: an id unique on the page.
    """
    words = _mood_words(state, chosen)
    if not words:
        return ""
    if not live:
        return f'<p class="mood"><span class="mood-says">{words}</span></p>'
    summary = "That’s not how I feel" if chosen == "auto" else "Change"
    buttons = "".join(
        f'<button type="button" class="pick" data-act="mood" data-mood="{choice.label}"'
        f"{_pressed(choice.label == chosen)}>{choice.word}</button>"
        for choice in CHOICES
    )
    back = "" if chosen == "auto" else _switch("auto", "Guess from my words again")
    off = "" if chosen == "off" else _switch("off", "Don’t read my mood")
    return (
        f'<div class="mood"><span class="mood-says">{words}</span>'
        f'<details class="mood-fix" id="{key}"><summary>{summary}</summary>'
        f'<div class="mood-pick" role="group" aria-label="How do you feel?"><p>I feel …</p>'
        f'<div class="picks">{buttons}</div><div class="switches">{back}{off}</div></div>'
        "</details></div>"
    )


def _mood_words(state: UserState, chosen: str) -> str:
    if chosen == "off":
        return "I’m not reading your mood."
    if chosen != "auto":
        return f"You told me: <b>{escape(word_of(chosen))}</b>."
    if says := guess(state.mood):
        return f'{escape(says)} <span class="sure">{state.mood.confidence:.0%} sure</span>'
    return ""


def _switch(mood: str, words: str) -> str:
    return f'<button type="button" class="link" data-act="mood" data-mood="{mood}">{words}</button>'


def _pressed(pressed: bool) -> str:
    return f' aria-pressed="{"true" if pressed else "false"}"'
