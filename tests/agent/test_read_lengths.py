"""How long it may be: what is a limit, and what is a length of something else."""

import pytest

from simpatico.agent.read.lengths import read_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("an hour and a half at most", 90),
        ("at most an hour and a half", 90),
        ("max 1h30", 90),
        ("1h 45m max", 105),
        ("not more than 1hr 45", 105),
        ("1.5 hours max", 90),
        ("two and a half hours tops", 150),
        ("two hours tops", 120),
        ("which shorter films do you have?", 95),
        ("something shorter", 95),
        ("got half an hour to kill", 30),
        ("half an hour", 30),
        ("a quarter of an hour at most", 15),
        ("i have about an hour b4 bed", 60),
        ("a couple of hours at most", 120),
        ("i've got 5 minutes", 5),
        ("only have five minutes", 5),
        ("i only have forty-five mins", 45),
        ("<90 min", 90),
        ("need something 2 kill 40 min", 40),
        ("between 90 and 120 minutes", 120),
        ("a 90 minute movie", 90),
        ("a 2 hour film", 120),
        ("two 1/2 hours max", 150),
        ("keep it under an hour n a half", 90),
        ("less then 90 mins", 90),
        ("nothing over two hours", 120),
        ("90 minutes", 90),
        ("no 3-hour epics", 120),
        ("2 hours is fine too", 120),
        ("make it two hours", 120),
    ],
)
def test_a_limit_is_read(text: str, minutes: int) -> None:
    assert read_minutes(text) == (minutes, False)


@pytest.mark.parametrize(
    "text",
    [
        "i've been crying for two hours",
        "which is shorter?",
        "which one of the two is shorter?",
        "it took about an hour and 15 minutes",
        "i saw it 20 minutes ago",
        "about 15 minutes ago",
        "i waited for 90 minutes",
        "a 5 minute break",
        "for 5 minutes i was happy",
        "for a minute i thought so",
        "at least two hours",
        "over two hours",
        "it's only an hour by bike",
        "ah",
        "it was a 2 hour movie",
        "no 2 hour movies",
        "5 minutes... 300 comments",
        "an hour of sleep",
        "8 hours of sleep at most",
    ],
)
def test_a_length_of_something_else_is_none(text: str) -> None:
    assert read_minutes(text) == (None, False)


@pytest.mark.parametrize(
    "text",
    [
        "no time limit",
        "length doesnt matter",
        "any length",
        "i've got all night",
        "time is no issue",
    ],
)
def test_a_limit_is_taken_back(text: str) -> None:
    assert read_minutes(text) == (None, True)
