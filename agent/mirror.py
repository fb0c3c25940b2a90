"""Which feeling a reply may answer: one told just now, and not one that words only look like.

What was answered a turn ago is not answered again as it fades. And the classes of feeling that are
read have no boredom, take every question for curiosity, and a fond memory of the dead or a joke
about bad news for joy.
"""

import re

from simpatico.agent import phrases
from simpatico.agent.explain import felt
from simpatico.domain import Mood, UserState

_HARD_NEWS = re.compile(
    r"\b(?:late (?:husband|wife|mother|father|mum|mom|dad|brother|sister|son|daughter|partner|"
    r"friend)|widow\w*|passed away|died|funeral|lost (?:my|our|his|her|the baby)|"
    r"put (?:\w+ ){1,3}(?:down|to sleep)|miscarr\w*|mourn\w*|griev\w*|(?:got|was|been) (?:dumped|"
    r"fired|laid off|diagnosed)|divorce\w*|broke up|break-?up|cancer)\b"
    r"|去世|过世|葬礼|流产|离婚|分手|失恋|被裁|癌",
    re.I,
)
_BORED = re.compile(r"\bbored\b|\bboredom\b|\bnothing to do\b|无聊|闷得慌", re.I)
_CURIOUS = re.compile(
    r"\b(?:curious|wonder\w*|learn\w*|discover\w*|explor\w*|fascinat\w*|intrigu\w*|surpris\w*|"
    r"amaz\w*|unexpected\w*|wow)\b|好奇|想知道|想了解|惊",
    re.I,
)
_EASY = frozenset(("bright", "tender"))


def voiced(state: UserState, previous: UserState | None, text: str) -> UserState:
    """The state as a reply answers it: without a mood that was answered or may be mistaken.

    Of titles that are not here it has those alone that the message named.

    Args:
        state: what was understood of the newest message.
        previous: the state before it.
        text: the message.
    """
    group = phrases.MOOD_GROUPS.get(felt(state.mood), "")
    mistaken = (
        (group in _EASY and _HARD_NEWS.search(text))
        or (group == "cross" and _BORED.search(text))
        or (group == "curious" and not _CURIOUS.search(text))
    )
    before = previous.mood if previous else Mood()
    same = state.mood.label == before.label or group == phrases.MOOD_GROUPS.get(felt(before), "")
    answered = bool(group) and same and state.mood.confidence <= before.confidence
    known = previous.mentions.unlinked if previous else ()
    new = tuple(title for title in state.mentions.unlinked if title not in known)
    update: dict[str, object] = {
        "mentions": state.mentions.model_copy(update={"unlinked": new}),
    }
    if mistaken or answered:
        update["mood"] = Mood()
    return state.model_copy(update=update)
