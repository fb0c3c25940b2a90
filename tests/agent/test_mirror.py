"""A reply answers a feeling that was told just now, and none that words only look like."""

import pytest

from simpatico.agent.mirror import voiced
from simpatico.domain import Mood, UserState


def feeling(label: str, confidence: float = 0.8) -> UserState:
    return UserState(mood=Mood(label=label, confidence=confidence))


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("joy", "My late husband and I used to go to the cinema every Friday."),
        ("love", "I lost my mother in May, she adored musicals"),
        ("amusement", "got dumped by text lol"),
        ("annoyance", "bored lol"),
        ("annoyance", "无聊死了"),
        ("curiosity", "will it rain tomorrow?"),
    ],
)
def test_what_words_only_look_like_is_not_answered(label: str, text: str) -> None:
    assert voiced(feeling(label), None, text).mood == Mood()


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("joy", "I got the job!"),
        ("grief", "my late husband and I used to dance"),
        ("annoyance", "my boss was awful today"),
        ("curiosity", "I wonder what the deep sea is like"),
    ],
)
def test_what_is_told_is_answered(label: str, text: str) -> None:
    assert voiced(feeling(label), None, text) == feeling(label)


def test_a_feeling_is_answered_once_until_it_is_told_anew() -> None:
    assert voiced(feeling("sadness", 0.5), feeling("grief", 0.8), "no romance").mood == Mood()
    bored = feeling("annoyance", 0.6)
    assert voiced(feeling("annoyance", 0.5), bored, "ok").mood == Mood()
    again = feeling("sadness", 0.9)
    assert voiced(again, feeling("sadness", 0.8), "I cried all day") == again
    other = feeling("anger", 0.5)
    assert voiced(other, feeling("sadness", 0.8), "now I'm furious") == other
