"""A conversation as HTML: pure functions from values to markup, everything escaped."""

from collections.abc import Collection, Mapping
from html import escape

from simpatico.domain import EventKind
from simpatico.ui.cards import card
from simpatico.ui.chips import TitleOf, mood_chip, understood_chips
from simpatico.ui.icons import icon
from simpatico.ui.prose import Parted, part, prose
from simpatico.ui.talk import STEPS, Exchange

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("After a rough week", "Rough week. I need something warm and funny, nothing with kids"),
    ("Can’t switch off", "My head won’t stop. Something quiet and gentle to calm down with"),
    ("A good cry", "I feel sad and I want to let it out. Make me cry"),
    ("Wide awake", "Friday night and I’m buzzing: a clever thriller that keeps me guessing"),
    ("In love", "First date on the sofa, something romantic that isn’t cheesy"),
    ("Far away", "I’d like to be somewhere else entirely, something epic and beautiful"),
    ("Curious", "I’m in a thoughtful mood: a film we’ll still talk about tomorrow"),
    ("Nostalgic", "Something from the 80s that feels like being twelve again"),
)
FOLLOW_UPS: tuple[tuple[str, str], ...] = (
    ("Something lighter", "Something less sad"),
    ("Something older", "Something older than 1990"),
    ("Surprise me", "Surprise me"),
    ("Why the first one?", "Why the first one?"),
)
_PICTURED = '<span class="pictured">with your picture</span>'
_STEP_WORDS = ("Understanding", "Looking", "Ranking", "Writing")
assert len(_STEP_WORDS) == len(STEPS)


def empty() -> str:
    """What is seen before the first message."""
    examples = "".join(
        f'<li><button type="button" class="example" data-act="say" data-text="{escape(text)}">'
        f"<b>{escape(mood)}</b><span>{escape(text)}</span></button></li>"
        for mood, text in EXAMPLES
    )
    return (
        '<section class="empty"><h2>How are you, tonight?</h2>'
        "<p>Say it in your own words: how you feel, what you’re in the mood for, what you’d rather "
        "not see.</p>"
        f'<ul class="examples" aria-label="Examples to begin with">{examples}</ul></section>'
    )


def conversation(
    exchanges: Collection[Exchange],
    *,
    title_of: TitleOf,
    mood: str = "auto",
    posters: bool = False,
    marks: Mapping[str, Collection[EventKind]] = {},
    stars: Mapping[str, int] = {},
) -> list[str]:
    """One block of HTML for each exchange, oldest first; the empty page when there are none."""
    if not exchanges:
        return [empty()]
    last = len(exchanges) - 1
    return [
        block(
            exchange,
            key=f"x{n}",
            newest=n == last,
            title_of=title_of,
            mood=mood,
            posters=posters,
            marks=marks,
            stars=stars,
        )
        for n, exchange in enumerate(exchanges)
    ]


def block(
    exchange: Exchange,
    *,
    key: str,
    newest: bool,
    title_of: TitleOf,
    mood: str = "auto",
    posters: bool = False,
    marks: Mapping[str, Collection[EventKind]] = {},
    stars: Mapping[str, int] = {},
) -> str:
    """One message and its answer. `key` is an id unique on the page."""
    running = exchange.status == "running"
    caring = exchange.route == "care"
    if caring:  # nothing to choose from now
        exchange = exchange.with_(recommendations=())
    text = part(exchange.text, exchange.recommendations)
    parts = [steps(exchange) if running else ""]
    if text.before or (running and exchange.recommendations):
        writing = " writing" if running and not text.notes else ""
        parts.append(f'<div class="answer{writing}">{prose(text.before)}</div>')
    if not caring:
        if not running or exchange.recommendations:
            chip = mood_chip(
                exchange.state, chosen=mood, live=newest and not running, key=f"{key}-mood"
            )
            chips = understood_chips(exchange.state, title_of=title_of)
            parts.append(f'<div class="heard">{chip}{chips}</div>' if chip or chips else "")
        parts.append(_cards(exchange, text, key=key, posters=posters, marks=marks, stars=stars))
    if text.after:
        parts.append(f'<div class="answer closing">{prose(text.after)}</div>')
    parts += [_ending(exchange, newest=newest), _tools(exchange, newest=newest)]
    body = "".join(parts)
    return (
        f'<div class="exchange {exchange.status}{" newest" if newest else ""}" id="{key}" '
        'role="group" aria-label="One message and its answer">'
        f'<p class="asked"><span class="sr-only">You said: </span>{escape(exchange.asked)}'
        f"{_PICTURED if exchange.pictured else ''}</p>{_own_tools(exchange, newest=newest)}"
        f'<div class="reply{" care" if caring else ""}" aria-live="polite" '
        f'aria-busy="{"true" if running else "false"}">'
        f'<h2 class="sr-only">Simpatico:</h2>{body}</div></div>'
    )


