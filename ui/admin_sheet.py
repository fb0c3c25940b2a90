"""How it runs, as markup for the operator. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from html import escape

from simpatico.agent.api.hours import Hour
from simpatico.agent.api.overview import FEW, Overview, Timing, moods_of
from simpatico.agent.read.affect import PLACES
from simpatico.domain import MOODS, Value
from simpatico.retrieval.audit import AuditReport
from simpatico.ui.icons import icon
from simpatico.ui.mood_words import word_of
from simpatico.ui.sheets import head
from simpatico.ui.strings import EN, Strings

_PLAIN = 0.2
"""Moods whose valence is at most this far from 0 are neither pleasant nor not."""


class RankerVersion(Value):
    """A version of a catalogue's ranker. `state` is one of "now", "next", "was" and ""."""

    name: str
    state: str = ""
    about: str = ""


class Rankers(Value):
    """The versions of one catalogue's ranker; `back` is what a roll back would serve, if any."""

    catalog: str
    versions: tuple[RankerVersion, ...]
    back: str = ""


class Running(Value):
    """All that the sheet shows.

    Attributes:
        since: when the server started.
        overview: what was counted since.
        covered: items that were shown to somebody, and items there are; None: it can't be read.
        parts: how each part is, as `Simpatico.health` tells it.
        models: what does the work: a name of ours for the role, then what fills it.
        rankers: of each catalogue that has one.
        checked: what a look at the index found.
    """

    since: datetime
    overview: Overview
    covered: tuple[int, int] | None
    parts: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...]
    rankers: tuple[Rankers, ...] = ()
    checked: AuditReport | None = None


def waiting(words: Strings = EN, said: str = "") -> str:
    """The sheet before anything is known, or instead of it."""
    told = f'<p class="quiet" role="status">{said or words.op_wait}</p>'
    return head(words.op_name, close=words.close) + told


def locked(words: Strings, problem: str = "") -> str:
    """The sheet as it asks for a key."""
    told = f'<p class="problem" role="alert">{problem}</p>' if problem else ""
    return (
        head(words.op_name, close=words.close)
        + f'<form class="op-key"><label for="op-key">{words.op_key}</label>'
        '<input id="op-key" type="password" autocomplete="off" maxlength="200" required '
        f'aria-describedby="op-key-info"><button class="wide go">{words.op_open}</button></form>'
        f'<p class="op-info" id="op-key-info">{words.op_key_info}</p>{told}'
    )


def drawn(running: Running, *, zone: tzinfo | None, words: Strings = EN, said: str = "") -> str:
    """The whole sheet. `said` is plain text about what was just done."""
    when = running.since.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    refresh = (
        f'<div class="op-top"><button type="button" class="wide" data-do="look">{icon("again")}'
        f'{words.op_refresh}</button><p role="status">{escape(said)}</p></div>'
    )
    seen = running.overview
    return (
        head(words.op_name, words.op_intro.format(when=when), close=words.close)
        + refresh
        + '<div class="op">'
        + _traffic(seen, zone, words)
        + _latency(seen, words)
        + _moods(seen, zone, words)
        + _feedback(seen, running.covered, words)
        + _health(running, words)
        + _models(running, words)
        + "</div>"
    )


def _traffic(seen: Overview, zone: tzinfo | None, words: Strings) -> str:
    n_failed = sum(n for _, n in seen.failed)
    share = seen.n_degraded / seen.n_turns if seen.n_turns else 0.0
    tiles = _tiles(
        (f"{seen.n_turns:,}", words.op_turns),
        (f"{seen.n_running:,}", words.op_running),
        (f"{n_failed:,}", words.op_failures),
        (f"{share:.0%}", words.op_degraded),
    )
    most = max((hour.n for hour in seen.hours), default=0)
    bars = "".join(
        _column(words.op_hour.format(hour=_clock(hour, zone), n=hour.n), ((hour.n, ""),), most)
        for hour in seen.hours
    )
    return _section(
        words.op_traffic,
        tiles
        + _columns(words.op_by_hour, bars, seen.hours, zone)
        + _counts(words.op_by_route, _told(seen.turns, words))
        + _counts(words.op_by_door, _told(seen.doors, words))
        + (_counts(words.op_by_code, _told(seen.failed, words)) if seen.failed else ""),
    )


