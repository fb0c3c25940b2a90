"""Which words a reply is made of, by the language of the person's newest message."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from simpatico.agent import answers, explain
from simpatico.agent.zh import answers as chinese_answers
from simpatico.agent.zh import explain as chinese
from simpatico.agent.zh import phrases as zh
from simpatico.domain import Item, Recommendation, UserState
from simpatico.language import Language


class Voice(Protocol):
    """The replies that need no language model; `agent.explain` says what each of them is."""

    def compose(  # noqa: D102
        self,
        state: UserState,
        recommendations: Sequence[Recommendation],
        *,
        items: Mapping[str, Item] | None = None,
        notes: Sequence[str] = (),
        wanted: int = 0,
        seed: str = "",
    ) -> str: ...
    def clarify(self, state: UserState, *, seed: str = "") -> str: ...  # noqa: D102
    def acknowledge(  # noqa: D102
        self, state: UserState, items: Sequence[Item], *, stance: str, seed: str = ""
    ) -> str: ...
    def why(self, recommendation: Recommendation) -> str: ...  # noqa: D102
    def about(self, item: Item) -> str: ...  # noqa: D102
    def compare(self, items: Sequence[Item]) -> str: ...  # noqa: D102
    def talk(self, state: UserState, *, text: str = "", seed: str = "") -> str: ...  # noqa: D102
    def nothing_found(  # noqa: D102
        self, state: UserState, *, n_items: int | None = None
    ) -> str: ...


def voice(language: Language) -> Voice:
    """The ready-made replies of a language."""
    return chinese if language == "zh" else explain


class Answers(Protocol):
    """Answers to questions about items; `agent.answers` says what each of them is."""

    def answer(self, item: Item, text: str) -> str: ...  # noqa: D102
    def compare(self, items: Sequence[Item], text: str = "") -> str: ...  # noqa: D102


def answering(language: Language) -> Answers:
    """The answers of a language."""
    return chinese_answers if language == "zh" else answers


def note(text: str, language: Language) -> str:
    """A sentence of admission (a wish that was let go of) in a language."""
    return chinese.note(text) if language == "zh" else text


def labels(said: Sequence[str], language: Language) -> tuple[str, ...]:
    """What is said of parts that did not work, each once, as far as we have words for it."""
    known = zh.LABELS if language == "zh" else {}
    return tuple(dict.fromkeys(known.get(one, one) for one in said))


def doing(stage: str, language: Language, *, n: int = 0) -> str:
    """What a stage of the turn does, for who waits; `n`: among how many."""
    if language == "zh":
        return zh.STAGES[stage].format(n=n)
    return _STAGES[stage].format(n=n)


_STAGES: dict[str, str] = {
    "read": "Listening",
    "retrieve": "Looking through {n:,} titles",
    "rank": "Weighing {n} candidates",
    "explain": "Finding the words",
}
