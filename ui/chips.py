"""What was understood of a person, as short chips they can read at a glance."""

from collections.abc import Callable
from html import escape

from simpatico.domain import UserState
from simpatico.ui.mood_words import guess, word_of
from simpatico.ui.strings import EN, Strings
from simpatico.ui.strings.moods import NEEDS, PICKS

TitleOf = Callable[[str], str]
"""The title of an item by its id; empty for an unknown one."""


def years(first: int | None, last: int | None, words: Strings = EN) -> str:
    """A span of years as people say it: "the 90s", "before 1990", "from 2010", "1994"."""
    if first is not None and last is not None:
        if first == last:
            return str(first)
        if first % 10 == 0 and last == first + 9:
            short = f"{first % 100:02d}" if 1920 <= first < 2000 else str(first)
            return words.the_decade.format(n=short)
        return words.years_between.format(first=first, last=last)
    if first is not None:
        return words.years_from.format(n=first)
    return words.years_until.format(n=last) if last is not None else ""


def understood(state: UserState, *, title_of: TitleOf, words: Strings = EN) -> tuple[str, ...]:
    """Short phrases for what the person wants, most telling first; plain text, each once."""
    wants, named = state.constraints, state.mentions
    said = [] if state.need == "unknown" else [NEEDS[state.need].of(words.language)]
    said += map(words.tone, wants.tones)
    said += [words.genre(genre.lower()) for genre in wants.genres]
    said += map(words.kind, wants.kinds)
    said += [words.not_this.format(name=words.tone(tone)) for tone in wants.not_tones]
    said += [words.no_genre.format(name=words.genre(one.lower())) for one in wants.not_genres]
    said += [years(wants.year_from, wants.year_to, words)]
    said += [
        words.not_this.format(name=years(span.first, span.last, words)) for span in wants.not_years
    ]
    said += [words.with_person.format(name=name) for name in wants.people]
    said += [words.without_person.format(name=name) for name in wants.not_people]
    said += [words.in_language.format(name=words.spoken(name)) for name in wants.languages]
    said += [words.not_in_language.format(name=words.spoken(one)) for one in wants.not_languages]
    if wants.max_minutes is not None:
        said.append(words.at_most.format(n=wants.max_minutes))
    for template, ids in (
        (words.you_like, named.liked),
        (words.not_title, named.disliked),
        (words.seen_title, named.seen),
    ):
        said += [template.format(title=title) for id_ in ids if (title := title_of(id_))]
    said += [words.unknown_title.format(title=title) for title in named.unlinked]
    return tuple(word for word in dict.fromkeys(said) if word)


def understood_chips(state: UserState, *, title_of: TitleOf, words: Strings = EN) -> str:
    """The phrases as a list, or nothing."""
    said = understood(state, title_of=title_of, words=words)
    if not said:
        return ""
    chips = "".join(f'<li class="chip">{escape(one)}</li>' for one in said)
    return f'<ul class="chips" aria-label="{words.understood_label}">{chips}</ul>'


def mood_chip(state: UserState, *, chosen: str, live: bool, key: str, words: Strings = EN) -> str:
    """The mood as a guess that can be corrected, what the person chose, or nothing.

    Args:
        state: what was understood.
        chosen: "auto", "off" or the label the person chose.
        live: whether the correction still does something (the newest answer only).
        key: an id unique on the page.
        words: the texts of the page.
    """
    said = _mood_words(state, chosen, words)
    if not said:
        return ""
    if not live:
        return f'<p class="mood"><span class="mood-says">{said}</span></p>'
    summary = words.not_how_i_feel if chosen == "auto" else words.change
    buttons = "".join(
        f'<button type="button" class="pick" data-act="mood" data-mood="{label}"'
        f"{_pressed(label == chosen)}>{both.of(words.language)}</button>"
        for label, both in PICKS.items()
    )
    back = "" if chosen == "auto" else _switch("auto", words.guess_again)
    off = "" if chosen == "off" else _switch("off", words.do_not_read)
    return (
        f'<div class="mood"><span class="mood-says">{said}</span>'
        f'<details class="mood-fix" id="{key}"><summary>{summary}</summary>'
        f'<div class="mood-pick" role="group" aria-label="{words.how_do_you_feel}">'
        f"<p>{words.i_feel_these}</p>"
        f'<div class="picks">{buttons}</div><div class="switches">{back}{off}</div></div>'
        "</details></div>"
    )


def _mood_words(state: UserState, chosen: str, words: Strings) -> str:
    if chosen == "off":
        return words.not_reading
    if chosen != "auto":
        return words.you_told.format(word=escape(word_of(chosen, words)))
    if says := guess(state.mood, words):
        sure = words.sure.format(share=state.mood.confidence)
        return f'{escape(says)} <span class="sure">{sure}</span>'
    return ""


def _switch(mood: str, said: str) -> str:
    return f'<button type="button" class="link" data-act="mood" data-mood="{mood}">{said}</button>'


def _pressed(pressed: bool) -> str:
    return f' aria-pressed="{"true" if pressed else "false"}"'
