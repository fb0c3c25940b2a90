"""In Chinese: what is hardly known, when a story plays, what is foreign, and how long it may be."""

import pytest

from simpatico.agent.read.understand import Rules
from simpatico.agent.zh.gloss import gloss
from simpatico.domain import Constraints, UserState, YearSpan
from simpatico.retrieval.titles import TitleIndex

RULES = Rules(TitleIndex([]), this_year=2026)


def wants(*said: str) -> Constraints:
    state: UserState | None = None
    for text in said:
        state = RULES.understand(gloss(text), previous=state, mother="Chinese").state
    assert state is not None
    return state.constraints.model_copy(update={"kinds": ()})


@pytest.mark.parametrize(
    "said",
    [
        "没怎么看过80年代的电影",
        "没看过几部韩国片",
        "80年代的电影我看得不多",
        "很少看西部片",
        "讲六十年代的片子",
        "背景在80年代的片子",
        "以上世纪三十年代为背景的电影",
        "故事发生在1969年的电影",
        "80年代的故事",
        "关于外国人的电影",
        "关于法国的片子",
        "我是90后",
        "海外华人的故事",
        "海外留学的电影",
        "学外语的电影",
        "在国外生活的电影",
    ],
)
def test_what_is_told_of_is_no_limit(said: str) -> None:
    assert wants(said) == Constraints()


@pytest.mark.parametrize(
    ("said", "years"),
    [
        ("80年代拍的故事片", (1980, 1989)),
        ("80年代的片子", (1980, 1989)),
        ("1969年的电影", (1969, 1969)),
        ("90年代的生活片", (1990, 1999)),
        ("回到80年代的老片", (1980, 1989)),
        ("九十年代讲六十年代的片子", (1990, 1999)),
    ],
)
def test_when_it_was_made_is_kept(said: str, years: tuple[int, int]) -> None:
    assert wants(said) == Constraints(year_from=years[0], year_to=years[1])


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("不要外国片", Constraints(languages=("Chinese",))),
        ("别给我推外语片了", Constraints(languages=("Chinese",))),
        ("不想看字幕", Constraints(languages=("Chinese",))),
        ("要没有字幕的", Constraints(languages=("Chinese",))),
        ("只看国产片", Constraints(languages=("Chinese",))),
        ("来点外国的喜剧", Constraints(genres=("Comedy",), not_languages=("Chinese",))),
        (
            "海外的恐怖片",
            Constraints(genres=("Horror",), tones=("scary",), not_languages=("Chinese",)),
        ),
        ("国外的片子", Constraints(not_languages=("Chinese",))),
        ("来部德国战争片", Constraints(genres=("War",), languages=("German",))),
        ("想看日本拍的片子", Constraints(languages=("Japanese",))),
        ("韩国或者日本的电影", Constraints(languages=("Korean", "Japanese"))),
        ("日韩喜剧", Constraints(genres=("Comedy",), languages=("Japanese", "Korean"))),
        ("香港电影", Constraints(languages=("Cantonese",))),
        ("非英语的", Constraints(not_languages=("English",))),
        ("最近三年的片子", Constraints(year_from=2023)),
        ("今年的片子", Constraints(year_from=2026)),
        ("德语的", Constraints(languages=("German",))),
        ("不要老片", Constraints(year_from=1990)),
        ("来点韩国的", Constraints(languages=("Korean",))),
        ("法国来的东西不要", Constraints(not_languages=("French",))),
        ("不要1985年的", Constraints(not_years=(YearSpan(first=1985, last=1985),))),
    ],
)
def test_languages_and_what_is_foreign(said: str, left: Constraints) -> None:
    assert wants(said) == left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("没看过恐怖片，想试试", Constraints(genres=("Horror",), tones=("scary",))),
        ("没看过几部韩国片，推荐一下", Constraints(languages=("Korean",))),
        (
            "没看过日本动画，有什么推荐吗",
            Constraints(genres=("Animated",), languages=("Japanese",)),
        ),
        ("没怎么看过80年代的电影，从哪部开始看", Constraints(year_from=1980, year_to=1989)),
        ("没看过恐怖片，给我推荐个喜剧", Constraints(genres=("Comedy",))),
    ],
)
def test_what_is_hardly_known_is_the_wish_where_it_is_asked_for(
    said: str, left: Constraints
) -> None:
    assert wants(said) == left


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("不看外国片", "外国片也行"),
        ("不想看字幕", "有字幕也可以"),
        ("不要外语片", "外语片也可以了"),
    ],
)
def test_what_is_foreign_is_let_in_again(first: str, then: str) -> None:
    assert wants(first, then) == Constraints()


def test_older_and_newer_are_so_than_what_was_wished_for() -> None:
    assert wants("90年代的", "再早一点") == Constraints(year_to=1989)
    assert wants("90年代的", "新一点的") == Constraints(year_from=2000)


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("只有半个小时", 30),
        ("我就5分钟", 5),
        ("九十分钟以内", 90),
        ("一百二十分钟以内的片子", 120),
        ("三十分钟", 30),
        ("一刻钟", 15),
        ("两个钟头以内", 120),
        ("看个两小时左右的", 120),
        ("1小时40分钟以内", 100),
        ("我有一个小时", 60),
        ("一小时之内能看完的", 60),
        ("等了半个小时", None),
        ("5分钟前", None),
    ],
)
def test_how_long_it_may_be(said: str, minutes: int | None) -> None:
    assert wants(said).max_minutes == minutes
