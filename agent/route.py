"""What to do with a turn: a pure decision over what was understood."""

from simpatico.domain import Constraints, Mentions, Route, UserState

_ANSWERS: dict[str, Route] = {
    "crisis": "care",
    "smalltalk": "talk",
    "goodbye": "talk",
}
_ABOUT_A_LIST = {"ask_why", "ask_about", "compare"}
_FEEDBACK = {"reject", "accept", "seen", "feedback"}


def choose_route(state: UserState, *, points_at_items: bool, surprise: bool = False) -> Route:
    """Decide on one of the six routes.

    Args:
        state: what was understood of the newest turn, older wishes carried over.
        points_at_items: the turn speaks of items that were shown or named.
        surprise: the person leaves the choice to us, so nothing more has to be known.
    """
    if state.intent in _ANSWERS:
        return _ANSWERS[state.intent]
    if state.intent in _ABOUT_A_LIST and points_at_items:
        return "explain"
    if state.intent in _FEEDBACK and points_at_items:
        return "acknowledge"
    if surprise or knows_what_is_wanted(state):
        return "recommend"
    return "clarify"


def knows_what_is_wanted(state: UserState) -> bool:
    """Whether anything was said that a choice could be made by; a bare mood is not enough."""
    wishes = state.constraints.model_copy(update={"exclude_ids": ()})
    return (
        bool(state.query)
        or state.need != "unknown"
        or wishes != Constraints()
        or state.mentions != Mentions()
    )
