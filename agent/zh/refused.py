"""Refusals in Chinese, put where the other rules look for them: before what is refused."""

import re

from simpatico.agent.zh.lexicon import COUNTRIES, GENRES

_NOT = "(?:不要|别|不用)"
_RECOMMEND = "推(?:荐|送|(?!理))"
_ASKED_NOT_TO = re.compile(
    rf"(?<![特级个分告性区类离送有要]){_NOT}(?:再|老是?|总是?|给我们?)*{_RECOMMEND}"
)
FELT = (
    *("难过", "难受", "伤心", "悲伤", "心碎", "开心", "快乐", "高兴", "兴奋", "激动", "感动"),
    *("紧张", "害怕", "焦虑", "累", "疲惫", "困", "烦", "生气", "郁闷", "低落", "失望"),
    *("孤独", "寂寞", "无聊", "尴尬", "喜欢"),
)
"""What people say of themselves: "难过的不行" is how much they are, "血腥的不行" is refused."""
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


def without_asking(text: str) -> str:
    """A message in which not to be recommended something is not to want it: "别推荐恐怖片"."""
    return _ASKED_NOT_TO.sub("不要", text)


def to_front(clause: str) -> str:
    """A clause whose refusal stands before what it refuses: "80年代的就不要了", "动画片算了".

    What is more than a thing and its refusal stays as it is: a wish, a question, a title.
    """
    match = _BEHIND.match(clause)
    if match is None or not _NAMED.search(match["thing"]):
        return clause
    return f"{match['opening']}不要{match['thing']}{match['end']}"
