"""A conversation as HTML: pure functions from values to markup, everything escaped."""

from collections.abc import Collection, Mapping
from html import escape

from simpatico.domain import EventKind
from simpatico.language import TAGS, language_of
from simpatico.ui.cards import card
from simpatico.ui.chips import TitleOf, mood_chip, understood_chips
from simpatico.ui.icons import icon
from simpatico.ui.prose import Parted, part, prose, unescaped
from simpatico.ui.strings import EN, Strings
from simpatico.ui.strings.both import Both
from simpatico.ui.strings.page import FOLLOW_UPS, MOOD_EXAMPLES, OCCASION_EXAMPLES, SURPRISE
from simpatico.ui.talk import STEPS, Exchange


def empty(words: Strings = EN) -> str:
    """What is seen before the first message."""
    groups = ((words.by_mood, MOOD_EXAMPLES), (words.by_occasion, OCCASION_EXAMPLES))
    return (
        f'<section class="empty"><h2>{words.empty_head}</h2><p>{words.empty_words}</p>'
        f"{''.join(_group(head, of, words) for head, of in groups)}</section>"
    )


def _group(head: str, of: tuple[tuple[Both, Both], ...], words: Strings) -> str:
    """Examples to begin with, under a heading."""
    examples = "".join(
        f'<li><button type="button" class="example" data-act="say" data-text="{escape(text)}">'
        f"<b>{escape(name)}</b><span>{escape(text)}</span></button></li>"
        for name, text in _in(of, words)
    )
    return f'<h3>{head}</h3><ul class="examples" aria-label="{head}">{examples}</ul>'


def conversation(
    exchanges: Collection[Exchange],
    *,
    title_of: TitleOf,
    mood: str = "auto",
    posters: bool = False,
    marks: Mapping[str, Collection[EventKind]] = {},
    stars: Mapping[str, int] = {},
    words: Strings = EN,
) -> list[str]:
    """One block of HTML for each exchange, oldest first; the empty page when there are none."""
    if not exchanges:
        return [empty(words)]
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
            words=words,
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
    words: Strings = EN,
) -> str:
    """One message and its answer. `key` is an id unique on the page."""
    running = exchange.status == "running"
    caring = exchange.route == "care"
    if caring:  # nothing to choose from now
        exchange = exchange.with_(recommendations=())
    text = part(exchange.text, exchange.recommendations)
    parts = [steps(exchange, words) if running else ""]
    if text.before or (running and exchange.recommendations):
        writing = " writing" if running and not text.notes else ""
        other = _other_language(text.before, words)
        parts.append(f'<div class="answer{writing}"{other}>{prose(text.before)}</div>')
    if not caring:
        if not running or exchange.recommendations:
            chip = mood_chip(
                exchange.state,
                chosen=mood,
                live=newest and not running,
                key=f"{key}-mood",
                words=words,
            )
            chips = understood_chips(exchange.state, title_of=title_of, words=words)
            parts.append(f'<div class="heard">{chip}{chips}</div>' if chip or chips else "")
        parts.append(
            _cards(exchange, text, key=key, posters=posters, marks=marks, stars=stars, words=words)
        )
    if text.after:
        other = _other_language(text.after, words)
        parts.append(f'<div class="answer closing"{other}>{prose(text.after)}</div>')
    parts += [_ending(exchange, words, newest=newest), _tools(exchange, words, newest=newest)]
    body = "".join(parts)
    pictured = f'<span class="pictured">{words.with_your_picture}</span>'
    pictured = pictured if exchange.pictured else ""
    return (
        f'<div class="exchange {exchange.status}{" newest" if newest else ""}" id="{key}" '
        f'role="group" aria-label="{words.exchange_label}">'
        f'<p class="asked"><span class="sr-only">{words.you_said}</span>'
        f"<span{_other_language(exchange.asked, words)}>{escape(exchange.asked)}</span>"
        f"{pictured}</p>{_own_tools(exchange, words, newest=newest)}"
        f'<div class="reply{" care" if caring else ""}" aria-live="polite" '
        f'aria-busy="{"true" if running else "false"}">'
        f'<h2 class="sr-only">{words.answerer}</h2>{body}</div></div>'
    )


