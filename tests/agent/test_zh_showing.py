"""Chinese words that point at the picture or the sound that came with them."""

import pytest

from simpatico.agent.read.reference import resolve
from simpatico.agent.showing import apart_from_it
from simpatico.agent.zh.gloss import gloss
from simpatico.domain import Item
from simpatico.language import language_of

SHOWN = [Item(id="a", kind="movie", title="Casablanca"), Item(id="b", kind="movie", title="Heat")]


@pytest.mark.parametrize(
    "said",
    [
        "跟这个差不多的",
        "和这个类似的",
        "像这个一样的",
        "和它一样的",
        "跟這個差不多的",
        "多来点像那个一样的",
        "跟这部差不多的喜剧",
        "和这首歌听起来差不多的",
        "跟这个不一样的",
        "和这个一样好看",
        "找和这张图看起来相似的",
        "像这样的",
        "类似这个的",
        "听起来像这个的",
        "像這張圖一樣",
        "像这个！",
        "想看和这张图类似的喜剧",
        "和这张图的色调类似的",
    ],
)
def test_what_points_at_the_file_points_at_nothing_shown_before(said: str) -> None:
    rest = apart_from_it(said)
    assert rest != said and language_of(rest) == "zh"
    assert resolve(gloss(rest), SHOWN).item_ids == ()


def test_what_else_is_wished_for_stays() -> None:
    assert "comedy" in gloss(apart_from_it("跟这部差不多的喜剧"))
    assert "funny" in gloss(apart_from_it("和这张图类似的，要搞笑"))


@pytest.mark.parametrize(
    "said",
    [
        "像第一部那样的",
        "跟第二部差不多的",
        "第二部看过了",
        "就这个",
        "我喜欢这个",
        "类似Heat的",
        "像《霸王别姬》一样的",
        "和朋友一起看",
        "好像这个不错",
    ],
)
def test_what_points_elsewhere_stays(said: str) -> None:
    assert apart_from_it(said) == said


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("find things that look like this", "find things"),
        ("More like that one!", "!"),
        ("like this", "something"),
        ("a warm comedy", "a warm comedy"),
    ],
)
def test_english_is_taken_apart_as_ever(said: str, rest: str) -> None:
    assert apart_from_it(said) == rest
