"""A recommendation as a card: the cover, the facts, the reasons, and what one can do with it."""

from collections.abc import Collection
from html import escape

from simpatico.domain import EventKind, Part, Recommendation
from simpatico.kinds import kind_name
from simpatico.retrieval.explore import EXPLORED
from simpatico.ui.icons import icon
from simpatico.ui.local_media import credit_lines, player
from simpatico.ui.prose import inline
from simpatico.ui.strings import EN, Strings
from simpatico.ui.tiles import cover, strongest_tones

BUTTONS: tuple[EventKind, ...] = ("like", "dislike", "save", "seen")
MOST_STARS = 5
TONES_SHOWN = 3
REASONS_SHOWN = 2


def card(
    one: Recommendation,
    *,
    list_id: str,
    key: str,
    note: str = "",
    posters: bool = False,
    pressed: Collection[EventKind] = (),
    stars: int = 0,
    whole: bool = True,
    words: Strings = EN,
) -> str:
    """One card.

    Args:
        one: what is recommended.
        list_id: the list it was shown in.
        key: an id unique on the page.
        note: what the reply says of it; stands in for the item's own text and the first reasons.
        posters: whether remote posters may be loaded.
        pressed: the buttons already pressed.
        stars: how many the person gave it, 1 to 5; 0: none yet.
        whole: its estimate and reasons are known, and shown.
        words: the texts of the page.
    """
    item = one.item
    facts = " · ".join(
        escape(fact) for fact in (str(item.year or ""), *map(words.genre, item.genres[:3])) if fact
    )
    match = (
        f'<span class="match" title="{words.match_title}">'
        f"{one.p_accept:.0%} <span>{words.match}</span></span>"
        if whole
        else ""
    )
    about_it = _shorten(item.text, 220)
    premise = inline(note) if note else escape(about_it)
    premise = f'<p class="premise">{premise}</p>' if premise else ""
    tones = "".join(
        f"<li>{escape(words.tone(tone))}</li>" for tone in strongest_tones(item, k=TONES_SHOWN)
    )
    tones = f'<ul class="tones" aria-label="{words.tone_label}">{tones}</ul>' if tones else ""
    fresh = [] if note else [reason for reason in one.reasons if reason.text not in about_it]
    told = dict.fromkeys(words.reason(reason, item) for reason in fresh[:REASONS_SHOWN])
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in told)
    reasons = (
        f'<ul class="reasons" aria-label="{words.fits_label}">{reasons}</ul>' if reasons else ""
    )
    heard = kind_name(item.kind) == "music"
    noted = next((_noted(kind, heard, words) for kind in BUTTONS if kind in pressed), "")
    noted = noted or (words.noted_stars.format(n=stars) if stars else "")
    why = _why(one, key, words) if whole else ""
    buttons = "".join(
        _button(one, kind, _act(kind, heard, words), list_id, kind in pressed) for kind in BUTTONS
    )
    return (
        f'<li class="card" data-item="{escape(item.id)}"><article aria-labelledby="{key}-title">'
        f'{cover(item, posters=posters, words=words)}<div class="card-words">'
        f'<div class="card-head"><h3 id="{key}-title">{escape(item.title)}</h3>{match}</div>'
        f'<p class="facts">{facts}</p>{premise}{player(item, words)}{reasons}{tones}'
        f"{credit_lines(item)}</div>"
        f'<div class="card-foot"><div class="acts" role="group" aria-label="{escape(item.title)}">'
        f'{buttons}</div><div class="acts more">{_stars(one, list_id, stars, words)}'
        f'<button type="button" class="act act-more" data-act="like" '
        f'data-item="{escape(item.id)}">{icon("more")}<span>{words.more_like_this}</span></button></div>'
        f'<p class="noted" role="status">{noted}</p>{why}</div>'
        "</article></li>"
    )