def steps(exchange: Exchange, words: Strings = EN) -> str:
    """How far a running turn has come."""
    names = (  # of talk.STEPS
        words.step_understanding,
        words.step_looking,
        words.step_ranking,
        words.step_writing,
    )
    dots = "".join(
        f'<li class="{"past" if n < exchange.step else "now" if n == exchange.step else "later"}"'
        f"{' aria-current=step' if n == exchange.step else ''}>{name}</li>"
        for n, (_, name) in enumerate(zip(STEPS, names, strict=True))
    )
    detail = f'<p class="detail">{escape(exchange.detail)}</p>' if exchange.detail else ""
    return (
        f'<div class="progress"><ol class="steps" aria-label="{words.progress}">{dots}</ol>{detail}'
        f'<button type="button" class="link stop" data-act="stop">{icon("stop")}'
        f"{words.stop}</button></div>"
    )


def _cards(
    exchange: Exchange,
    text: Parted,
    *,
    key: str,
    posters: bool,
    marks: Mapping[str, Collection[EventKind]],
    stars: Mapping[str, int],
    words: Strings,
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
            words=words,
        )
        for n, one in enumerate(exchange.recommendations)
    )
    odd = " odd" if len(exchange.recommendations) % 2 else ""
    return f'<ol class="cards{odd}" aria-label="{words.recommendations}">{cards}</ol>'


def _ending(exchange: Exchange, words: Strings, *, newest: bool) -> str:
    """What comes below an answer: what went wrong, what ran differently, what to say next."""
    parts = []
    if exchange.status == "failed":
        parts.append(f'<p class="problem" role="alert">{escape(exchange.problem)}</p>')
    if exchange.status == "stopped":
        parts.append(f'<p class="quiet">{words.stopped}</p>')
    nothing = exchange.route == "recommend" and not exchange.recommendations
    if exchange.status == "done" and nothing:
        parts.append(f'<p class="quiet nothing">{words.nothing_fits}</p>')
    if exchange.degraded:
        what = escape("; ".join(exchange.degraded))
        parts.append(f'<p class="quiet degraded"><b>{words.simpler_mode}</b> {what}</p>')
    if newest and exchange.status == "done" and exchange.recommendations:
        parts.append(_say_buttons(FOLLOW_UPS, words))
    elif newest and exchange.status == "done" and nothing:
        parts.append(_say_buttons((SURPRISE,), words))
    return "".join(parts)


def _own_tools(exchange: Exchange, words: Strings, *, newest: bool) -> str:
    """What can be done with one's own message: the newest can be changed."""
    if not newest or exchange.status == "running" or exchange.revises or exchange.route == "care":
        return ""
    return f'<div class="own-tools">{_tool("edit", words.edit)}</div>'


def _tools(exchange: Exchange, words: Strings, *, newest: bool) -> str:
    """What can be done with an answer as a whole."""
    if exchange.status == "running" or exchange.route == "care":
        return ""
    tools = []
    if exchange.text:
        text = escape(unescaped(exchange.text.replace("**", "")))
        tools.append(
            f'<button type="button" class="link" data-act="copy" data-text="{text}" '
            f'data-done="{words.copied}">'
            f"{icon('copy')}<span>{words.copy}</span></button>"
        )
    if newest:
        tools += [_tool("again", words.again), _tool("undo", words.undo)]
    label = words.this_answer
    return f'<div class="tools" role="group" aria-label="{label}">{"".join(tools)}</div>'


def _tool(act: str, name: str) -> str:
    return (
        f'<button type="button" class="link {act}" data-act="{act}">{icon(act)}'
        f"<span>{name}</span></button>"
    )


def _say_buttons(pairs: Collection[tuple[Both, Both]], words: Strings) -> str:
    buttons = "".join(
        f'<button type="button" class="follow" data-act="say" data-text="{escape(text)}">'
        f"{escape(name)}</button>"
        for name, text in _in(pairs, words)
    )
    return f'<div class="follows" role="group" aria-label="{words.you_could_say}">{buttons}</div>'


def _other_language(text: str, words: Strings) -> str:
    """The attribute that says so, where a text is in another language than the page."""
    language = language_of(text) or words.language
    return "" if language == words.language else f' lang="{TAGS[language]}"'


def _in(pairs: Collection[tuple[Both, Both]], words: Strings) -> list[tuple[str, str]]:
    """What buttons say and stand for, in one language."""
    return [(name.of(words.language), text.of(words.language)) for name, text in pairs]
