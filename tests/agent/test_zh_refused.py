"""What is refused in Chinese, wherever the refusal stands: what is read of it in the end."""

import pytest

from simpatico.agent.read.understand import Rules
from simpatico.agent.read.words import Vocabulary
from simpatico.agent.zh.explain import left_out, wishes
from simpatico.agent.zh.gloss import gloss, glosses
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
    assert wants("日本的别推") == Constraints(not_languages=("Japanese",))
    assert wants("80年代以前的不要") == Constraints(year_from=1980)
    assert wants("恐怖片真的不行") == horror
    assert wants("血腥的不行") == Constraints(not_tones=("violent",))
    assert wants("日本的不行") == wants("日本的别推")
    assert wants("动画片算了") == Constraints(not_genres=("Animated",))
    assert wants("恐怖片、战争片都不要").not_genres == ("Horror", "War")


@pytest.mark.parametrize(
    ("said", "years", "languages"),
    [
        ("不要80年代的", [1980], []),
        ("九十年代的就算了", [1990], []),
        ("不要80、90年代的", [1980, 1990], []),
        ("不要70年代的老片", [1970], []),
        ("别给我日本片", [], ["Japanese"]),
        ("不要再给我法国片了", [], ["French"]),
        ("不看韩国电影", [], ["Korean"]),
        ("除了日本电影都行", [], ["Japanese"]),
        ("日剧就不要了", [], ["Japanese"]),
        ("讨厌韩剧", [], ["Korean"]),
        ("不要日本恐怖片", [], ["Japanese"]),
        ("不要国产的", [], ["Chinese"]),
        ("不是日语的就行", [], ["Japanese"]),
        ("不要日本和韩国的电影", [], ["Japanese", "Korean"]),
        ("印度电影、泰国电影都不要", [], ["Hindi", "Thai"]),
        ("我不是韩国人", [], []),
        ("我不喜欢中国菜", [], []),
        ("不是所有法国片都好看", [], []),
        ("是不是日本的", [], []),
        ("不看美剧", [], []),
        ("不要关于日本的", [], []),
    ],
)
def test_years_and_languages_are_refused(said: str, years: list[int], languages: list[str]) -> None:
    read = wants(said)
    assert read.not_years == tuple(YearSpan(first=one, last=one + 9) for one in years)
    assert read.not_languages == tuple(languages)
    assert (read.genres, read.not_genres) == ((), ())


def test_what_is_refused_is_read_back() -> None:
    assert (
        left_out(wants("不要80年代的，不要2010年的，法国片也不要"))
        == "1980年代的、2010 年的、法语的"
    )
    assert wishes(wants("90年代的日本片")) == "1990年代、语言是日语"


@pytest.mark.parametrize(
    ("first", "then", "left"),
    [
        ("不要日本片", "日本片也可以了", Constraints()),
        ("不要80年代的", "80年代的也行", Constraints()),
        ("不要80年代的", "来部80年代的", Constraints(year_from=1980, year_to=1989)),
        ("不要日本和韩国的电影", "韩国的也行", Constraints(not_languages=("Japanese",))),
    ],
)
def test_what_was_refused_is_let_in_again(first: str, then: str, left: Constraints) -> None:
    state = RULES.understand(gloss(first)).state
    state = RULES.understand(gloss(then), previous=state).state
    assert state.constraints.model_copy(update={"kinds": ()}) == left


@pytest.mark.parametrize(
    ("said", "wished", "refused"),
    [
        ("恐怖片可以不要吗", [], ["Horror"]),
        ("恐怖片能不看吗？", [], ["Horror"]),
        ("可以不要恐怖片吗", [], ["Horror"]),
        ("能不能不要恐怖片", [], ["Horror"]),
        ("恐怖片不要我只要喜剧", ["Comedy"], ["Horror"]),
        ("动画片不要了，来点恐怖片", ["Horror"], ["Animated"]),
        ("爱情片的不要我想看动作片", ["Action"], ["Romance"]),
        ("喜剧不要恐怖片要", ["Horror"], ["Comedy"]),
        ("喜剧可以，恐怖片可以不要吗", ["Comedy"], ["Horror"]),
        ("请不要来点恐怖片", [], ["Horror"]),
    ],
)
def test_a_refusal_that_is_asked_for_or_has_a_wish_at_its_heels(
    said: str, wished: list[str], refused: list[str]
) -> None:
    read = wants(said)
    assert (read.genres, read.not_genres) == (tuple(wished), tuple(refused))


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
    for said in ("不高兴得不行", "今天不开心得不行", "不太高兴", "很不快乐"):
        assert gloss(said) == "i feel unhappy"
        assert wants(said) == Constraints()
    assert [one.chinese for one in glosses("不高兴得不行")] == ["非常不高兴"]


@pytest.mark.parametrize("filler", ["请", "我", "我们"])
def test_only_so_much_filler_is_gone_through(filler: str) -> None:
    for said in (f"{filler * 40}恐怖片不要", f"恐怖片{filler * 40}不要", filler * 3000):
        assert to_front(said) == said
    assert to_front(f"{filler * 3}恐怖片{filler * 3}不要") == f"{filler * 3}不要恐怖片"
    assert gloss(filler * 3000) == gloss(filler * 10)
