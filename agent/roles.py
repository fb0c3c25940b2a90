"""What the language model does for a Simpatico under given settings, decided once at the start."""

from collections.abc import Mapping
from dataclasses import dataclass

from simpatico.adapters import TASKS, Adapter, chosen
from simpatico.agent.explainer import ADAPTER as EXPLAINER
from simpatico.agent.read.adapter_reader import ADAPTER as READER
from simpatico.settings import Settings

READING_ENCODER = "minilm"
"""The encoder that the mood head and the prototypes were made with."""


@dataclass(frozen=True)
class Roles:
    """What the language model is asked for.

    Attributes:
        adapters: its adapters by task, in order; None for those on a server.
        reads: turns are read by it.
        explains: replies are written by its explainer adapter.
        rephrases: replies are said by it in other words.
    """

    adapters: Mapping[str, Adapter | None]
    reads: bool = False
    explains: bool = False
    rephrases: bool = False

    def __bool__(self) -> bool:
        """Whether any step of a turn asks the language model."""
        return self.reads or self.explains or self.rephrases


def roles_of(settings: Settings) -> Roles:
    """Decide what the language model does; adapters that are not wanted are not looked at.

    Raises:
        ModelError: an adapter that would be used is damaged.
    """
    given = settings.llm
    if not given.enabled:
        return Roles({})
    adapters: dict[str, Adapter | None] = {}
    if given.url:
        adapters = dict.fromkeys(given.adapters)
    else:
        wanted = {READER: settings.reader != "encoder", EXPLAINER: given.rephrase != "never"}
        for task in TASKS:
            if wanted[task] and (adapter := chosen(task, given.model, settings.home)):
                adapters[task] = adapter
    return Roles(
        adapters,
        reads=settings.reader == "llm" or (settings.reader != "encoder" and READER in adapters),
        explains=given.rephrase != "never" and EXPLAINER in adapters,
        rephrases=given.rephrase == "always" or (given.rephrase == "auto" and bool(given.url)),
    )


def weights_wanted(settings: Settings, roles: Roles) -> tuple[str, ...]:
    """Names of the models that run in this process under these settings."""
    embedded = roles and not settings.llm.url
    return (READING_ENCODER, settings.llm.model) if embedded else (READING_ENCODER,)
