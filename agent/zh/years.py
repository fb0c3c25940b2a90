"""Years as Chinese says them, in the English words that the rules for years know."""

import re
from collections.abc import Callable

_HAN_TENS = "一二三四五六七八九"
_TO = "[、到至和-]"
_TENS = r"(?:18|19|20)?\d0"
_DECADES = rf"(?:(?<![\d前第])(?P<first>{_TENS})(?:年代)?{_TO})?(?<!\d)(?P<last>{_TENS})年代"
"""One decade, or two; see `_IN_DIGITS`."""
_PART = (
    r"(?P<part>早期|前半?期|前半|初期|初(?![恋中级夜次吻雪学])|中期|后半?期|后半|晚期|末期"
    r"|末(?![日世代路班]))?"
)
_UNWANTED = (
    r"(?:(?P<no>(?<!想)不想要?|(?<!要)不要|(?<!看)不(?=看)|(?<!是)不是"
    r"|(?<![特级个分告性区类离送有])别)看?)?"
)
_ENDS = r"(?=的|电影|片|拍|上映|\W|$)"
_BEFORE, _AFTER = rf"以前|之前|前{_ENDS}", rf"以后|之后|以来|(?:后|起|开始){_ENDS}"
_BOUND = rf"(?:(?P<before>{_BEFORE})|(?P<after>{_AFTER}))?"
_PARTS = {"早": "early ", "前": "early ", "初": "early ", "中": "mid ", "后": "late ",
          "晚": "late ", "末": "late "}  # fmt: skip
_COMPARED = {"早于": "before", "老于": "before", "晚于": "after", "新于": "after",
             "不早于": "since", "不晚于": "until"}  # fmt: skip


def _digits(match: re.Match[str]) -> str:
    """Tens in Chinese in digits: "80年代", "80、90年代"."""
    return "、".join(f"{_HAN_TENS.index(one) + 1}0" for one in match.groups()) + "年代"


def _decades(match: re.Match[str]) -> tuple[str, str]:
    """The first and the last decade of a match of `_DECADES` and `_PART`: "the late 1980s"."""
    first, last = match["first"] or "", match["last"]
    if len(last) == 2 and first[-2:] < last:  # "1920、30年代", "20、30年代"
        century = first[:-2] or ("19" if first >= "20" else "")
        first, last = first and century + first[-2:], century + last
    part = _PARTS[match["part"][0]] if match["part"] else ""
    late = f"the {part}{last}s"
    return (f"the {first}s" if first else late), late


def _bounded(match: re.Match[str]) -> str:
    """Decades as a bound, or as themselves. What is refused before it is wanted from it on."""
    first, last = _decades(match)
    if match["before"]:
        return f" {'since' if match['no'] else 'before'} {first} "
    if match["after"]:
        return f" {'before' if match['no'] else 'since'} {first} "
    both = first if first == last else f"{first} or {last}"
    return f" {'no' if match['no'] else ''} from {both} "


def _set_then(match: re.Match[str]) -> str:
    first, last = _decades(match)
    return f" set in {first if first == last else f'{first} or {last}'} "


def _compared(match: re.Match[str]) -> str:
    first, last = _decades(match)
    than = _COMPARED[match["than"]]
    return f" {than} {first if than in ('before', 'since') else last} "


def _older_or_newer(match: re.Match[str]) -> str:
    first, last = _decades(match)
    return f" before {first} " if match["older"] else f" after {last} "


_THAN = rf"(?P<than>{'|'.join(sorted(_COMPARED, key=len, reverse=True))})"
_PLAYS = (
    r"(?:讲(?:述|的是|的)?了?|关于|有关|描写|描述|描绘|反映|表现|回到|穿越到|发生[在于]|设定?[在于]"
    r"|(?:背景|故事|时代|时间|年代)(?:是|为|在|发生在|设定?在)|生[在于]|长大?[在于])"
)
"""Before years in which a story plays, or somebody was born."""
_THEN = r"(?:的?(?:背景|生活(?!片)|往事|故事(?!片))|(?:的)?人的?(?:生活|故事))"
_IN_DIGITS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (rf"(?<!第)([{_HAN_TENS[1:]}])(?:十年代|十)?{_TO}?([{_HAN_TENS[1:]}])十年代", _digits),
    (rf"([{_HAN_TENS}])十年代", _digits),
    (rf"(?:上个?世纪|(?:20|二十)世纪)(\d0)(?=年代|{_TO})", r"19\1"),
)
"""Decades in digits, with their century where it is said: "八九十年代", "上世纪80年代"."""

