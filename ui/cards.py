"""A recommendation as a card: the cover, the facts, the reasons, and what one can do with it."""

from collections.abc import Collection
from html import escape

from simpatico.agent.phrases import EXPLORED as CHANCE
from simpatico.agent.phrases import PARTS
from simpatico.domain import EventKind, Part, Recommendation
from simpatico.kinds import kind_name
from simpatico.retrieval.explore import EXPLORED
from simpatico.ui.icons import icon
from simpatico.ui.local_media import credit_lines, player
from simpatico.ui.prose import inline
from simpatico.ui.tiles import cover, strongest_tones

BUTTONS: tuple[tuple[EventKind, str], ...] = (
    ("like", "Like"),
    ("dislike", "Not for me"),
    ("save", "Save"),
    ("seen", "Seen it"),
)
_HEARD: dict[str, tuple[str, str]] = {"seen": ("Heard it", "Noted: you’ve heard it.")}
"""What is pressed and noted of music instead."""
_NOTED: dict[str, str] = {
    "like": "Noted: more like this.",
    "dislike": "Noted: I won’t show it again.",
    "save": "Saved for later.",
    "seen": "Noted: you’ve seen it.",
}
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
    """
    item = one.item
    facts = " · ".join(escape(fact) for fact in (str(item.year or ""), *item.genres[:3]) if fact)
    match = (
        f'<span class="match" title="My estimate that you would pick it">'
        f"{one.p_accept:.0%} <span>match</span></span>"
        if whole
        else ""
    )
    about_it = _shorten(item.text, 220)
    words = inline(note) if note else escape(about_it)
    premise = f'<p class="premise">{words}</p>' if words else ""
    tones = "".join(f"<li>{escape(tone)}</li>" for tone in strongest_tones(item, k=TONES_SHOWN))
    tones = f'<ul class="tones" aria-label="Tone">{tones}</ul>' if tones else ""
    fresh = [] if note else [reason for reason in one.reasons if reason.text not in about_it]
    reasons = "".join(f"<li>{escape(reason.text)}</li>" for reason in fresh[:REASONS_SHOWN])
    reasons = f'<ul class="reasons" aria-label="Why it fits">{reasons}</ul>' if reasons else ""
    heard = _HEARD if kind_name(item.kind) == "music" else {}
    says = {**_NOTED, **{kind: words for kind, (_, words) in heard.items()}}
    noted = next((says[kind] for kind, _ in BUTTONS if kind in pressed), "")
    noted = noted or (f"Noted: {stars} of 5 stars." if stars else "")
    why = _why(one, key) if whole else ""
    buttons = "".join(
        _button(one, kind, heard.get(kind, (name,))[0], list_id, kind in pressed)
        for kind, name in BUTTONS
    )
    return (
        f'<li class="card" data-item="{escape(item.id)}"><article aria-labelledby="{key}-title">'
        f'{cover(item, posters=posters)}<div class="card-words">'
        f'<div class="card-head"><h3 id="{key}-title">{escape(item.title)}</h3>{match}</div>'
        f'<p class="facts">{facts}</p>{premise}{player(item)}{reasons}{tones}'
        f"{credit_lines(item)}</div>"
        f'<div class="card-foot"><div class="acts" role="group" aria-label="{escape(item.title)}">'
        f'{buttons}</div><div class="acts more">{_stars(one, list_id, stars)}'
        f'<button type="button" class="act act-more" data-act="like" '
        f'data-item="{escape(item.id)}">{icon("more")}<span>More like this</span></button></div>'
        f'<p class="noted" role="status">{noted}</p>{why}</div>'
        "</article></li>"
    )


def markdown(one: Recommendation) -> str:
    """A recommendation for a place that shows markdown but no HTML."""
    reasons = "; ".join(reason.text for reason in one.reasons)
    facts = ", ".join(one.item.genres[:3])
    head = f"**{_plain(one.item.label)}**" + (f" ({_plain(facts)})" if facts else "")
    return f"- {head}: {one.p_accept:.0%} match. {_plain(reasons)}".rstrip()


def _button(one: Recommendation, kind: EventKind, name: str, list_id: str, pressed: bool) -> str:
    return (
        f'<button type="button" class="act act-{kind}" data-act="event" data-kind="{kind}" '
        f'data-item="{escape(one.item.id)}" data-list="{escape(list_id)}" '
        f'aria-pressed="{"true" if pressed else "false"}">{icon(kind)}<span>{name}</span></button>'
    )


def _stars(one: Recommendation, list_id: str, given: int) -> str:
    buttons = "".join(
        f'<button type="button" class="star{" lit" if n <= given else ""}" data-act="event" '
        f'data-kind="rate" data-stars="{n}" data-item="{escape(one.item.id)}" '
        f'data-list="{escape(list_id)}" aria-label="{n} of 5 stars" '
        f'aria-pressed="{"true" if n == given else "false"}">{icon("star")}</button>'
        for n in range(1, MOST_STARS + 1)
    )
    name = escape(f"Rate {one.item.title}")
    return f'<div class="stars" role="group" aria-label="{name}">{buttons}</div>'


def _why(one: Recommendation, key: str) -> str:
    evidence = "".join(f"<li>{escape(reason.text)}</li>" for reason in one.reasons)
    evidence = f"<ul>{evidence}</ul>" if evidence else "<p>It simply scored well overall.</p>"
    bars = _bars(tuple(part for part in one.parts if part.name != EXPLORED))
    if any(part.name == EXPLORED for part in one.parts):
        evidence += f"<p>{escape(CHANCE)}</p>"
    return (
        f'<details class="why" id="{key}-why"><summary>Why this one?</summary>'
        f'<div class="why-body"><h4>What speaks for it</h4>{evidence}{bars}</div></details>'
    )


def _bars(parts: tuple[Part, ...]) -> str:
    """The score's terms as bars around a middle line, the largest filling its half."""
    most = max((abs(part.value) for part in parts), default=0.0)
    if most == 0:
        return ""
    rows = "".join(
        f'<li><span class="bar-name">{escape(_name(part))}</span>'
        f'<span class="bar {"for" if part.value >= 0 else "against"}" aria-hidden="true">'
        f'<i style="width:{abs(part.value) / most * 50:.1f}%"></i></span>'
        f'<span class="bar-value">{part.value:+.2f}</span></li>'
        for part in sorted(parts, key=lambda part: -abs(part.value))
    )
    return f'<h4>How the score came about</h4><ul class="bars">{rows}</ul>'


def _name(part: Part) -> str:
    """A term of the score in the words that replies use for it."""
    return PARTS.get(part.name, part.name.replace("_", " "))


def _shorten(text: str, most: int) -> str:
    """Whole words of a text, with an ellipsis where it was cut."""
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def _plain(text: str) -> str:
    """Text that markdown does not read as markup."""
    return "".join(f"\\{char}" if char in r"\`*_[]<>#|~" else char for char in text)
