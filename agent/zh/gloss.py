"""A Chinese message word for word in English, as our rules read it. No translation for people.

What is wished for, refused and pointed at is said in few words, most of which we know; the rules
for English then do the rest, so that a wish means the same in both languages. What we do not know
is left out; Latin words (titles, names) stay as they are.
"""

import re
import unicodedata
from collections.abc import Callable

from simpatico.agent.zh import spoken, years
from simpatico.agent.zh.lexicon import (
    FILMS,
    GENRES,
    MORE,
    NEVER_BARE,
    NOTHING,
    TOPICS,
    TRADITIONAL,
    WORDS,
)
from simpatico.agent.zh.refused import NO_GOOD, plainly, to_front
from simpatico.agent.zh.spoken import FINE, NOT_ABOUT, SOME, TAIL, any_of
from simpatico.domain import Value

MAX_CHARS = 1500
_MOST_TITLES = 50


class Glossed(Value):
    """A clause and what it comes to in English; "" where we know no word of it."""

    chinese: str
    english: str


_HAN = r"[\u3400-\u9fff]"
_TITLE = r"[\ue000-\ue0ff]"
"""What stands for a title while the words around it are read."""
_N = "一二三四五12345"
_NTH = ("first", "second", "third", "fourth", "fifth")
_FEELS = {
    **{"紧张": "nervous", "开心": "happy", "快乐": "happy"},
    **{"悲伤": "sad", "兴奋": "excited", "害怕": "scared"},
}
_HAN_ONES = "一二三四五六七八九"
_HOURS = {"半": 0, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4}
_LONG = (
    r"(?<![\d.十百])(\d{2,3}\s*分钟|(?:[一两二三四]|[1-4](?:\.5)?)个?半?小时(?:半|零?\d{1,2}分钟?)?"
    r"|(?<!个)半个?小时)"
)
_UNWANTED = r"的?就?(?:不要|不看|不行|除外|免谈)"
_NO = r"(?:不想|不能|不会|不可以|不要|不看|不|别|没有?)(?:要|看)?"


_ENDS = re.compile(
    r"(?<=[，。！？；,!?;\n…~])|(?=但是|但|不过)"
    r"|(?<=[\u3400-\u9fff])(?<!不)(?<!还)(?<!我)(?<!也)(?<!么)(?<!啥)(?<!别)(?<!不要)(?=想看|想要|想听|想找|我想|"
    r"推荐|给我|来点|来一[部个首]|来部|求推荐|有没有|帮我)"
)


def _minutes(said: str) -> int:
    if "分" in said:
        hours, _, rest = said.rpartition("小时")
        minutes = int(re.sub(r"\D", "", rest))
        return minutes + (_minutes(f"{hours}小时") if hours else 0)
    whole = _HOURS[said[0]] if said[0] in _HOURS else int(said[0])
    return 60 * whole + (30 if re.search(r"半|\.5", said) else 0)


def _digits(match: re.Match[str]) -> str:
    """A number below two hundred in digits: "九十", "一百二十"."""
    hundred, tens, ones = match["hundred"], match["tens"], match["ones"]
    n = 100 * bool(hundred)
    if tens is not None:
        n += 10 * (_HAN_ONES.index(tens) + 1 if tens else 1)
    return str(n + (_HAN_ONES.index(ones) + 1 if ones else 0))


def _at_most(match: re.Match[str]) -> str:
    return f" under {_minutes(next(filter(None, match.groups())))} minutes "


