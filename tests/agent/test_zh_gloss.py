"""A Chinese message in the English that our rules read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatico.agent.read.lengths import read_minutes
from simpatico.agent.zh.gloss import gloss, glosses
from simpatico.agent.zh.lexicon import COUNTRIES, GENRES, NOTHING, WORDS

PAIRS = {
    "这周太累了，想看点温暖又搞笑的": "i am tired, i want something warm and funny",
    "不要儿童片": "no kids movies",
    "九十年代的爱情片，别太长": "from the 90s romance, not too long",
    "1990年以前的": "before 1990",
    "两小时以内的喜剧": "under 120 minutes comedy",
    "除了恐怖片，别的都行": "anything except horror",
    "恐怖片就算了": "no horror",
    "不要那么悲伤的": "not too sad",
    "更搞笑一点的": "funnier",
    "换一个": "something else",
    "第3部电影": "the third one",
    "第二部看过了": "the second one already seen",
    "不是这部": "not that one",
    "为什么推荐第一部？": "why the first one?",
    "日本恐怖片": "Japanese horror",
    "国产喜剧": "Chinese comedy",
    "关于日本的电影": "japan film",
    "发生在法国的爱情故事": "romance",
    "推荐一部韩国惊悚片": "recommend something Korean thriller",
    "类似Blade Runner的电影": "something like Blade Runner film",
    "想看肖申克的救赎那样的": "i want something like The Shawshank Redemption",
    "我喜欢《霸王别姬》": 'i love "霸王别姬"',
    "周五晚上特别兴奋": "i feel excited",
    "想看溫馨的動畫片，不要太悲傷": "i want something heartwarming animated, not too sad",
    "謝謝，晚安": "thanks, good night",
}


@pytest.mark.parametrize(("chinese", "english"), PAIRS.items())
def test_wishes_and_follow_ups_are_said_as_the_rules_know_them(chinese: str, english: str) -> None:
    assert " ".join(gloss(chinese).split()) == english


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("90分钟以内", 90),
        ("90分鐘以內", 90),
        ("最多120分钟", 120),
        ("不超过120分钟", 120),
        ("不要超过120分钟", 120),
        ("不要120分钟以上的", 120),
        ("120分钟以上的不看", 120),
        ("120分钟以上的史诗片", None),
        ("120分钟起", None),
        ("至少120分钟", None),
        ("超过120分钟的", None),
        ("不少于120分钟", None),
        ("超过两个小时的", None),
        ("两个半小时以内", 150),
        ("兩個半小時以內", 150),
        ("两小时半以内", 150),
        ("一个半小时以内", 90),
        ("1.5小时以内", 90),
        ("半小时以内", 30),
        ("五个半小时以内", None),
        ("我看了两个小时", None),
    ],
)
def test_only_an_upper_bound_limits_the_minutes(said: str, minutes: int | None) -> None:
    assert read_minutes(gloss(said)) == (minutes, False)


@pytest.mark.parametrize("said", ["第10部", "第12部", "第十部", "第二十部", "第3季"])
def test_a_number_past_the_fifth_is_none_of_the_first_five(said: str) -> None:
    assert gloss(said) == ""


def test_a_clause_keeps_its_own_words_beside_its_gloss() -> None:
    first, second = glosses("心情不好想看喜剧")
    assert (first.chinese, second.chinese) == ("心情不好", "想看喜剧")
    assert first.english and second.english


def test_a_word_that_holds_another_is_read_as_itself() -> None:
    assert gloss("特别的一天") == ""  # 别 alone refuses
    assert "no" not in gloss("和平与美国").split()
    assert not set(NOTHING) & (set(WORDS) | set(GENRES))


@given(st.text(max_size=200))
def test_any_text_has_a_gloss(text: str) -> None:
    assert "\ue000" not in gloss(text)


@given(
    st.text(alphabet="想看不要别太的恐怖片，。《》第一二部像类似除了90年代2010分钟", max_size=60)
)
def test_no_order_of_our_words_leaves_chinese_outside_of_titles(text: str) -> None:
    assert not re.search(r"[\u3400-\u9fff]", re.sub(r'"[^"]*"', "", gloss(text)))


@pytest.mark.parametrize(
    "said",
    [
        "有关中国的纪录片",
        "反映中国的电影",
        "写日本的动画片",
        "故事在日本的电影",
        "背景是中国的电影",
        "讲述中国的纪录片",
        "设定在日本的动画片",
        "了解印度的电影",
        "关于日本的电影",
        "发生在法国的爱情故事",
        "描写韩国的剧情片",
        "背景为俄罗斯的战争片",
        "探讨德国的纪录片",
        "住在日本的故事",
        "去印度的电影",
        "讲中国的电影",
        "涉及中国的悬疑片",
    ],
)
def test_a_country_that_it_is_about_is_no_language(said: str) -> None:
    assert not set(gloss(said).split()) & set(COUNTRIES.values())


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("中国的纪录片", "Chinese"),
        ("日本动画片", "Japanese"),
        ("印度电影", "Hindi"),
        ("现在日本恐怖片", "Japanese"),
        ("实在想看韩国电影", "Korean"),
        ("喜欢日本的动画片", "Japanese"),
        ("介绍一部俄罗斯电影", "Russian"),
        ("背景音乐好的法国电影", "French"),
        ("最好是中国电影", "Chinese"),
        ("反正看日本电影", "Japanese"),
        ("介绍日本电影", "Japanese"),
    ],
)
def test_a_country_that_it_is_from_stands_for_its_language(said: str, language: str) -> None:
    assert language in gloss(said).split()
