"""What is asked of us is answered with what is so, and numbers that are asked for are kept."""

import pytest

from simpatico.agent import phrases, us
from simpatico.agent.asked import agreed
from simpatico.agent.read.about_us import (
    about_us,
    asks_elsewhere,
    is_beyond_us,
    without_scolding,
)
from simpatico.agent.read.counts import MOST, count_of
from simpatico.agent.zh import phrases as zh
from simpatico.domain import NEEDS, Constraints, Item, UserState


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("what do you know about me?", "known"),
        ("do you remember what I said?", "known"),
        ("你记得我吗", "known"),
        ("do you store what I say?", "kept"),
        ("what about my privacy", "kept"),
        ("your suggestions suck", "scolded"),
        ("this is silly, you're just a dumb bot", "scolded"),
        ("do you know what I should watch?", ""),
        ("what do you know about Kubrick?", ""),
        ("can you keep it short", ""),
        ("do you keep it light?", ""),
        ("are you a bot?", ""),
        ("you are a bot right?", ""),
        ("something stupid and fun", ""),
    ],
)
def test_what_is_about_us_is_told_from_what_is_about_films(text: str, topic: str) -> None:
    assert about_us(text) == topic


def test_what_we_know_is_told_from_what_stands() -> None:
    wishes = Constraints(genres=("Thriller",), not_genres=("Horror",))
    heat = Item(id="heat", title="Heat", year=1995)
    state = UserState(constraints=wishes)
    said = us.answer("what do you know about me?", state, liked=[heat])
    assert said.startswith(
        "So far I know this of you: you asked for thrillers; you want no horror; you like "
        "*Heat (1995)*."
    )
    assert us.answer("what do you know about me?", UserState()) == phrases.KNOWN_NOTHING
    funny = UserState(need="laugh", query="funny", constraints=Constraints(tones=("funny", "kids")))
    assert us.answer("what do you know about me?", funny).startswith(
        "So far I know this of you: you came for a laugh; you want it funny and for children. "
    )
    words = UserState(query="submarine")
    assert us.answer("what do you know about me?", words) == phrases.KNOWN_WORDS
    hostile = UserState(constraints=Constraints(people=("[g](http://e.com)",)))
    assert r"\[g\](http\://e.com)" in us.answer("what do you know about me?", hostile)
    assert us.answer("do you store what I say?", state) == phrases.STORED
    assert us.answer("you suck", state) in phrases.SORRY
    assert us.answer("a western", state) == ""
    assert us.answer("你了解我什么？", funny.model_copy(update={"language": "zh"})).startswith(
        "到现在我知道这些：你想笑一笑；你想要"
    )
    chinese = state.model_copy(update={"language": "zh"})
    assert us.answer("你了解我什么？", chinese).startswith(
        "到现在我知道这些：你想要惊悚；你不要恐怖。"
    )
    assert us.answer("你了解我什么？", UserState(language="zh")) == zh.KNOWN_NOTHING


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("will it rain tomorrow?", True),
        ("what should I cook tonight?", True),
        ("明天会不会下雨？", True),
        ("what should I watch tonight?", False),
        ("is there another one?", False),
        ("really?", False),
        ("I feel sad", False),
    ],
)
def test_a_question_that_no_catalogue_answers_is_known(text: str, elsewhere: bool) -> None:
    assert asks_elsewhere(text) is elsewhere


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("will it rain tomorrow?", True),
        ("明天会不会下雨？", True),
        ("why am I so sad?", False),
        ("why does everything hurt?", False),
        ("I need help, what should I do?", False),
        ("I'm new to anime, any ideas?", False),
        ("Zero Days? Whats it about?", False),
        ("he is in Batman?", False),
        ("Hmm, based on a book?", False),
        ("我为什么这么难过？", False),
    ],
)
def test_only_what_is_no_matter_of_the_heart_is_told_to_be_beyond_us(
    text: str, *, beyond: bool
) -> None:
    assert is_beyond_us(text) is beyond


def test_words_of_a_scolding_are_looked_for_only_where_they_were_before() -> None:
    assert without_scolding("suck funny", "your movies suck", before="funny") == "funny"
    said = "Your movies suck, show me submarines"
    assert without_scolding("suck submarines", said) == "submarines"
    assert without_scolding("trash", "films about trash") == "trash"


def test_wishes_that_are_all_there_is_are_named() -> None:
    for voice in (phrases, zh):
        assert {*voice.KNOWN_NEEDS} == {*NEEDS} - {"unknown"}


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("give me 10 films about space", 10),
        ("top 25 horror movies", MOST),
        ("only one", 1),
        ("just pick one for me", 1),
        ("two good heist films", 2),
        ("just the best", 1),
        ("give me three documentaries", 3),
        ("就要一部", 1),
        ("推荐五部电影", 5),
        ("推荐一部恐怖片", 0),
        ("one of the best films ever", 0),
        ("I watched two films today", 0),
        ("three hour films", 0),
        ("seen the first one. another?", 0),
        ("one more like the third", 0),
        ("12 monkeys", 0),
        ("Can you list two more similar movies", 2),
        ("those two were great, do you have one more suggestion?", 1),
        ("could you recommend just one more, please", 1),
        ("any ideas? three 80s movies", 3),
        ("give me a couple good comedies", 2),
        ("周末来两部电影", 2),
        ("two more please", 2),
        ("great, one more?", 1),
        ("one more time", 0),
        ("my two favourite movies are Heat and Jaws, more like them", 0),
        ("those two films were great", 0),
        ("two films I loved are Heat and Jaws", 0),
        ("I've seen all four movies", 0),
        ("you gave me a couple good recommendations", 0),
        ("I'm 25 and love movies", 0),
        ("i am 30 please suggest movies", 0),
        ("What other 80 movies should I see?", 0),
        ("18 rated movies", 0),
        ("50 shades style movies", 0),
        ("one of my top ten movies", 0),
        ("my top ten movies", 0),
        ("I haven't seen that one any other suggestions", 0),
        ("is that one a good movie", 0),
        ("the first one is a war movie", 0),
        ("world war 2 movies", 0),
        ("a couple movies", 0),
        ("a single mom movie", 0),
        ("seven deadly sins movies", 0),
        ("one piece movies", 0),
        ("that's the only one", 0),
        ("I'll pick one", 0),
        ("我看了十部电影都不好看", 0),
        ("周末看了两部恐怖片", 0),
        ("两部电影都看过", 0),
        ("就一个人看", 0),
        ("后来一部都没看", 0),
    ],
)
def test_a_number_that_is_asked_for_is_read(text: str, n: int) -> None:
    assert count_of(text) == n


def test_a_bare_yes_to_our_question_goes_the_first_way() -> None:
    assert agreed("yes please", "Films. Shall I go calmer, or newer?") == "something calmer"
    assert agreed("yes please", "Films. Which one?") == ""
    assert agreed("yes, a western", "Shall I go calmer, or newer?") == ""
    assert agreed("好的", "要不要换成更温暖的，或者更新的？") == "更温暖的"
