"""The page's texts: each in both languages, with the same things to fill in; and who gets which."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from string import Formatter

import pytest

import simpatico.ui.strings
from simpatico.agent.phrases import PARTS
from simpatico.agent.read.words import GENRES, LANGUAGES
from simpatico.agent.zh import names
from simpatico.domain import TONES
from simpatico.language import accepted
from simpatico.retrieval.packs import load_pack
from simpatico.ui.chosen import Chosen
from simpatico.ui.labels import words_for
from simpatico.ui.render import block, empty
from simpatico.ui.strings import EN, ZH, Strings
from simpatico.ui.strings.both import Both
from simpatico.ui.strings.history import HistoryStrings
from simpatico.ui.talk import Exchange

HAN = re.compile(r"[\u4e00-\u9fff]")
SAME_IN_BOTH = {"Simpatico:"}


def _all(value: object) -> Iterator[Both]:
    if isinstance(value, Both):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _all(one)
    elif isinstance(value, dict):
        yield from _all(list(value.values()))
    elif isinstance(value, type) and value.__module__.startswith("simpatico.ui.strings"):
        yield from _all(list(vars(value).values()))


def _texts() -> list[Both]:
    package = simpatico.ui.strings
    modules = [package.__name__, *(
        f"{package.__name__}.{one.name}" for one in pkgutil.iter_modules(package.__path__)
    )]  # fmt: skip
    found = [_all(list(vars(importlib.import_module(name)).values())) for name in modules]
    return list(dict.fromkeys(one for each in found for one in each))


def _filled_in(text: str) -> list[tuple[str, str]]:
    fields = [(name, how or "") for _, name, how, _ in Formatter().parse(text) if name is not None]
    return sorted(fields)


def test_every_text_is_there_in_both_languages_and_chinese_is_chinese() -> None:
    texts = _texts()
    assert len(texts) > 150
    for both in texts:
        assert both.en.strip() and both.zh.strip(), both.en
        assert HAN.search(both.zh) or both.en in SAME_IN_BOTH, both.en
    assert any(isinstance(one, Both) and one.en == "Rename" for one in texts)


def test_both_languages_fill_in_the_same_things() -> None:
    for both in _texts():
        assert _filled_in(both.en) == _filled_in(both.zh), both.en


def test_no_text_would_break_out_of_an_attribute() -> None:
    for both in _texts():
        for text in (both.en, both.zh):
            assert not re.search(r'["`]|<(?!/?b>)', text), text


def test_no_table_hides_a_text_of_another() -> None:
    tables = [Strings, *Strings.__bases__]
    names = [name for one in tables for name in vars(one) if not name.startswith("__")]
    assert len(names) > 150
    assert [name for name, n in Counter([*names, *vars(EN)]).items() if n > 1] == []


def test_a_key_gives_the_text_of_the_tables_language() -> None:
    assert (EN.send, ZH.send) == ("Send", "发送")
    assert HistoryStrings("zh").today == "今天"


def test_genres_tones_and_parts_of_what_we_ship_have_a_chinese_name() -> None:
    genres = {genre for item in load_pack("movies").items for genre in item.genres} | {*GENRES}
    assert [genre for genre in genres if not HAN.search(ZH.genre(genre))] == []
    assert [tone for tone in TONES if not HAN.search(ZH.tone(tone))] == []
    assert names.PARTS.keys() == PARTS.keys()
    assert names.LANGUAGES.keys() == {*LANGUAGES}
    assert ZH.genre("Zyxomma") == "Zyxomma" and EN.genre("Horror") == "Horror"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("de-DE,de;q=0.9,zh-Hans;q=0.8,en;q=0.7", "zh"),
        ("de", "en"),
        ("zh;q=0", "en"),
        ("", "en"),
        ("*", "en"),
        ("zh;q=nonsense", "en"),
        (",;q=;;zh", "en"),
    ],
)
def test_the_browser_says_which_language_it_likes_best(header: str, language: str) -> None:
    assert accepted(header) == language


def test_what_the_person_chose_wins_and_is_kept() -> None:
    how = Chosen.kept({"language": "zh", "personal": False})
    assert words_for(how) is ZH
    assert words_for(Chosen.kept({"language": "tlh"})) is EN
    assert Chosen.kept(how.model_dump()) == how


def test_words_in_another_language_than_the_page_are_marked_as_such() -> None:
    exchange = Exchange(asked="想看喜剧", text="给你找了三部电影。", status="done")
    english = block(exchange, key="x", newest=True, title_of=str, words=EN)
    assert '<span lang="zh-CN">想看喜剧</span>' in english
    assert '<div class="answer" lang="zh-CN">' in english
    assert "lang=" not in block(exchange, key="x", newest=True, title_of=str, words=ZH)


def test_a_chinese_page_has_no_english_of_ours() -> None:
    drawn = empty(ZH) + block(
        Exchange(asked="你好", status="stopped"), key="x", newest=True, title_of=str, words=ZH
    )
    words = re.sub(r"<[^>]*>", " ", drawn).replace("Simpatico", "")
    assert not re.search(r"[A-Za-z]{2,}", words), words
