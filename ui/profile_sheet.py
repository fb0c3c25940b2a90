"""The sheet about the person as markup: what is known, each part with its way back. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import NamedTuple

from simpatico.agent.known import Known, Remembered, Verdict
from simpatico.domain import TONES, Event, Item, UserState
from simpatico.ui.chips import years
from simpatico.ui.icons import icon
from simpatico.ui.mood_words import word_of
from simpatico.ui.sheets import head
from simpatico.ui.strings import EN, Strings
from simpatico.ui.strings.moods import NEEDS
from simpatico.ui.strings.profile import DONE

ItemOf = Callable[[str], Item | None]

STEP = 50
"""How many of one list are shown at first, and how many more each time that is asked for."""

_STRONG = 0.5
_N_TASTES = 8


class Wish(NamedTuple):
    """One thing that a conversation goes on with; `what` and `value` as for `not_wanting`."""

    what: str
    value: str
    said: str


def drawn(
    known: Known,
    *,
    item_of: ItemOf,
    zone: tzinfo | None,
    n: int = STEP,
    stranger: bool = False,
    words: Strings = EN,
) -> str:
    """The whole sheet.

    Args:
        known: what is known.
        item_of: the item of an id, if the catalogue has it.
        zone: the time zone that times are told in.
        n: how many of each list are shown.
        stranger: the person is in a temporary chat.
        words: the texts.
    """
    intro = f"{words.you_intro} <b>{words.you_stranger}</b>" if stranger else words.you_intro
    parts = [
        head(words.you_name, intro, close=words.close),
        _decisions(known, words),
        *_titles(known, item_of, n, words),
        _tastes(known, item_of, words),
        _talks(known.talks, words),
        _moods(known.talks, zone, words),
        _events(known.events, item_of, zone, n, words),
        _data(known, words),
    ]
    if not (known.events or known.talks):
        parts.insert(2, f'<p class="quiet">{words.you_nothing}</p>')
    return "".join(parts)


def waiting(words: Strings = EN, said: str = "") -> str:
    """The sheet before anything is known, or instead of it."""
    told = f'<p class="quiet" role="status">{said or words.you_wait}</p>'
    return head(words.you_name, close=words.close) + told


def wishes(state: UserState, words: Strings = EN) -> Iterator[Wish]:
    """What a conversation goes on with, each with the words for it; plain text."""
    wants = state.constraints
    if state.need != "unknown":
        yield Wish("need", "", NEEDS[state.need].of(words.language))
    named: tuple[tuple[str, Sequence[str], Callable[[str], str], str], ...] = (
        ("tones", wants.tones, words.tone, "{name}"),
        ("genres", wants.genres, _genre(words), "{name}"),
        ("kinds", wants.kinds, words.kind, "{name}"),
        ("not_tones", wants.not_tones, words.tone, words.not_this),
        ("not_genres", wants.not_genres, _genre(words), words.no_genre),
        ("people", wants.people, str, words.with_person),
        ("not_people", wants.not_people, str, words.without_person),
        ("languages", wants.languages, words.spoken, words.in_language),
        ("not_languages", wants.not_languages, words.spoken, words.not_in_language),
    )
    for what, values, name_of, phrase in named:
        yield from (Wish(what, one, phrase.format(name=name_of(one))) for one in values)
    if said := years(wants.year_from, wants.year_to, words):
        yield Wish("years", "", said)
    for span in wants.not_years:
        said = words.not_this.format(name=years(span.first, span.last, words))
        yield Wish("not_years", span.name, said)
    if wants.max_minutes is not None:
        yield Wish("max_minutes", "", words.at_most.format(n=wants.max_minutes))
    if wants.exclude_ids:
        yield Wish("exclude_ids", "", words.you_set_aside.format(n=len(wants.exclude_ids)))


def tastes(liked: Sequence[Item], words: Strings = EN) -> list[tuple[str, int]]:
    """What two liked items or more share (genre, strong tone, decade), by how many; most first."""
    counts: Counter[str] = Counter()
    for item in liked:
        shared = {_genre(words)(genre) for genre in item.genres}
        shared |= {words.tone(tone) for tone in TONES if item.tone_of(tone) >= _STRONG}
        if item.year:
            shared.add(words.you_decade.format(n=item.year // 10 * 10))
        counts.update(shared)
    common = [(name, n) for name, n in counts.items() if n > 1]
    return sorted(common, key=lambda one: (-one[1], one[0]))[:_N_TASTES]


def _genre(words: Strings) -> Callable[[str], str]:
    return lambda name: words.genre(name.lower())


def _decisions(known: Known, words: Strings) -> str:
    consent = known.consent
    return _section(
        words.you_decide,
        _switch("personal", consent.personal, words.personal, words.you_personal_info)
        + _switch("reading", consent.read_moods, words.you_reading, words.you_reading_info)
        + _switch("moods", consent.keep_moods is True, words.you_moods, words.you_moods_info),
    )


def _switch(what: str, on: bool, name: str, info: str) -> str:
    return (
        f'<div class="you-switch"><span id="you-{what}">{name}</span>'
        f'<button type="button" role="switch" class="switch" data-do="decide" data-what="{what}" '
        f'aria-checked="{str(on).lower()}" aria-labelledby="you-{what}" '
        f'aria-describedby="you-{what}-info"></button>'
        f'<p id="you-{what}-info">{info}</p></div>'
    )


def _titles(known: Known, item_of: ItemOf, n: int, words: Strings) -> Iterator[str]:
    profile = known.profile
    stars = {event.item_id: event.value for event in known.events if event.kind == "rate"}
    groups: tuple[tuple[str, Verdict, tuple[str, ...]], ...] = (
        (words.you_liked, "opinion", profile.liked),
        (words.you_disliked, "opinion", profile.disliked),
        (words.you_saved, "saved", profile.saved),
        (words.you_seen, "seen", profile.seen),
    )
    for name, verdict, ids in groups:
        newest = ids[::-1]
        rows = "".join(
            _row(
                _label(item_id, item_of, words),
                _stars(stars.get(item_id), words) if verdict != "saved" else "",
                words.you_take_back,
                {"do": "unlearn", "item": item_id, "verdict": verdict},
            )
            for item_id in newest[:n]
        )
        if rows:
            yield _section(name, f"<ul>{rows}</ul>" + _more(len(ids) - n, n, words), n=len(ids))


def _tastes(known: Known, item_of: ItemOf, words: Strings) -> str:
    liked = [item for id_ in known.profile.liked if (item := item_of(id_)) is not None]
    chips = "".join(
        f'<li class="chip">{escape(words.you_taste.format(name=name, n=n, of=len(liked)))}</li>'
        for name, n in tastes(liked, words)
    )
    if not chips:
        return ""
    return _section(words.you_tastes, f'<ul class="chips">{chips}</ul>', info=words.you_tastes_info)


def _talks(talks: Sequence[Remembered], words: Strings) -> str:
    drawn = ""
    for talk in talks:
        chips = "".join(
            f'<li class="chip off">{escape(wish.said)}'
            + _button(
                words.you_take_back,
                wish.said,
                {"do": "want", "session": talk.session, "what": wish.what, "value": wish.value},
            )
            + "</li>"
            for wish in wishes(talk.state, words)
        )
        if chips:
            drawn += f'<li><h4>{escape(talk.name)}</h4><ul class="chips">{chips}</ul></li>'
    if not drawn:
        return ""
    return _section(
        words.you_talks, f'<ul class="you-talks">{drawn}</ul>', info=words.you_talks_info
    )


def _moods(talks: Sequence[Remembered], zone: tzinfo | None, words: Strings) -> str:
    rows = "".join(
        "<li><span>"
        + escape(words.you_mood.format(name=word_of(mood.label, words), sure=mood.confidence))
        + f"<small>{escape(talk.name)} · {_when(talk.at, zone, words)}</small></span></li>"
        for talk in talks
        if (mood := talk.state.mood).confidence > 0
    )
    none = f'<p class="quiet">{words.you_no_moods}</p>'
    return _section(words.you_kept_moods, f"<ul>{rows}</ul>" if rows else none)


def _events(
    events: Sequence[Event], item_of: ItemOf, zone: tzinfo | None, n: int, words: Strings
) -> str:
    rows = "".join(
        _row(
            _label(event.item_id, item_of, words),
            f"{_done(event, words)} · {_when(event.at, zone, words)}",
            words.you_withdraw,
            {"do": "withdraw", "event": event.id},
        )
        for event in events[::-1][:n]
    )
    if not rows:
        return ""
    name = f"<h3>{words.you_events} <i>{len(events)}</i></h3>"
    inside = f'<p class="you-info">{words.you_events_info}</p><ul>{rows}</ul>'
    return (
        f'<section><details id="you-events"><summary>{name}</summary>{inside}'
        f"{_more(len(events) - n, n, words)}</details></section>"
    )


def _data(known: Known, words: Strings) -> str:
    counts = words.you_counts.format(
        talks=len(known.talks), events=len(known.events), lists=known.n_lists
    )
    asks = _data_of(
        {
            "do": "erase",
            "title": words.you_erase_question,
            "words": words.you_erase_words,
            "yes": words.you_erase_yes,
            "no": words.keep_it,
        }
    )
    return _section(
        words.you_data,
        '<div class="you-data"><button type="button" class="wide" data-do="take">'
        f'{icon("take")}{words.you_download}</button><button type="button" class="wide grave"'
        f"{asks}>{icon('forget')}{words.you_erase}</button></div>",
        info=counts,
    )


def _section(name: str, inside: str, *, n: int | None = None, info: str = "") -> str:
    count = f" <i>{n}</i>" if n is not None else ""
    info = f'<p class="you-info">{info}</p>' if info else ""
    return f"<section><h3>{name}{count}</h3>{info}{inside}</section>"


def _row(label: str, small: str, name: str, data: Mapping[str, str]) -> str:
    small = f"<small>{escape(small)}</small>" if small else ""
    return f"<li><span>{escape(label)}{small}</span>{_button(name, label, data)}</li>"


def _button(name: str, of: str, data: Mapping[str, str]) -> str:
    return (
        f'<button type="button" class="round"{_data_of(data)} '
        f'aria-label="{name}: {escape(of)}" title="{name}">{icon("dislike")}</button>'
    )


def _more(left: int, n: int, words: Strings) -> str:
    if left <= 0:
        return ""
    said = words.you_more.format(n=min(left, STEP))
    return f'<button type="button" class="link" data-do="more" data-n="{n + STEP}">{said}</button>'


def _data_of(data: Mapping[str, str]) -> str:
    return "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())


def _label(item_id: str, item_of: ItemOf, words: Strings) -> str:
    item = item_of(item_id)
    return words.you_gone.format(id=item_id) if item is None else item.label


def _stars(stars: float | None, words: Strings) -> str:
    return "" if stars is None else words.stars.format(n=f"{stars:g}")


def _done(event: Event, words: Strings) -> str:
    done = DONE[event.kind].of(words.language)
    return done if event.value is None else f"{done} {_stars(event.value, words)}"


def _when(at: datetime, zone: tzinfo | None, words: Strings) -> str:
    style = "%Y-%m-%d %H:%M" if words.language == "zh" else "%d %b %Y, %H:%M"
    return at.astimezone(zone).strftime(style)
