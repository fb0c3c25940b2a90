"""What a message that says little leaves standing: our own question, and a need told before."""

import pytest

from simpatico.agent import explain, phrases
from simpatico.agent.asked import followed, offered
from simpatico.agent.zh import explain as chinese
from simpatico.agent.zh import phrases as zh
from simpatico.domain import Constraints, IntentName, Mood, NeedName, UserState

SAD = UserState(intent="seek", mood=Mood(label="sadness", confidence=0.9))
ASKED = explain.clarify(SAD)


def test_the_needs_of_every_question_are_known() -> None:
    for voice in (phrases.QUESTIONS, zh.QUESTIONS):
        assert voice.keys() == phrases.OFFERED.keys()
        for group, questions in voice.items():
            assert [offered(f"Hm. {one} Or a title.") for one in questions] == list(
                phrases.OFFERED[group]
            )
    assert offered("Shall I go older, or newer?") == ()


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("the first", "cheer_up"),
        ("the second one", "calm_down"),
        ("the last one", "cry_it_out"),
        ("3", "cry_it_out"),
        ("yes", "calm_down"),
        ("idk", "calm_down"),
        ("the first or the last", "calm_down"),
    ],
)
def test_a_short_answer_to_our_question_is_an_answer(text: str, need: NeedName) -> None:
    state = UserState(intent="accept", mood=SAD.mood)
    assert followed(state, SAD, text, ASKED).need == need
    assert followed(state, SAD, text, "Hello!").need == "unknown"
    assert followed(state, None, text, ASKED).need == "unknown"


def test_a_short_answer_in_chinese_is_one_too() -> None:
    asked = chinese.clarify(SAD)
    assert followed(UserState(), SAD, "第三种吧", asked).need == "cry_it_out"
    assert followed(UserState(), SAD, "随便", asked).need == "calm_down"


def test_a_wish_of_its_own_or_a_question_is_no_answer_to_ours() -> None:
    western = UserState(intent="seek", constraints=Constraints(genres=("Western",)))
    assert followed(western, SAD, "a western", ASKED).need == "unknown"
    assert followed(UserState(intent="seek"), SAD, "will it rain?", ASKED).need == "unknown"
    no_romance = UserState(intent="refine", constraints=Constraints(not_genres=("Romance",)))
    assert followed(no_romance, SAD, "no romance, obviously", ASKED).need == "calm_down"
    asks = UserState(intent="smalltalk")
    assert followed(asks, SAD, "hi", ASKED).need == "unknown"


@pytest.mark.parametrize("intent", ["reject", "refine", "seen", "ask_why", "feedback"])
def test_a_need_stands_until_another_way_is_wanted(intent: IntentName) -> None:
    before = UserState(need="laugh", query="rainy", constraints=Constraints(genres=("Comedy",)))
    later = UserState(intent=intent, query="rainy", constraints=Constraints(genres=("Comedy",)))
    assert followed(later, before, "others?", "").need == "laugh"
    assert followed(later.model_copy(update={"need": "think"}), before, "", "").need == "think"
    scary = later.model_copy(update={"constraints": Constraints(tones=("scary",))})
    assert followed(scary, before, "scary", "").need == "unknown"
    sought = later.model_copy(update={"intent": "seek", "query": "submarines"})
    assert followed(sought, before, "submarines", "").need == "unknown"
    scolds = later.model_copy(update={"query": "suck rainy"})
    assert followed(scolds, before, "your movies suck", "").query == "rainy"
    assert followed(scolds, before, "your movies suck", "").need == "laugh"
    misread = before.model_copy(update={"constraints": Constraints(tones=("sad",))})
    sad = later.model_copy(update={"constraints": Constraints(tones=("sad",))})
    assert followed(sad, misread, "from France", "").need == "unknown"
    crisis = UserState(intent="crisis")
    assert followed(crisis, before, "", "") == crisis