_Sub = str | Callable[[re.Match[str]], str]
_PATTERNS: tuple[tuple[str, _Sub], ...] = (
    (rf"((?:19|20)\d\d)年的?{TAIL}?{FINE}", r" \1 is fine "),
    *years.RULES,
    (rf"(the (?:\w+ )?\d{{2,4}}s) *的?{TAIL}?{FINE}", r"\1 are fine "),
    *spoken.RULES,
    # length
    (r"(?<![\d十百千万第几数])(?P<hundred>一百零?)?(?:(?P<tens>[二三四五六七八九]?)十)?(?P<ones>[一二三四五六七八九])?"
     r"(?<=[一二三四五六七八九十百])(?=多?\s*分钟)", _digits),
    (r"(?<=[一二两三四\d个半])钟头", "小时"),
    (r"一刻钟", "15分钟"), (r"三刻钟", "45分钟"),
    (rf"{_NO}(?:超过|多于|长于|大于){_LONG}|{_NO}{_LONG}(?:以上|起)|"
     rf"(?:超过|多于|长于){_LONG}{_UNWANTED}|{_LONG}以上{_UNWANTED}", _at_most),
    (rf"(?:至少|起码|最少|超过|多于|长于|大于|不少于|不短于|不低于)(?:要|得|有)*{_LONG}(?:以上|起)?|"
     rf"{_LONG}(?:或|及)?(?:以上|起|往上)", " "),
    (rf"(?:最多|最长|至多|不到|少于|短于){_LONG}|{_LONG}(?:以内|以下|之内|之下|内)|(?<!\d)(\d{{2,3}}\s*分钟)",
     _at_most),
    (rf"(?:最好|控制在|[只我就还]有|只剩|就剩|只能看|我?就|抽[得不]?出|空出)(?:个|差不多|大概|大约|这么)?{_LONG}(?!前)",
     _at_most),
    (r"(?:[只我就还]有|只剩|就剩|我?就|最多|不到|不超过)(?<!\d)(\d\s*分钟)(?!前)", _at_most),
    (rf"{_LONG}(?:左右|上下|的样子)", _at_most),
    (r"(?:再|更)(?:早|老|旧)(?:一?点儿?|一?些)?的?(?=\W|$)", " older "),
    (rf"^\W*{_LONG}[吧的]?\W*$", _at_most),
    (r"不要太长|别太长|不太长|不用太长", " not too long "),
    # what is hardly known
    (r"(?:没有?(?:怎么|太|咋)看过?|没看过(?:几[部个]|多少|什么|太多)|不怎么看|很少看过?)"
     r"(?![吗懂清明到见出完好])", " i haven't seen many "),
    (r"(?:想|要)(?:试试|试一试|尝试)(?:看|一下)?(?=\W|$|[吧啊呀的])", " i want to try one "),
    (r"从(?:哪[部里儿个]?|什么)(?:开始|入门)看?", " where do i start "),
    # who is there, and what is asked of a film
    (r"(?<!\d)(\d|1[01])\s*岁", r" \1 year old "),
    (r"(?<![十百一二三四五六七八九])([一二三四五六七八九]|十一?)(?:岁|周岁)(?!时|的时候)",
     lambda m: f" {('一二三四五六七八九'.find(m[1]) + 1) or 10} year old "),
    (r"会不会(?:太|很)?|是不是(?!有)", " is it "),
    # which one
    (rf"第([{_N}])(?![\d十百千]|次|时间|名|季|集|天)(?:部|个|首|本|张|款)?(?:电影|片子|片)?",
     lambda m: f" the {_NTH[_N.index(m[1]) % len(_NTH)]} one "),
    (r"第(?:\d+|[一二三四五六七八九]?[十百千][一二三四五六七八九十百]*)(?:部|个|首|本|张|款)?",
     " "),
    (r"(?:不是|不要|别|不想看|不喜欢)(?:这|那)(?:一)?(?:部|个|首)", " not that one "),
    (r"前两(?:部|个)", " the first two "),
    # more like
    (r"(?:多来点|更多|来点)?(?:像|跟|和)([^，。]{1,60}?)(?:一样|那样|这样|之类|那种|似的|那类|差不多)的?",
     r" something like \1 "),
    (rf"类似于?\s*({_TITLE}|[A-Za-z0-9][A-Za-z0-9 :,.'’&-]{{1,60}})(?:那样|这样)?的?",
     r" something like \1 "),
    (rf"({_TITLE})(?:那样|这样|那种|一类|之类)的?", r" something like \1 "),
    (r"类似的", " something similar "),
    # how one is not
    (r"(?<![要别想])(?:[很好太真挺超]|非常|特别|有点儿?)?不(?:是?很|太|怎么|大|够)?(?:高兴|开心|快乐)(?!的)",
     " i feel unhappy "),
    # yes and no
    (r"得不行", "得"),  # that much
    (r"除了(.{1,30}?)(?:以外|之外|外)?(?:，|,)?(?:其他|别的|什么)?(?:的)?(?:都|也)?(?:行|可以|好|看)",
     r" anything except \1 "),
    (r"除了(.{1,30}?)(?:以外|之外|外)", r" anything except \1 "),
    (rf"({_HAN}{{1,8}}?)(?:除外|就算了|就不要了|免谈|{NO_GOOD})", r" no \1 "),
    (rf"(?:没|不)(?:有|要|用)?(?:那么|这么|太|很|特别)({_HAN}{{1,4}})", r" not too \1 "),
    (rf"(?:少|别)(?:一?点儿?|些|太)({_HAN}{{1,4}})", r" not too \1 "),
    (rf"再?(?:更|再)({any_of(MORE)})(?:一?点儿?|一?些)?", lambda m: f" {MORE[m[1]]} "),
    (rf"(?<!不)({any_of(MORE)})(?:一点儿?|一些|点儿?的|些的)", lambda m: f" {MORE[m[1]]} "),
    # how one is, rather than how it should be
    (r"(?<![要不别么])(?:好|很|太|真|超级?|特别|非常|有点儿?|挺)"
     r"(紧张|开心|快乐|悲伤|兴奋|害怕)(?![的点])|(紧张)得",
     lambda m: f" i feel {_FEELS[m[1] or m[2]]} "),
)  # fmt: skip
_RULES = [(re.compile(pattern), put) for pattern, put in _PATTERNS]
_GENRE = "|".join(
    f"{re.escape(name)}{TAIL}{'' if name in NEVER_BARE else '?'}"
    for name in sorted(GENRES, key=len, reverse=True)
)
_KNOWN = {**TOPICS, "、": "and", **WORDS, **dict.fromkeys(NOTHING, "")}
_WORD = re.compile(rf"(?P<genre>{_GENRE})|(?P<word>{any_of(_KNOWN)})")
_BEFORE_GENRE = re.compile(rf"{NOT_ABOUT}({SOME})的?(?={_GENRE})")
_HARDLY = re.compile(
    r"^(?:我|其实|说实话)*(?P<thing>[^，。！？,!?]{1,20}?)我?(?:平时|一直)?(?:看得|看的|看过的|了解得?|知道得?)"
    r"(?:真的?|实在|还|也|比较)*(?:不是?很?太?多|很少|少|不够)(?=\W|$|[了啊呀吧])"
)
"""What somebody says behind it that they have seen little of: "80年代的片看得不多"."""
_QUOTED = re.compile(rf"《([^《》]{{1,100}})》|({any_of(FILMS)})")
_PUNCTUATION = str.maketrans("，。！？；：、～…“”（）", ',.!?;:,~.""()')


