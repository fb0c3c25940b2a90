"""Languages, and countries that stand for one, in the English words that the rules know."""

import re
from collections.abc import Callable, Mapping

from simpatico.agent.zh.lexicon import COUNTRIES

TAIL = r"(?:类型|题材|故事|电影|大片|影片|片子|片|类|剧|戏)"
NOT_ABOUT = (
    r"(?<!关于|有关|反映|讲述|描述|描绘|展现|表现|探讨|涉及|了解)(?<!背景是|背景为)"
    r"(?<!(?<![现正实])在)(?<![去讲写])"
)
"""Before a country: what comes is not set there or about it."""
FINE = r"(?:也|都|还是)?(?:可以|行|没问题|无所谓)(?=[了吧的啦呀啊]*(?:\W|$))"
"""That it is let in: neither "不行" nor asked ("行吗")."""

_SHORT = {
    "日": "Japanese",
    "韩": "Korean",
    "美": "English",
    "英": "English",
    "泰": "Thai",
    "港": "Cantonese",
    "台": "Mandarin",
}
_NO = (
    r"(?:(?<!是)不是|不要|不想要|不想看|不看|不含|不带|讨厌|不喜欢看?|不爱看?|除了"
    r"|(?<![特级个分告性区类离送有])别是?)"
)


BOTH = re.compile(r"日韩(?!关系|两国|战争|之间|旅)")
"""Japan and Korea, in two characters."""


def any_of(words: Mapping[str, str]) -> str:
    """A pattern for any of these words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_ONE = any_of(COUNTRIES)
SOME = rf"(?:{_ONE})(?:的?{TAIL}?(?:[、和或跟与及]|或者?是?|以及|还有)(?:{_ONE})){{0,4}}"


def names(countries: str, after: str = "") -> str:
    """The languages of countries in English: "Japanese or Korean"."""
    found = (COUNTRIES[name] for name in re.findall(_ONE, countries))
    return " or ".join(f"{name}{after}" for name in dict.fromkeys(found))


def _films(countries: str) -> str:
    return names(countries, " film")


_MADE = rf"(?:{TAIL}|东西|作品)"
_FOREIGN = r"(?:外国|外语|国外|海外|进口)"
_ABROAD = (
    r"(?<=[学练教说懂去在到])(?:外国|外语|国外|海外)|(?:外国|国外|海外)(?=的?(?:华人|华侨|侨胞|人(?!气)|"
    r"留学|求学|生活|移民|打工|工作|旅行|旅游|朋友|老师|学生|学校|游子))"
)
"""What is abroad, and not made there: "海外华人的故事", "学外语的电影"."""
_HERE = r"(国产|中文|国语|华语|中国)"

RULES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (rf"非({_ONE})(?=的|{TAIL}|\W|$)", r"不要\1"),
    (rf"(?:学|练)({_ONE})(?=用?的?{TAIL}|\W|$|用|看)", lambda m: f" {COUNTRIES[m[1]]} film "),
    (rf"({_ONE})(?:拍摄?|出品?|产|制作|过?来|那边)的", r"\1的"),
    (_ABROAD, " "),
    (rf"{_FOREIGN}的?{TAIL}?{FINE}", " foreign films are fine "),
    (rf"(?:有|带|看)?字幕{FINE}", " subtitles are fine "),
    (r"(?:没有?|不带|无)字幕", " no subtitles "),
    (rf"{_NO}再?{_FOREIGN}的?{_MADE}?", " no foreign film "),
    (rf"{_FOREIGN}的?(?={TAIL})", " foreign "),
    (rf"(?:只看|只要|必须是?){_HERE}的?{TAIL}?", lambda m: f" only {COUNTRIES[m[1]]} please "),
    (rf"{_NO}再?[美英](?:剧|片)", " "),  # both are in English, as is much else
    (
        rf"(?P<no>{_NO})再?(?P<some>{SOME})的?{_MADE}?(?=\W|$|[就都也了吧啦啊呀哦])",
        lambda m: f"{m['no']} {_films(m['some'])} ",
    ),
    (rf"{NOT_ABOUT}({SOME})的?{TAIL}?{FINE}", lambda m: f" {_films(m[1])} is fine "),
    (rf"{NOT_ABOUT}({SOME})的?{_MADE}", lambda m: f" {_films(m[1])} "),
    (
        rf"(?P<ask>(?<![不主重需想])要|来[点些部个]|想看|要看|看[点些部个]|推荐[点些部个]?|有没有|换[点些成])(?P<some>{SOME})的?"
        r"(?=\W|$|[吧啦啊呀哦吗嘛])",
        lambda m: f"{m['ask']} {_films(m['some'])} ",
    ),
    (rf"^\W*({SOME})的?[吧呢呀啊哦]?\W*$", lambda m: f" {_films(m[1])} "),
    (rf"({_ONE})(?:的)?(?:歌曲?|音乐)", lambda m: f" {COUNTRIES[m[1]]} songs "),
    (
        rf"(?<![今昨明次生节假近往平每首当即元唯完优精舞电阳柜])([{''.join(_SHORT)}])(?:剧|片)({FINE})?",
        lambda m: f" {_SHORT[m[1]]} film {'is fine ' if m[2] else ''}",
    ),
)
"""Patterns and what takes their place, to be tried in this order."""
