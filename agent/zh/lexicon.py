"""Chinese words of wishes, and the English for them that our rules know: words.tsv in tables."""

import csv
from importlib import resources

TRADITIONAL = str.maketrans(
    "電愛歡這個們麼來為誰幾點過還沒給別讓開關見說話聽讀寫學樂劇戲書買賣錢長時間裡後從對錯嗎會"
    "難覺傷溫輕鬆緊張驚懸動畫戰爭紀錄傳記歷體運險懷舊療勵誌興奮氣憤煩壓無靜換類樣謝願實際應該"
    "選導員講結國語韓親兒師醫請問討厭厲論較熱鬧槍殺殭屍龍馬魚鳥貓嚇懼義憶夢遠閉腦燒淚癒闔樓腳"
    "臉頭髮業務週雙單獨總經營東風雲飛車邊轉邏輯幫隨鐘內兩張種圖與聲",
    "电爱欢这个们么来为谁几点过还没给别让开关见说话听读写学乐剧戏书买卖钱长时间里后从对错吗会"
    "难觉伤温轻松紧张惊悬动画战争纪录传记历体运险怀旧疗励志兴奋气愤烦压无静换类样谢愿实际应该"
    "选导员讲结国语韩亲儿师医请问讨厌厉论较热闹枪杀僵尸龙马鱼鸟猫吓惧义忆梦远闭脑烧泪愈阖楼脚"
    "脸头发业务周双单独总经营东风云飞车边转逻辑帮随钟内两张种图与声",
)
"""The characters of the words as they are written in Taiwan and Hong Kong."""


def _table(name: str) -> dict[str, str]:
    return {chinese: english for table, chinese, english in _ROWS if table == name}


def _rows() -> tuple[tuple[str, str, str], ...]:
    file = resources.files("simpatico.agent.zh").joinpath("words.tsv")
    lines = csv.reader(file.read_text("utf-8").splitlines()[1:], delimiter="\t")
    return tuple((table, chinese, english) for table, chinese, english in lines)


_ROWS = _rows()

GENRES = _table("genres")
"""Genres. What follows may be 片, 电影 and the like."""

NEVER_BARE = frozenset(_table("bare"))
"""Genres that are another word, or too ordinary as one, without 片 behind them."""

WORDS = _table("words")
"""How it should be; yes and no; follow-ups; what it should do; how one is."""

TOPICS = _table("topics")
"""What it may be about; the words are searched for."""

COUNTRIES = _table("countries")
"""Languages, and countries that stand for one."""

MORE = _table("more")
"""How "a bit ..." and "more ..." are said."""

FILMS = _table("films")
"""Well-known films by the title they have in mainland China."""

NOTHING = tuple(_table("nothing"))
"""Words in which others of the tables would be found, and that say nothing to us."""