def glosses(text: str) -> tuple[Glossed, ...]:
    """The clauses of a message in their order, each with its English."""
    plain = unicodedata.normalize("NFC", text[:MAX_CHARS]).translate(TRADITIONAL)
    titles: list[str] = []

    def keep(match: re.Match[str]) -> str:
        if len(titles) == _MOST_TITLES:
            return " "
        name = match[1] or match[2]
        titles.append(FILMS.get(name) or (f'"{name}"' if re.search(_HAN, name) else name))
        return chr(0xE000 + len(titles) - 1)

    whole = _point_out(plainly(_QUOTED.sub(keep, re.sub(_TITLE, " ", plain))))

    def put(said: str) -> str:
        return re.sub(_TITLE, lambda match: f" {titles[ord(match[0]) - 0xE000]} ", said).strip()

    return tuple(
        Glossed(chinese=re.sub(_TITLE, " ", clause).strip(), english=put(_english(clause)))
        for clause in _ENDS.split(whole)
        if clause.strip()
    )


def gloss(text: str) -> str:
    """A whole message in English, as far as we know its words."""
    said = " ".join(one.english for one in glosses(text) if one.english)
    said = re.sub(r"\s+([,.!?;])", r"\1", said)
    return f"{said}?" if said and _ASKS.search(text) and not said.endswith("?") else said


_ASKS = re.compile(r"[吗嗎]\W*$|会不会|會不會|是不是(?!有)")
"""A question, with its mark or without."""


def _point_out(text: str) -> str:
    """What reaches beyond a comma is put together first: "除了恐怖片，都行"."""
    return re.sub(
        r"除了([^，,。]{1,30})(?:以外|之外|外)?[，,](?:其他|别的|什么)?(?:的)?(?:都|也)(?:行|可以|好|看)",
        r"除了\1以外",
        text,
    )


def _english(clause: str) -> str:
    clause = _HARDLY.sub(r"没怎么看过\g<thing>", to_front(clause))
    clause = spoken.BOTH.sub("日本和韩国", clause)
    clause = _BEFORE_GENRE.sub(lambda match: f" {spoken.names(match[1])} ", clause)
    for pattern, put in _RULES:
        clause = pattern.sub(put, clause)
    clause = _WORD.sub(_word, clause)
    clause = re.sub(_HAN, " ", clause.translate(_PUNCTUATION))
    words = " ".join(re.sub(r"[《》「」『』]", " ", clause).split())
    words = re.sub(r"\bsomething(?: (?:i want )?something)+\b", "something", words)
    words = re.sub(r"^(?:too|no|not|and|or|also)(?= i (?:am|feel)\b)", "", words).strip()
    if re.fullmatch(r"(?:(?:too|no|not|and|or|also|it|film)\b[\s,.!?]*)*", words):
        return ""
    return words if re.search(rf"\w|{_TITLE}", words) else ""


def _word(match: re.Match[str]) -> str:
    if match["genre"]:
        name = max((one for one in GENRES if match["genre"].startswith(one)), key=len)
        return f" {GENRES[name]} "
    return f" {_KNOWN[match['word']]} "
