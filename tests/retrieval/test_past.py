"""What a trained ranker is told of what somebody did."""

from datetime import UTC, datetime, timedelta

import pytest

from simpatico.domain import Event, EventKind, Mentions, Profile, UserState
from simpatico.retrieval.past import KINDS, PLAIN, START, Kind, heard, past_of, sum_up

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def past(
    profile: Profile, said: Mentions | None = None, known: tuple[Kind, ...] = tuple(KINDS)
) -> str:
    found = past_of(UserState(mentions=said or Mentions()), profile, known)
    return " ".join(f"{item_id}:{kind}" for item_id, kind in found)


def done(*events: tuple[str, EventKind, float | None]) -> Profile:
    return sum_up(
        "ann",
        [
            Event(id=str(at), at=NOON + timedelta(minutes=at), user="ann", item_id=item_id,
                  kind=kind, value=value)
            for at, (item_id, kind, value) in enumerate(events)
        ],
        ("shown",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (("a", "like", None), "a:liked"),
        (("a", "accept", None), "a:liked"),
        (("a", "buy", None), "a:liked"),
        (("a", "rate", 4.0), "a:liked"),
        (("a", "rate", 3.0), "a:seen"),
        (("a", "rate", 2.0), "a:disliked"),
        (("a", "dislike", None), "a:disliked"),
        (("a", "save", None), "a:saved"),
        (("a", "seen", None), "a:seen"),
        (("a", "skip", None), ""),
        (("a", "click", None), ""),
    ],
)
def test_each_press_is_told_as_what_it_says(
    event: tuple[str, EventKind, float | None], wanted: str
) -> None:
    assert past(done(event)) == wanted


def test_a_later_verdict_counts_and_naming_takes_none_away() -> None:
    assert past(done(("a", "like", None), ("b", "save", None), ("a", "rate", 1.0))) == (
        "a:disliked b:saved"
    )
    disliked = done(("a", "dislike", None), ("b", "save", None))
    assert past(disliked, Mentions(named=("a", "b"))) == "a:disliked b:saved"
    assert past(disliked, Mentions(liked=("a",), disliked=("b",))) == "a:liked b:disliked"
    assert past(Profile(), Mentions(named=("a", "b"), seen=("a",))) == "b:named a:seen"


def test_a_ranker_is_told_what_it_knows_and_in_words_that_it_knows() -> None:
    profile = Profile(seen=("s",), saved=("w",), disliked=("x",), liked=("l",))
    assert past(profile, known=PLAIN) == "w:named l:named"
    said = Mentions(named=("n",), seen=("l", "m"), liked=("k",), disliked=("w", "y"))
    assert past(profile, said, PLAIN) == "n:named l:named m:named k:named"
    assert past(profile, said) == (
        "s:seen x:disliked n:named l:liked m:seen k:liked w:disliked y:disliked"
    )
    assert heard([(1, "offered"), (2, "disliked"), (3, "seen")], PLAIN) == [
        (1, "offered"),
        (3, "named"),
    ]


def test_the_numbers_never_change() -> None:
    # Graphs that lie on people's disks have a row for each.
    assert KINDS == {"saved": 0, "named": 1, "offered": 2, "liked": 3, "disliked": 4, "seen": 5}
    assert START == 6