def steps(exchange: Exchange) -> str:
    """How far a running turn has come."""
    dots = "".join(
        f'<li class="{"past" if n < exchange.step else "now" if n == exchange.step else "later"}"'
        f"{' aria-current=step' if n == exchange.step else ''}>{word}</li>"
        for n, word in enumerate(_STEP_WORDS)
    )
    detail = f'<p class="detail">{escape(exchange.detail)}</p>' if exchange.detail else ""
    return (
        f'<div class="progress"><ol class="steps" aria-label="Progress">{dots}</ol>{detail}'
        f'<button type="button" class="link stop" data-act="stop">{icon("stop")}Stop</button></div>'
    )


def _cards(
    exchange: Exchange,
    text: Parted,
    *,
    key: str,
    posters: bool,
    marks: Mapping[str, Collection[EventKind]],
    stars: Mapping[str, int],
) -> str:
    if not exchange.recommendations:
        return ""
    notes = dict(text.notes)
    cards = "".join(
        card(
            one,
            note=notes.get(one.item.id, ""),
            list_id=exchange.list_id,
            key=f"{key}-{n}",
            posters=posters,
            pressed=marks.get(one.item.id, ()),
            stars=stars.get(one.item.id, 0),
            whole=exchange.whole,
        )
        for n, one in enumerate(exchange.recommendations)
    )
    odd = " odd" if len(exchange.recommendations) % 2 else ""
    return f'<ol class="cards{odd}" aria-label="Recommendations">{cards}</ol>'


def _ending(exchange: Exchange, *, newest: bool) -> str:
    """What comes below an answer: what went wrong, what ran differently, what to say next."""
    parts = []
    if exchange.status == "failed":
        parts.append(f'<p class="problem" role="alert">{escape(exchange.problem)}</p>')
    if exchange.status == "stopped":
        parts.append('<p class="quiet">Stopped, as you asked.</p>')
    nothing = exchange.route == "recommend" and not exchange.recommendations
    if exchange.status == "done" and nothing:
        parts.append(
            '<p class="quiet nothing">'
            "Nothing in my catalogue fits all of that. Letting one wish "
            "go usually helps.</p>"
        )
    if exchange.degraded:
        what = escape("; ".join(exchange.degraded))
        parts.append(f'<p class="quiet degraded"><b>Running in a simpler mode.</b> {what}</p>')
    if newest and exchange.status == "done" and exchange.recommendations:
        parts.append(_say_buttons(FOLLOW_UPS))
    elif newest and exchange.status == "done" and nothing:
        parts.append(_say_buttons((("Surprise me", "Surprise me"),)))
    return "".join(parts)


def _own_tools(exchange: Exchange, *, newest: bool) -> str:
    """What can be done with one's own message: the newest can be changed."""
    if not newest or exchange.status == "running" or exchange.revises or exchange.route == "care":
        return ""
    return f'<div class="own-tools">{_tool("edit", "Edit")}</div>'


def _tools(exchange: Exchange, *, newest: bool) -> str:
    """What can be done with an answer as a whole."""
    if exchange.status == "running" or exchange.route == "care":
        return ""
    tools = []
    if exchange.text:
        words = escape(exchange.text.replace("**", ""))
        tools.append(
            f'<button type="button" class="link" data-act="copy" data-text="{words}" '
            f'data-done="Copied">'
            f"{icon('copy')}<span>Copy</span></button>"
        )
    if newest:
        tools += [_tool("again", "Try again"), _tool("undo", "Take back")]
    return f'<div class="tools" role="group" aria-label="This answer">{"".join(tools)}</div>'


def _tool(act: str, words: str) -> str:
    return (
        f'<button type="button" class="link {act}" data-act="{act}">{icon(act)}'
        f"<span>{words}</span></button>"
    )


def _say_buttons(pairs: Collection[tuple[str, str]]) -> str:
    buttons = "".join(
        f'<button type="button" class="follow" data-act="say" data-text="{escape(text)}">'
        f"{escape(words)}</button>"
        for words, text in pairs
    )
    return f'<div class="follows" role="group" aria-label="You could say">{buttons}</div>'
