"""A text in both languages, and the table that gives it in one."""

from simpatico.language import Language


class Both:
    """A text and its twin. What they name in braces is filled in with `str.format`.

    As an attribute of a `Table` it reads as the text of that table's language.
    """

    def __init__(self, en: str, zh: str) -> None:
        self.en = en
        self.zh = zh

    def of(self, language: Language) -> str:
        """The text in a language."""
        return self.zh if language == "zh" else self.en

    def __get__(self, table: "Table", owner: type) -> str:
        return self.of(table.language)


class Table:
    """Texts of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