def markdown(one: Recommendation) -> str:
    """A recommendation for a place that shows markdown but no HTML."""
    reasons = "; ".join(reason.text for reason in one.reasons)
    facts = ", ".join(one.item.genres[:3])
    head = f"**{_plain(one.item.label)}**" + (f" ({_plain(facts)})" if facts else "")
    return f"- {head}: {one.p_accept:.0%} match. {_plain(reasons)}".rstrip()


def _act(kind: EventKind, heard: bool, words: Strings) -> str:
    """What a button says; music is not seen."""
    acts = {"like": words.like, "dislike": words.dislike, "save": words.save, "seen": words.seen}
    return words.heard if heard and kind == "seen" else acts[kind]


def _noted(kind: EventKind, heard: bool, words: Strings) -> str:
    """What is said of a pressed button."""
    noted = {
        "like": words.noted_like,
        "dislike": words.noted_dislike,
        "save": words.noted_save,
        "seen": words.noted_seen,
    }
    return words.noted_heard if heard and kind == "seen" else noted[kind]


def _button(one: Recommendation, kind: EventKind, name: str, list_id: str, pressed: bool) -> str:
    return (
        f'<button type="button" class="act act-{kind}" data-act="event" data-kind="{kind}" '
        f'data-item="{escape(one.item.id)}" data-list="{escape(list_id)}" '
        f'aria-pressed="{"true" if pressed else "false"}">{icon(kind)}<span>{name}</span></button>'
    )


def _stars(one: Recommendation, list_id: str, given: int, words: Strings) -> str:
    buttons = "".join(
        f'<button type="button" class="star{" lit" if n <= given else ""}" data-act="event" '
        f'data-kind="rate" data-stars="{n}" data-item="{escape(one.item.id)}" '
        f'data-list="{escape(list_id)}" aria-label="{words.stars.format(n=n)}" '
        f'aria-pressed="{"true" if n == given else "false"}">{icon("star")}</button>'
        for n in range(1, MOST_STARS + 1)
    )
    name = escape(words.rate.format(title=one.item.title))
    return f'<div class="stars" role="group" aria-label="{name}">{buttons}</div>'


def _why(one: Recommendation, key: str, words: Strings) -> str:
    told = dict.fromkeys(words.reason(reason, one.item) for reason in one.reasons)
    evidence = "".join(f"<li>{escape(reason)}</li>" for reason in told)
    evidence = f"<ul>{evidence}</ul>" if evidence else f"<p>{words.scored_well}</p>"
    bars = _bars(tuple(part for part in one.parts if part.name != EXPLORED), words)
    if any(part.name == EXPLORED for part in one.parts):
        evidence += f"<p>{escape(words.by_chance)}</p>"
    return (
        f'<details class="why" id="{key}-why"><summary>{words.why}</summary>'
        f'<div class="why-body"><h4>{words.speaks_for}</h4>{evidence}{bars}</div></details>'
    )


def _bars(parts: tuple[Part, ...], words: Strings) -> str:
    """The score's terms as bars around a middle line, the largest filling its half."""
    most = max((abs(part.value) for part in parts), default=0.0)
    if most == 0:
        return ""
    rows = "".join(
        f'<li><span class="bar-name">{escape(words.part(part.name))}</span>'
        f'<span class="bar {"for" if part.value >= 0 else "against"}" aria-hidden="true">'
        f'<i style="width:{abs(part.value) / most * 50:.1f}%"></i></span>'
        f'<span class="bar-value">{part.value:+.2f}</span></li>'
        for part in sorted(parts, key=lambda part: -abs(part.value))
    )
    return f'<h4>{words.score}</h4><ul class="bars">{rows}</ul>'


def _shorten(text: str, most: int) -> str:
    """Whole words of a text, with an ellipsis where it was cut."""
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def _plain(text: str) -> str:
    """Text that markdown does not read as markup."""
    return "".join(f"\\{char}" if char in r"\`*_[]<>#|~" else char for char in text)
