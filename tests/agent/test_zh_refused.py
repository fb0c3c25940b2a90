"""What is refused in Chinese, wherever the refusal stands: what is read of it in the end."""

import pytest

from simpatico.agent.read.understand import Rules
from simpatico.agent.read.words import Vocabulary
from simpatico.agent.zh.gloss import gloss
from simpatico.agent.zh.refused import to_front
from simpatico.domain import Constraints, YearSpan
from simpatico.retrieval.titles import TitleIndex

RULES = Rules(
    TitleIndex([]),
    vocabulary=Vocabulary(
        genres=("Comedy", "Horror", "War", "Mystery", "Animated"), kinds=("film",)
    ),
    this_year=2026,
)


def wants(said: str) -> Constraints:
    return RULES.understand(gloss(said), previous=None, shown=()).state.constraints


@pytest.mark.parametrize(
    ("behind", "before"),
    [
        ("80年代的不要", "不要80年代的"),
        ("八十年代的就不要了", "不要80年代的"),
        ("80年代的不行", "不要80年代的"),
        ("80年代的算了", "不要80年代的"),
        ("80年代以前的不要", "不要80年代以前的"),
        ("1990年以后的就算了", "不要1990年以后的"),
        ("80年代的恐怖片不要", "不要80年代的恐怖片"),
        ("90年代以后的恐怖片我不看", "不要90年代以后的恐怖片"),
        ("日本的别推", "不要日本的"),
        ("韩国电影就不看了", "不要韩国电影"),
        ("恐怖片就不要了", "不要恐怖片"),
        ("恐怖片别推荐", "不要恐怖片"),
        ("恐怖片不用了，谢谢", "不要恐怖片"),
        ("恐怖片我不喜欢", "不要恐怖片"),
        ("恐怖片还是免了吧", "不要恐怖片"),
        ("動畫片算了", "不要动画片"),
        ("推理片不要", "不要推理片"),
        ("恐怖片和战争片都不要", "不要恐怖片和战争片"),
        ("特别暴力的不要", "不要特别暴力的"),
        ("太长的不要", "不要太长的"),
        ("两个小时以上的不要", "不要两个小时以上的"),
        ("恐怖片真的不行", "不要恐怖片"),
        ("血腥的不行", "不要血腥的"),
        ("暴力的真的不行", "不要暴力的"),
        ("黑白的不行", "不要黑白的"),
        ("吓人的不行", "不要吓人的"),
        ("别推荐恐怖片", "不要恐怖片"),
        ("不要再给我推荐恐怖片了", "不要恐怖片"),
    ],
)
def test_a_refusal_means_the_same_behind_and_before(behind: str, before: str) -> None:
    assert wants(behind) == wants(before)


def test_what_is_refused_behind_is_left_out_or_not_wanted() -> None:
    horror = Constraints(not_genres=("Horror",), not_tones=("scary",))
    assert wants("恐怖片就不要了") == horror
    eighties = Constraints(not_years=(YearSpan(first=1980, last=1989),))
    assert wants("80年代的不要") == wants("80年代的恐怖片不要") == eighties
    assert wants("日本的别推") == Constraints()
    assert wants("80年代以前的不要") == Constraints(year_from=1980)
    assert wants("恐怖片真的不行") == horror
    assert wants("血腥的不行") == Constraints(not_tones=("violent",))
    assert gloss("日本的不行") == "no japan"
    assert wants("动画片算了") == Constraints(not_genres=("Animated",))
    assert wants("恐怖片、战争片都不要").not_genres == ("Horror", "War")


def test_a_wish_beside_it_stays_one() -> None:
    for said in ("想看喜剧，恐怖片不要", "喜剧可以，但恐怖片就算了", "恐怖片不要，来部喜剧"):
        read = wants(said)
        assert (read.genres, read.not_genres) == (("Comedy",), ("Horror",)), said
    read = wants("喜剧，80年代的不要")
    assert (read.genres, read.not_years) == (("Comedy",), (YearSpan(first=1980, last=1989),))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("恐怖片要不要?", {"genres": ("Horror",)}),
        ("恐怖片要不要看？", {"genres": ("Horror",)}),
        ("恐怖片不要吗？", {"genres": ("Horror",)}),
        ("恐怖片不要错过", {"genres": ("Horror",)}),
        ("就看恐怖片算了", {"genres": ("Horror",)}),
        ("恐怖片不要太吓人的", {"genres": ("Horror",), "not_tones": ("scary",)}),
        ("不要紧，80年代的也行", {"year_from": 1980, "year_to": 1989}),
        ("80年代的不要紧", {"year_from": 1980, "year_to": 1989}),
        ("难过得不行，想看喜剧", {"genres": ("Comedy",), "not_tones": ()}),
        ("难过的不行，想看喜剧", {"genres": ("Comedy",), "not_tones": ()}),
        ("喜剧行不行？", {"genres": ("Comedy",), "not_genres": ()}),
        ("恐怖片行不行啊", {"genres": ("Horror",), "not_genres": ()}),
        ("看喜剧不行吗？", {"genres": ("Comedy",), "not_genres": ()}),
        ("80年代的不错", {"year_from": 1980, "year_to": 1989}),
        ("喜剧不要恐怖片", {"genres": ("Comedy",), "not_genres": ("Horror",)}),
    ],
)
def test_what_is_asked_or_goes_on_is_no_refusal(said: str, wanted: dict[str, object]) -> None:
    read = wants(said)
    assert {name: getattr(read, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "said",
    [
        "都不要",
        "这些都不要",
        "前面的都不要",
        "第一部电影不要",
        "今天不看",
        "孩子不看",
        "算了",
        "小时候不喜欢",
        "难过的不行",
    ],
)
def test_what_names_no_kind_of_thing_stays_as_it_was_said(said: str) -> None:
    assert to_front(said) == said


def test_how_much_somebody_feels_is_no_refusal() -> None:
    assert gloss("开心的不行") == gloss("开心得不行") == "i feel happy"
    assert gloss("难过的不行") == gloss("难过得不行") == "i feel sad"
    assert gloss("无聊的不行") == "i am bored"


@pytest.mark.parametrize("filler", ["请", "我", "我们"])
def test_only_so_much_filler_is_gone_through(filler: str) -> None:
    for said in (f"{filler * 40}恐怖片不要", f"恐怖片{filler * 40}不要", filler * 3000):
        assert to_front(said) == said
    assert to_front(f"{filler * 3}恐怖片{filler * 3}不要") == f"{filler * 3}不要恐怖片"
    assert gloss(filler * 3000) == gloss(filler * 10)
