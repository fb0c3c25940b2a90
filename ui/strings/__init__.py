"""What the page says, in English and in Chinese: one table, typed, each text beside its twin.

`Strings(language).send` is the text of one key. A part of the page has its own module here, whose
class `Strings` inherits; `tests/ui/test_strings.py` looks at every text of all of them.
"""

from typing import Final

from simpatico.agent.phrases import PARTS
from simpatico.agent.zh import explain, names
from simpatico.domain import Item, Reason
from simpatico.language import Language
from simpatico.ui.strings.cards import CardStrings
from simpatico.ui.strings.history import HistoryStrings
from simpatico.ui.strings.moods import MoodStrings
from simpatico.ui.strings.operator import TERMS, OperatorStrings
from simpatico.ui.strings.page import PageStrings
from simpatico.ui.strings.profile import ProfileStrings
from simpatico.ui.strings.talk import TalkStrings
from simpatico.ui.strings.voice import VoiceStrings


class Strings(
    PageStrings,
    TalkStrings,
    CardStrings,
    MoodStrings,
    HistoryStrings,
    ProfileStrings,
    OperatorStrings,
    VoiceStrings,
):
    """Every text of the page in one language."""

    def genre(self, name: str) -> str:
        """A genre of the catalogue in this language, as far as we have a word for it."""
        return names.genre(name) if self.language == "zh" else name

    def tone(self, name: str) -> str:
        """A tone in this language."""
        return names.tone(name) if self.language == "zh" else name

    def kind(self, name: str) -> str:
        """A kind of item in this language, as far as we have a word for it."""
        return names.kind(name) if self.language == "zh" else name

    def spoken(self, name: str) -> str:
        """A language that people speak, in this one."""
        return names.LANGUAGES.get(name, name) if self.language == "zh" else name

    def term(self, name: str) -> str:
        """What the operator's series call something; a name we have no word for stays."""
        return TERMS[name].of(self.language) if name in TERMS else name

    def reason(self, one: Reason, item: Item) -> str:
        """A reason for an item; what is quoted of the catalogue stays as it is."""
        return (explain.reason(one, item) if self.language == "zh" else "") or one.text

    def part(self, name: str) -> str:
        """A term of the score, as people would say it."""
        parts = names.PARTS if self.language == "zh" else PARTS
        return parts.get(name, name.replace("_", " "))


EN: Final = Strings("en")
ZH: Final = Strings("zh")


def strings(language: Language) -> Strings:
    """The texts of a language."""
    return ZH if language == "zh" else EN
