from datetime import UTC, datetime

from simpatico.agent.learn import events_from, newly_said
from simpatico.agent.read.reference import Reference
from simpatico.agent.turn import Request
from simpatico.domain import Mentions

NOW = datetime(2026, 1, 2, tzinfo=UTC)
REQUEST = Request(text="...", user="ann", session="s1")


def test_a_stance_towards_shown_items_becomes_events() -> None:
    reference = Reference(item_ids=("a", "b"), stance="seen")
    events = events_from(Mentions(), reference, REQUEST, n_turn=3, at=NOW)
    assert [(event.item_id, event.kind, event.user) for event in events] == [
        ("a", "seen", "ann"),
        ("b", "seen", "ann"),
    ]


def test_named_items_keep_the_stance_they_were_named_with() -> None:
    said = Mentions(liked=("a",), disliked=("b",), seen=("c",), named=("d",))
    events = events_from(said, Reference(), REQUEST, n_turn=1, at=NOW)
    assert {(event.item_id, event.kind) for event in events} == {
        ("a", "like"),
        ("b", "dislike"),
        ("c", "seen"),
    }


def test_a_question_teaches_nothing() -> None:
    asked = Reference(item_ids=("a",), stance="asked")
    assert events_from(Mentions(), asked, REQUEST, n_turn=1, at=NOW) == ()


def test_the_same_message_handled_twice_has_the_same_event_ids() -> None:
    reference = Reference(item_ids=("a",), stance="rejected")
    once = events_from(Mentions(), reference, REQUEST, n_turn=2, at=NOW)
    again = events_from(Mentions(), reference, REQUEST, n_turn=2, at=NOW)
    assert once == again
    assert once[0].kind == "skip"


def test_the_longest_names_keep_their_events_apart() -> None:
    request = Request(text="...", user="ann", session="s" * 200)
    said = Mentions(disliked=tuple("x" * 190 + str(number) for number in range(3)))
    events = events_from(said, Reference(), request, n_turn=1, at=NOW)
    assert len({event.id for event in events}) == 3


def test_only_what_a_message_adds_is_learned_from_it() -> None:
    before = Mentions(liked=("a",), seen=("b",))
    now = Mentions(liked=("a", "c"), disliked=("d",), seen=("b",), named=("e",))
    assert newly_said(now, before) == Mentions(liked=("c",), disliked=("d",), named=("e",))