_COUNT = {"一": 1, "二": 2, "两": 2, "三": 3, "五": 5, "十": 10, "十五": 15, "二十": 20}
RULES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    *_IN_DIGITS,
    (rf"回到(?={_DECADES}{_PART}的?(?:老|旧|经典)(?:片|电影))", " "),
    (
        rf"(?:{_PLAYS}|以){_DECADES}{_PART}(?:的?(?:时候|为背景|背景|生活(?!片)|故事(?!片)))?",
        _set_then,
    ),
    (rf"(?<!别)(?<!不要)(?<!不看){_DECADES}{_PART}{_THEN}", _set_then),
    (rf"{_PLAYS}(?:公元)?((?:1[89]|20)\d\d)年(?![以之]?[前后])", r" set in \1 "),
    (rf"{_THAN}{_DECADES}{_PART}", _compared),
    (
        rf"比{_DECADES}{_PART}(?:还|更)?要?(?:(?P<older>早|老|旧)|晚|新)(?![片电期潮])",
        _older_or_newer,
    ),
    (rf"{_UNWANTED}{_DECADES}{_PART}{_BOUND}", _bounded),
    (r"((?:19|20)\d\d)年?(?:到|至|-)((?:19|20)\d\d)年?", r" between \1 and \2 "),
    (rf"{_THAN}((?:19|20)\d\d)年?", lambda m: f" {_COMPARED[m['than']]} {m[2]} "),
    (r"比((?:19|20)\d\d)年?(?:还|更)?要?(?:早|老|旧)", r" before \1 "),
    (r"比((?:19|20)\d\d)年?(?:还|更)?要?(?:晚|新)", r" after \1 "),
    (r"(?:不要|别|不看)((?:19|20)\d\d)年?(?:以前|之前)", r" after \1 "),
    (r"(?:不要|别|不看)((?:19|20)\d\d)年?(?:以后|之后)", r" before \1 "),
    (r"((?:19|20)\d\d)年?(?:以前|之前|前)", r" before \1 "),
    (r"((?:19|20)\d\d)年?(?:以后|之后|后|起)", r" after \1 "),
    (r"((?:19|20)\d\d)年", r" from \1 "),
    (
        r"(?:最近|近|过去)(?P<n>[一二两三五十]|二?十五?|二十|\d{1,2})年(?:来|内|里|间|之内|以来)?",
        lambda m: f" from the last {_COUNT.get(m['n'], m['n'])} years ",
    ),
    (
        r"(今|去)年(?:(?:上映|出|新出|拍|新上)?的(?=新?片|电影|剧(?!情)|[吧呢]?\W*$)|(?=新?片|电影))",
        lambda m: f" from {'this' if m[1] == '今' else 'last'} year ",
    ),
    (
        r"(?<![\d年])[5-9]\d后(?![面来])|[零〇0]0后(?![面来])|[五六七八九]零后",
        " ",
    ),  # who was born then
    (r"(?:不要|别|不想看|不看)太?(?:老|旧)的?(?:片子|片|电影)", " nothing old "),
    (r"(?:最近几年|近几年|近年|这几年|新出|新上映)(?:来)?的?|新片|新电影", " recent film "),
    (r"(?:老|旧)(?:的)?(?:片子|片|电影)|经典(?:老片)?", " classic film "),
    (r"不限年代|什么年代都(?:行|可以)|年代不限", " any year "),
)
"""Patterns and what takes their place, to be tried in this order."""