def _latency(seen: Overview, words: Strings) -> str:
    named: list[tuple[str, Timing]] = []
    if seen.first_word:
        named.append((words.op_first_word, seen.first_word))
    if seen.whole:
        named.append((words.op_whole, seen.whole))
    named += [(words.term(one.name), one) for one in seen.stages]
    if not named:
        return _section(words.op_latency, _quiet(words.op_nothing))
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{one.n:,}</td><td>{_seconds(one.p50_s)}</td>'
        f"<td>{_seconds(one.p95_s)}</td></tr>"
        for name, one in named
    )
    heads = "".join(
        f'<th scope="col">{name}</th>'
        for name in (words.op_stage, words.op_count, words.op_half, words.op_most)
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return _section(words.op_latency, table, info=words.op_latency_info)


def _moods(seen: Overview, zone: tzinfo | None, words: Strings) -> str:
    info = words.op_moods_info.format(few=FEW)
    labels = moods_of(seen.hours)
    if not labels:
        return _section(words.op_moods, _quiet(words.op_too_few), info=info)
    by_hour = [_sides(moods_of(hour)) for hour in seen.hours]
    most = max(sum(sides) for sides in by_hour)
    bars = "".join(
        _column(
            words.op_mood_hour.format(hour=_clock(hour, zone), good=good, plain=plain, bad=bad),
            ((good, "good"), (plain, "plain"), (bad, "bad")),
            most,
        )
        for hour, (good, plain, bad) in zip(seen.hours, by_hour, strict=True)
    )
    legend = "".join(
        f'<li class="{kind}">{name}</li>'
        for kind, name in (
            ("good", words.op_pleasant),
            ("plain", words.op_plain),
            ("bad", words.op_unpleasant),
        )
    )
    named = tuple((word_of(label, words), n) for label, n in labels[:8])
    chart = _columns("", bars, seen.hours, zone) if most else ""
    return _section(
        words.op_moods,
        (chart and f'{chart}<ul class="op-legend">{legend}</ul>') + _counts("", named),
        info=info,
    )


def _feedback(seen: Overview, covered: tuple[int, int] | None, words: Strings) -> str:
    rate = "–" if seen.feedback_rate is None else f"{seen.feedback_rate:.2f}"
    tiles = _tiles((rate, words.op_rate), (f"{seen.n_refused:,}", words.op_refused))
    parts = _section(
        words.op_feedback, tiles + _counts("", _told(seen.events, words), none=words.op_nothing)
    )
    if covered is None:
        return parts + _section(words.op_coverage, _quiet(words.op_failed))
    shown, of_all = covered
    share = shown / of_all if of_all else 0.0
    said = words.op_covered.format(shown=shown, all=of_all, share=share)
    bar = f'<div class="op-share" aria-hidden="true"><i style="width:{share:.1%}"></i></div>'
    return parts + _section(words.op_coverage, f"<p>{said}</p>{bar}", info=words.op_covered_info)


def _health(running: Running, words: Strings) -> str:
    rows = ""
    for name, told in running.parts:
        how, _, why = told.partition(": ")
        said = words.term(how) + (f": {why}" if why else "")
        rows += (
            f'<li class="op-{escape(how)}"><b>{escape(words.term(name))}</b> '
            f"<span>{escape(said)}</span></li>"
        )
    found = ""
    if running.checked is not None:
        one = running.checked
        said = words.op_checked.format(
            n=one.n_checked,
            lost=len(one.unreachable),
            missing=len(one.missing),
            strange=len(one.strange),
        )
        found = f"<p>{said} {'' if one.ok else words.op_mend}</p>"
    check = (
        f'<button type="button" class="wide" data-do="check">{icon("again")}'
        f"{words.op_check}</button>"
    )
    return _section(words.op_health, f'<ul class="op-parts">{rows}</ul>{found}{check}')


def _models(running: Running, words: Strings) -> str:
    rows = "".join(
        f"<div><dt>{escape(role)}</dt><dd>{escape(name)}</dd></div>"
        for role, name in running.models
    )
    parts = f"<dl>{rows}</dl>"
    states = {"now": words.op_now, "next": words.op_next, "was": words.op_was}
    for one in running.rankers:
        catalog = escape(one.catalog)
        versions = "".join(
            f"<li><b>{escape(each.name)}</b> <i>{states.get(each.state, '')}</i>"
            f"<small>{escape(each.about)}</small></li>"
            for each in one.versions
        )
        parts += f"<h4>{words.op_rankers.format(catalog=catalog)}</h4><ul>{versions}</ul>"
        if one.back:
            asks = {
                "do": "back",
                "catalog": one.catalog,
                "version": one.back,
                "title": words.op_back_question,
                "words": words.op_back_words.format(version=one.back, catalog=one.catalog),
                "yes": words.op_back_yes,
                "no": words.cancel,
            }
            data = "".join(f' data-{name}="{escape(value)}"' for name, value in asks.items())
            back = words.op_back.format(version=escape(one.back))
            parts += f'<button type="button" class="wide"{data}>{icon("undo")}{back}</button>'
    return _section(words.op_models, parts)


def _told(counts: Sequence[tuple[str, int]], words: Strings) -> list[tuple[str, int]]:
    """Counts by what the series call things, with the words for these."""
    return [(words.term(name), n) for name, n in counts]


def _sides(labels: Sequence[tuple[str, int]]) -> tuple[int, int, int]:
    """How many are pleasant, neither, unpleasant."""
    good = plain = bad = 0
    for label, n in labels:
        valence = PLACES[MOODS.index(label)][0] if label in MOODS else 0.0
        if abs(valence) <= _PLAIN:
            plain += n
        elif valence > 0:
            good += n
        else:
            bad += n
    return good, plain, bad


def _section(name: str, inside: str, *, info: str = "") -> str:
    info = f'<p class="op-info">{info}</p>' if info else ""
    return f"<section><h3>{name}</h3>{info}{inside}</section>"


def _tiles(*tiles: tuple[str, str]) -> str:
    inside = "".join(f"<li><b>{value}</b><span>{name}</span></li>" for value, name in tiles)
    return f'<ul class="op-tiles">{inside}</ul>'


def _counts(name: str, counts: Sequence[tuple[str, int]], *, none: str = "") -> str:
    if not counts:
        return _quiet(none) if none else ""
    most = max(n for _, n in counts)
    rows = "".join(
        f'<li><span>{escape(what)}</span><i aria-hidden="true"><u style="width:{n / most:.0%}"></u>'
        f"</i><b>{n:,}</b></li>"
        for what, n in counts
    )
    return (f"<h4>{name}</h4>" if name else "") + f'<ul class="op-bars">{rows}</ul>'


def _column(said: str, parts: Sequence[tuple[int, str]], most: int) -> str:
    inside = "".join(
        f'<i class="{kind}" style="height:{100 * n / most:.1f}%"></i>' for n, kind in parts if n
    )
    told = f'<span class="sr-only">{said}</span>' if inside else ""
    return f'<li title="{said}">{told}{inside}</li>'


def _columns(name: str, bars: str, hours: Sequence[Hour], zone: tzinfo | None) -> str:
    ends = f"<span>{_clock(hours[0], zone)}</span><span>{_clock(hours[-1], zone)}</span>"
    return (
        f"<h4>{name}</h4>" if name else ""
    ) + f'<ol class="op-hours">{bars}</ol><p class="op-ends" aria-hidden="true">{ends}</p>'


def _clock(hour: Hour, zone: tzinfo | None) -> str:
    return hour.at.astimezone(zone).strftime("%H:%M")


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _quiet(said: str) -> str:
    return f'<p class="quiet">{said}</p>'


def roles(names: Mapping[str, str], words: Strings) -> dict[str, str]:
    """The parts that `Simpatico.at_work` names, in the operator's words."""
    said = {
        "reader": words.op_reader,
        "ranker": words.op_ranker_at_work,
        "encoder": words.op_encoder,
    }
    return {said.get(part, part): name for part, name in names.items()}
