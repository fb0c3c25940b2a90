"""Years as Chinese says them, in the English words that the rules for years know."""

import re
from collections.abc import Callable

_HAN_TENS = "一二三四五六七八九"
_DECADE = (
    r"(?:(?P<year>(?:18|19|20)\d0)|(?P<last>上个?世纪|(?:20|二十)世纪)?"
    rf"(?:(?<!\d)(?P<tens>\d)0|(?P<han>[{_HAN_TENS}])十))年代"
)
_PART = r"(?P<part>早期|前期|初期?(?!恋)|中期|后期|晚期|末期?)?"
_UNWANTED = r"(?:(?P<no>不想要?|不要|别|不)看?)?"
_BEFORE, _AFTER = r"以前|之前|前(?!卫)", r"以后|之后|以来|后(?!现代)|起(?!义)|开始"
_BOUND = rf"(?:(?P<before>{_BEFORE})|(?P<after>{_AFTER}))?"
_PARTS = {"早": "early ", "前": "early ", "初": "early ", "中": "mid ", "后": "late ",
          "晚": "late ", "末": "late "}  # fmt: skip
_COMPARED = {"早于": "before", "老于": "before", "晚于": "after", "新于": "after",
             "不早于": "since", "不晚于": "until"}  # fmt: skip


def _decade(match: re.Match[str]) -> str:
    """The decade of a match of `_DECADE`: "the 1980s"."""
    if match["year"]:
        return f"the {match['year']}s"
    tens = match["tens"] or str(_HAN_TENS.index(match["han"]) + 1)
    return f"the {'19' if match['last'] else ''}{tens}0s"


def _bounded(match: re.Match[str]) -> str:
    """A decade as a bound, or as itself. What is refused before it is wanted from it on."""
    part = _PARTS[match["part"][0]] if match["part"] else ""
    decade = _decade(match).replace("the ", f"the {part}")
    if match["before"]:
        return f" {'since' if match['no'] else 'before'} {decade} "
    if match["after"]:
        return f" {'before' if match['no'] else 'since'} {decade} "
    return f" {'no' if match['no'] else ''} from {decade} "


def _compared(match: re.Match[str]) -> str:
    return f" {_COMPARED[match['than']]} {_decade(match)} "


def _two(match: re.Match[str]) -> str:
    """Two decades by their tens: "八九十年代"."""
    first, last = (_HAN_TENS.index(one) + 1 for one in match.groups())
    return f" from the {first}0s and the {last}0s "


_THAN = rf"(?P<than>{'|'.join(sorted(_COMPARED, key=len, reverse=True))})"
RULES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (rf"(?<!第)([{_HAN_TENS[1:]}])(?:十年代|十)?[、到至和-]?([{_HAN_TENS[1:]}])十年代", _two),
    (
        r"(?<!\d)((?:19|20)?\d0)(?:年代)?[、到至和-]((?:19|20)?\d0)年代",
        r" from the \1s and the \2s ",
    ),
    (rf"{_THAN}{_DECADE}", _compared),
    (rf"{_UNWANTED}{_DECADE}{_PART}{_BOUND}", _bounded),
    (r"((?:19|20)\d\d)年?(?:到|至|-)((?:19|20)\d\d)年?", r" between \1 and \2 "),
    (rf"{_THAN}((?:19|20)\d\d)年?", lambda m: f" {_COMPARED[m['than']]} {m[2]} "),
    (r"比((?:19|20)\d\d)年?(?:还|更)?要?(?:早|老|旧)", r" before \1 "),
    (r"比((?:19|20)\d\d)年?(?:还|更)?要?(?:晚|新)", r" after \1 "),
    (r"(?:不要|别|不看)((?:19|20)\d\d)年?(?:以前|之前)", r" after \1 "),
    (r"(?:不要|别|不看)((?:19|20)\d\d)年?(?:以后|之后)", r" before \1 "),
    (r"((?:19|20)\d\d)年?(?:以前|之前|前)", r" before \1 "),
    (r"((?:19|20)\d\d)年?(?:以后|之后|后|起)", r" after \1 "),
    (r"((?:19|20)\d\d)年", r" from \1 "),
    (r"(?:最近几年|近几年|近年|这几年|新出|新上映)(?:来)?的?|新片|新电影", " recent film "),
    (r"(?:老|旧)(?:的)?(?:片子|片|电影)|经典(?:老片)?", " classic film "),
    (r"不限年代|什么年代都(?:行|可以)|年代不限", " any year "),
)
"""Patterns and what takes their place, to be tried in this order."""
