"""Taking back the newest message: what the turns before it had left, kept for a while. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from simpatico.agent.turn import TurnState
from simpatico.domain import Turn, Value

LEVELS = 5
"""How many messages can be taken back, one after the other."""

_CARRIED = ("state", "shown", "reasons", "list_id", "taught")


class Before(Value):
    """Where a conversation stood before a message.

    Attributes:
        n_said: turns of the session before that message.
        carried: what the turn before had left in the checkpoint, by key; None: too long ago.
    """

    n_said: int
    carried: dict[str, Any] | None = None


class Cut(Value):
    """How to take back the newest message.

    Attributes:
        n_said: turns of the session that stay.
        values: what to put back into the checkpoint; None leaves it, as it never heard of the
            message.
        taught: ids of the events that the message taught.
    """

    n_said: int
    values: dict[str, Any] | None = None
    taught: tuple[str, ...] = ()


def with_before(state: TurnState, *, n_said: int, moods: bool) -> list[dict[str, Any]]:
    """The checkpoint's record of earlier states, with where it stands now added.

    Without `moods` those that were kept in it are dropped.
    """
    carried = {key: state[key] for key in _CARRIED if key in state}  # type: ignore[literal-required]
    earlier = [*state.get("before", ()), Before(n_said=n_said, carried=carried).model_dump()]
    if not moods:
        earlier = [_with(each, without_mood) for each in earlier]
    if len(earlier) > LEVELS:
        oldest = Before(n_said=earlier[-LEVELS - 1]["n_said"]).model_dump()
        earlier = [oldest, *earlier[-LEVELS:]]
    return earlier


Amend = Callable[[dict[str, Any]], dict[str, Any]]
"""What becomes of a state as it is kept: JSON values, perhaps without its mood."""


def without_mood(state: dict[str, Any]) -> dict[str, Any]:
    """A kept state without its mood."""
    return {key: value for key, value in state.items() if key != "mood"}


def amended(values: dict[str, Any], amend: Amend) -> dict[str, Any] | None:
    """What to put back into a checkpoint to amend what is kept of now and of before.

    None when that changes nothing.
    """
    state, before = values.get("state"), list(values.get("before", ()))
    now = amend(state) if state else state
    earlier = [_with(each, amend) for each in before]
    return None if (now, earlier) == (state, before) else {"state": now, "before": earlier}


def _with(before: dict[str, Any], amend: Amend) -> dict[str, Any]:
    carried = before["carried"]
    if not carried or not carried.get("state"):
        return before
    return {**before, "carried": {**carried, "state": amend(carried["state"])}}


def cut_of(
    values: dict[str, Any], turns: Sequence[Turn], *, text: str
) -> Cut | Literal["unknown", "too long ago"]:
    """How to take back the newest message, if that is `text`.

    Args:
        values: the session's checkpoint.
        turns: what was said in it, oldest first.
        text: the message; empty for a turn without one (a corrected mood).
    """
    before = [Before.model_validate(each) for each in values.get("before", ())]
    newest = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=-1)
    checkpointed = bool(before) and newest <= before[-1].n_said
    at = before[-1].n_said if checkpointed else newest
    said = turns[at].text if 0 <= at < len(turns) and turns[at].role == "user" else ""
    if at < 0 or said != text:
        return "unknown"
    if not checkpointed:
        return Cut(n_said=at)
    carried = before[-1].carried
    if carried is None:
        return "too long ago"
    empty: dict[str, Any] = {"state": {}, "shown": [], "reasons": [], "list_id": "", "taught": []}
    restored = {**empty, **carried, "before": [each.model_dump() for each in before[:-1]]}
    return Cut(n_said=at, values=restored, taught=tuple(values.get("taught", ())))
