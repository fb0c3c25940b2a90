"""Every error Simpatico raises on purpose.

    SimpaticoError
    ├── LLMError            something about the language model
    │   ├── LLMUnavailable  nobody listens, too slow, overloaded: worth a retry
    │   └── BadReply        an answer came, but not one we can use; `.raw` holds it
    ├── StoreError          the vector store, or a database of ours, failed
    ├── ModelError          weights are missing, corrupt, or of the wrong kind
    ├── DataError           data from outside is not what was asked for; `.problems` lists each
    │   └── UnknownLanguage speech in a language that cannot be written down
    ├── SettingsError       a setting is unknown or has a value that cannot work
    └── NotAllowed          the caller may not touch this (somebody else's session)

A message says what was wanted, what came, and where. Wrong arguments stay `ValueError`.
"""


class SimpaticoError(Exception):
    """Base of all errors a caller may want to catch."""


class LLMError(SimpaticoError):
    """The language model did not do its part."""


class LLMUnavailable(LLMError):
    """No answer came: connection refused, time-out, overload. Trying again may help."""


class BadReply(LLMError):
    """The language model answered with something unusable."""

    def __init__(self, message: str, *, raw: str) -> None:
        super().__init__(message)
        self.raw = raw


class StoreError(SimpaticoError):
    """A store (vectors, events, sessions) could not be read or written."""


class ModelError(SimpaticoError):
    """Model weights are missing, corrupt, or of the wrong kind."""


class DataError(SimpaticoError):
    """Data from outside is not what was asked for."""

    def __init__(self, message: str, *, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class UnknownLanguage(DataError):
    """Speech in a language that cannot be written down."""


class SettingsError(SimpaticoError):
    """A setting is unknown or has a value that cannot work."""


class NotAllowed(SimpaticoError):
    """The caller may not touch this."""


def kinds(error: BaseException) -> str:
    """The types of an error and its causes, and a status if one came: what a log may tell.

    Messages of the language model's errors may quote what it was asked or what it said.
    """
    found: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(found) < 4:
        status = getattr(seen, "status_code", "")
        found.append(f"{type(seen).__name__} {status}".rstrip())
        seen = seen.__cause__
    return " from ".join(found)
