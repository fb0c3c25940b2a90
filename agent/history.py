"""A conversation as it went, put together from what the stores keep of it. Pure."""

from collections.abc import Iterator, Sequence

from simpatico.agent.safety import is_crisis
from simpatico.agent.turn import TurnState
from simpatico.domain import (
    Event,
    Heading,
    Impression,
    Recommendation,
    Turn,
    UserState,
    Value,
)
from simpatico.retrieval.catalog import Catalog
from simpatico.text import clean

TITLE_CHARS = 80
"""How long a title may be."""
_OWN_TITLE_CHARS = 48


class PastExchange(Value):
    """A message and its answer.

    Attributes:
        asked: empty when a mood was corrected, which is no message.
        answer: empty when none was kept.
        list_id: the list that came with the answer; empty: none did.
        shown: what stood in that list, as far as that was kept and the catalogue has it.
        whole: `shown` has estimates and reasons; without, only the items are known.
        care: the message was of crisis.
    """

    asked: str = ""
    answer: str = ""
    list_id: str = ""
    shown: tuple[Recommendation, ...] = ()
    whole: bool = False
    care: bool = False


class Past(Value):
    """A conversation.

    Attributes:
        exchanges: oldest first.
        state: what was understood last, without the mood.
        events: what the person did in it, oldest first.
    """

    exchanges: tuple[PastExchange, ...]
    state: UserState = UserState()
    events: tuple[Event, ...] = ()


def title_of(heading: Heading) -> str:
    """What a conversation is called: its title, or the first words that were said in it."""
    if heading.title:
        return heading.title
    words = clean(heading.opening, max_chars=400)
    if len(words) <= _OWN_TITLE_CHARS:
        return words or "A conversation"
    cut = words[: _OWN_TITLE_CHARS + 1].rpartition(" ")[0] or words[:_OWN_TITLE_CHARS]
    return cut.rstrip(",;:.!?–- ") + " …"


def past_of(
    turns: Sequence[Turn],
    lists: Sequence[Impression],
    events: Sequence[Event],
    checkpoint: TurnState,
    catalog: Catalog,
) -> Past:
    """Put a conversation together.

    Args:
        turns: what was said, oldest first.
        lists: what was shown in it.
        events: what was done in it, oldest first.
        checkpoint: what carries over to the next turn; it alone knows the last list's reasons.
        catalog: where the items are.
    """
    items = {one.list_id: one.items for one in lists}
    last = checkpoint.get("list_id", "")
    if last:
        items[last] = tuple(checkpoint.get("shown", ()))
    reasons = checkpoint.get("reasons", ())

    def exchange(asked: str, answer: Turn | None) -> PastExchange:
        if answer is None:
            return PastExchange(asked=asked, care=is_crisis(asked))
        list_id = answer.list_id
        ids = items.get(list_id, ())
        whole = bool(ids) and list_id == last and len(reasons) == len(ids)
        known: Sequence[dict[str, object]] = reasons if whole else [{"p_accept": 0}] * len(ids)
        shown = tuple(
            Recommendation.model_validate({"item": item, **what})
            for item_id, what in zip(ids, known, strict=True)
            if (item := catalog.get(item_id)) is not None
        )
        return PastExchange(
            asked=asked,
            answer=answer.text,
            list_id=list_id,
            shown=shown,
            whole=whole,
            care=is_crisis(asked),
        )

    state = checkpoint.get("state")
    return Past(
        exchanges=tuple(exchange(asked, answer) for asked, answer in _pairs(turns)),
        state=UserState.model_validate(state) if state else UserState(),
        events=tuple(events),
    )


def _pairs(turns: Sequence[Turn]) -> Iterator[tuple[str, Turn | None]]:
    """Each message with its answer; either may be missing."""
    asked: str | None = None
    for turn in turns:
        if turn.role == "assistant":
            yield asked or "", turn
            asked = None
            continue
        if asked is not None:
            yield asked, None
        asked = turn.text
    if asked is not None:
        yield asked, None
