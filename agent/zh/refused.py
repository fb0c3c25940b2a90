"""Refusals in Chinese, put where the other rules look for them: before what is refused."""

import re

from simpatico.agent.zh.lexicon import COUNTRIES, GENRES

_NOT = "(?:不要|别|不用)"
_KINDS = (
    rf"(?:{'|'.join(map(re.escape, sorted(GENRES, key=len, reverse=True)))})(?:电影|片子?|剧|类)?"
)
_RECOMMEND = "推(?:荐|送|(?!理))"
_ASKED_NOT_TO = re.compile(
    rf"(?<![特级个分告性区类离送有要]){_NOT}(?:再|老是?|总是?|给我们?)*{_RECOMMEND}"
)
_NOT_GIVEN = re.compile(
    rf"(?<![特级个分告性区类离送有要]){_NOT}(?:再|老是?|总是?)?"
    r"(?:给我们?(?:看|放|找)?(?:来[点些部个首]?)?|来[点些部个首])(?=[\u3400-\u9fff])"
)
_MAY_BE_LEFT = re.compile(r"(?<!不)(?:可以|能)(不[要看])(?:(?P<asks>[了吗么嘛]+)[？?]?)?")
_THIS_NOT_THAT = re.compile(
    rf"(?P<first>{_KINDS})(?P<no>不[要看])(?P<then>{_KINDS})(?:才?要|可以)(?![\u3400-\u9fff])"
)
FELT = (
    *("难过", "难受", "伤心", "悲伤", "心碎", "开心", "快乐", "高兴", "兴奋", "激动", "感动"),
    *("紧张", "害怕", "焦虑", "累", "疲惫", "困", "烦", "生气", "郁闷", "低落", "失望"),
    *("孤独", "寂寞", "无聊", "尴尬", "喜欢"),
)
"""What people say of themselves: "难过的不行" is how much they are, "血腥的不行" is refused."""
_VERY_MUCH = re.compile(rf"(不?(?:{'|'.join(FELT)}))[得的]不(?:行|得了)(?!吗)")
_WISH_AFTER = re.compile(
    rf"((?:{_KINDS}|年代的?|的)(?:就|都|我){{0,2}}(?:不[要看]|算了|免了))"
    r"(?=我?[只就](?:要|想|看)|我(?:要|想[要看找])|来[点些部个首])"
)
NO_GOOD = rf"(?<![得行]){''.join(f'(?<!{felt}的)' for felt in FELT)}不行(?!吗)"
"""That something will not do: neither very much ("累得不行") nor asked ("行不行", "不行吗")."""
_REFUSED = (
    rf"(?:不(?:想|爱|会)?(?:要|看|听)|不喜欢[看听]?|不考虑|不需要|不用|{NO_GOOD}|别(?:再|给我)*(?:来|放|看)"
    r"|算了|免了|免谈|除外|跳过)"
)
_ALREADY = (
    r"(?:我们?|就|也|都|还是|实在|真的?|请|拜托|麻烦|千万|绝对|一律|一概|统统|通通|暂时|最好){0,6}"
)
_OPENING = r"(?:但是?|不过|可是|而且|还有|另外|所以|那么?|我们?|请|嗯|对了){0,6}"
"""Bounded, as the filler above: in a long run of what both know, each place would be tried with
each."""
_OTHERWISE = (
    r"想[看要听找]|(?<![重主])要|(?<![难好])看|听|推荐|喜欢|可以|都?行[，,]|给我|来[点些部个首]|有没有"
    r"|最好|不|(?<![特级个分告性区类离送有])别|但|[像跟和][^和]*(?:一样|那样|这样|那种)"
)
"""What makes of the words before a refusal more than the thing that is refused."""
_SHOWN = r"[这那哪你第]|什么|以上|上面|前面|刚[才刚]|之前|其[他它]|剩下|所有|全部|一[个部首]"
_THING = rf"(?!{_SHOWN})(?:(?!{_OTHERWISE})[\u3400-\u9fff\d·、 -]){{1,30}}?"
_BEHIND = re.compile(
    rf"(?P<opening>^\W*{_OPENING})(?P<thing>{_THING}){_ALREADY}{_REFUSED}(?:[了吧啦啊哦喔呀哈]|谢谢)*"
    r"(?P<end>[^\w？?]*$)"
)
_NAMED = re.compile(
    r"(?:的|片子?|电影|[剧戏歌类型]|题材|音乐|以[上下前后内])$|\d年|年代|分钟|小时(?!候)|"
    + "|".join(map(re.escape, sorted({*GENRES, *COUNTRIES}, key=len, reverse=True)))
)


def plainly(text: str) -> str:
    """A message with its refusals in the words that `to_front` and the gloss look for.

    "别推荐恐怖片", "别给我日本片", "恐怖片可以不要吗", "喜剧不要恐怖片要". Where a wish follows at
    once, "恐怖片不要我只要喜剧", a comma comes before it. What is felt is told by `very_much`.
    """
    text = _WISH_AFTER.sub(r"\1，", _MAY_BE_LEFT.sub(_left, text))
    text = _THIS_NOT_THAT.sub(r"\g<no>\g<first>，\g<then>", text)
    return very_much(_NOT_GIVEN.sub("不要", _ASKED_NOT_TO.sub("不要", text)))


def _left(match: re.Match[str]) -> str:
    return match[1] + ("，" if match["asks"] else "")


def very_much(text: str) -> str:
    """A text that says first how much is felt: a reader of feelings takes "不行" for a refusal."""
    return _VERY_MUCH.sub(r"非常\1", text)


def to_front(clause: str) -> str:
    """A clause whose refusal stands before what it refuses: "80年代的就不要了", "动画片算了".

    What is more than a thing and its refusal stays as it is: a wish, a question, a title.
    """
    match = _BEHIND.match(clause)
    if match is None or not _NAMED.search(match["thing"]):
        return clause
    return f"{match['opening']}不要{match['thing']}{match['end']}"
