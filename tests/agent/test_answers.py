"""What is asked of an item is answered, or it is said that it is not known."""

import pytest

from simpatico.agent import answers
from simpatico.agent.question import Asked, asked, foremost
from simpatico.agent.zh import answers as chinese
from simpatico.domain import TONES, Item

HEAT = Item(
    id="heat",
    title="Heat",
    year=1995,
    genres=("Crime", "Drama"),
    creators=("Michael Mann", "Al Pacino", "Robert De Niro"),
    text="A detective and a thief face off.",
    tone=tuple({"tense": 0.95, "sad": 0.4}.get(tone, 0.0) for tone in TONES),
    extra=(("director", "Michael Mann"), ("language", "English")),
)
UP = Item(
    id="up",
    title="Up",
    year=2009,
    text="An old man lifts his house with balloons.",
    tone=tuple({"kids": 0.8, "sad": 0.7}.get(tone, 0.0) for tone in TONES),
    extra=(("minutes", "96"),),
)
BARE = Item(id="bare", title="Bare")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("who directed it?", "**Heat (1995)** was directed by Michael Mann."),
        ("who's in it?", "**Heat (1995)** has Al Pacino and Robert De Niro in it."),
        ("what year is it from?", "**Heat (1995)** is from 1995."),
        (
            "is it tense?",
            "**Heat (1995)** is tense, as far as I can tell. A detective and a thief face off.",
        ),
        (
            "is it sad?",
            "**Heat (1995)** is a little sad, as far as I can tell. A detective and a thief face "
            "off.",
        ),
        ("how long is it?", "**Heat (1995)**: how long it is, I don't know. It is a crime drama"),
        ("is it long?", "**Heat (1995)**: how long it is, I don't know."),
        ("is it a true story?", "**Heat (1995)**: whether it is a true story, I don't know."),
        ("did it win any oscars?", "**Heat (1995)**: I know nothing of prizes"),
        ("where can I watch it?", "**Heat (1995)**: where it can be watched, I don't know."),
        ("is it any good?", "**Heat (1995)**: I have no ratings or reviews"),
        ("tell me more about it", "**Heat (1995)** is a crime drama from 1995 directed by"),
    ],
)
def test_the_question_is_answered_first(text: str, said: str) -> None:
    assert answers.answer(HEAT, text).startswith(said)


def test_what_is_not_known_is_not_claimed() -> None:
    for text in ("who directed it?", "is it scary?", "is it in english?", "how old is it?"):
        assert "I don't know" in answers.answer(BARE, text)
    assert answers.answer(UP, "is it ok for kids?").startswith("**Up (2009)** is made for children")
    assert answers.answer(UP, "how long is it") == "**Up (2009)** runs 96 minutes."


def test_of_several_the_one_is_named_that_is_first_in_what_was_asked() -> None:
    both = (HEAT, UP)
    assert foremost(both, "which is the saddest?") == UP
    assert foremost(both, "which one is older?") == HEAT
    assert foremost(both, "which is the funniest?") is None
    assert answers.compare(both, "which is sadder?").startswith("**Up (2009)** is the saddest")
    assert answers.compare(both, "the shortest?").startswith("I don't know how long")
    assert answers.compare(both, "compare them").startswith("- **Heat (1995)**")
    assert foremost((HEAT,), "the oldest") is None


def test_chinese_questions_are_answered_in_chinese() -> None:
    assert asked("第一个有多长？") == Asked("length")
    assert asked("它吓人吗？") == Asked("tone", "scary")
    assert chinese.answer(HEAT, "导演是谁？") == "**Heat (1995)**的导演是 Michael Mann。"
    assert chinese.answer(HEAT, "悲伤吗？").startswith("**Heat (1995)**，我看有一点悲伤。")
    assert chinese.answer(HEAT, "在哪里能看？").startswith("**Heat (1995)**：在哪里能看我不知道。")
    assert chinese.compare((HEAT, UP), "哪个最新？").startswith("**Up (2009)**是其中最新的。")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("is it good for kids?", "tone"),
        ("is it any good?", "rating"),
        ("how old is it?", "year"),
        ("how old is the film?", "year"),
        ("how old are you?", ""),
        ("how old is the main character?", ""),
        ("does anyone die?", "ending"),
    ],
)
def test_what_is_asked_is_told_apart_from_what_sounds_like_it(text: str, what: str) -> None:
    assert asked(text).what == what


def test_nothing_is_claimed_that_the_catalogue_does_not_say() -> None:
    unclear = HEAT.model_copy(update={"extra": (("minutes", "about 3 hours"),)})
    assert "I don't know" in answers.answer(unclear, "how long is it?")
    cast = answers.answer(unclear, "who is in it?")
    assert "I don't know" in cast and "has Michael Mann" not in cast
    told = HEAT.model_copy(update={"extra": (("minutes", "170 min"),)})
    assert "runs 170 minutes" in answers.answer(told, "how long is it?")


def test_names_from_a_catalogue_bring_no_markup_into_chinese_answers() -> None:
    hostile = HEAT.model_copy(
        update={"extra": (("director", "**B** [l](http://e)"),), "genres": ("[g](http://e)",)}
    )
    said = chinese.answer(hostile, "有奖吗？")
    assert "](" not in said and "**B**" not in said
