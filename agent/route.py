"""What to do with a turn: a pure decision over what was understood."""

from simpatico.agent.read.wishes import wants_anything
from simpatico.domain import Route, UserState

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
    if surprise or wants_anything(state):
        return "recommend"
    return "clarify"
