"""Any server that speaks the OpenAI protocol, as a system to be judged.

`--system http://host:port/v1#model`; without "#model" it is the first that the server lists. A key
is never in the address, and none is sent unasked: `--key-env` names the variable that has it.
Answers are kept as they come, so that a run that broke off asks only for what is missing. A
question that is answered badly, too late or not at all is a failed case; when several in a row get
no answer, the server is gone and the run stops.
"""

import asyncio
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from simpatico.agent.llm import OpenAILLM
from simpatico.errors import BadReply, DataError, LLMUnavailable, SettingsError
from simpatico.protocols import ProgressCallback

Chat = Sequence[dict[str, str]]
TIMEOUT_S: Final = 60.0
AT_ONCE: Final = 4
N_SILENT: Final = 5
"""Questions in a row without an answer after which the server counts as gone."""

KEPT: Final = "answers.jsonl"
_MAX_CHARS: Final = 20_000
_OPENING: Final = re.compile(r"[{\[]")


class ServerGone(LLMUnavailable):
    """A system stopped answering: the run fails, not its cases; what was answered is kept."""


class Answer(NamedTuple):
    """What came to one question; `text` is None where nothing usable came. `ms`: to its end."""

    text: str | None
    ms: float


def is_url(system: str) -> bool:
    """Whether a system is named by an address."""
    return system.startswith(("http://", "https://"))


class Endpoint:
    """A server that is asked chats, greedily (temperature 0).

    Args:
        url: its address, with the model's name after "#".
        keep: a folder for answers; None: they are remembered in this process alone.
        key: sent as bearer token; "": none.
        timeout_s: for one answer.

    Raises:
        SettingsError: the address has a key or password in it, or is none.
        LLMUnavailable: nobody listens there.
        BadReply, DataError: it lists no model, or kept answers are damaged.
    """

    def __init__(
        self, url: str, *, keep: Path | None = None, key: str = "", timeout_s: float = TIMEOUT_S
    ) -> None:
        parts = urlsplit(url)
        if parts.username or parts.password:
            raise SettingsError(
                "wanted an address without a password; --key-env names the variable of a key"
            )
        if not parts.hostname:
            raise SettingsError(f"wanted an address such as http://host:port/v1, got {url!r}")
        self._url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        self._key = key
        self._timeout_s = timeout_s
        self.model = parts.fragment or asyncio.run(self._first_model())
        self.name = f"{self.model} at {parts.netloc}"
        self._file = keep / KEPT if keep else None
        self._known = _read(self._file) if self._file else {}

    def ask(
        self,
        chats: Sequence[Chat],
        *,
        max_tokens: int,
        progress: ProgressCallback = lambda what, done, total: None,
    ) -> list[Answer]:
        """Ask chats, a few at once; those asked before are not asked again.

        Raises:
            ServerGone: `N_SILENT` in a row got no answer; what came before is kept.
            DataError: answers cannot be kept.
        """
        names = [self._name_of(chat, max_tokens) for chat in chats]
        new = {
            name: chat for name, chat in zip(names, chats, strict=True) if name not in self._known
        }
        silent = asyncio.run(self._ask(new, len(chats), max_tokens, progress))
        return [self._known.get(name) or silent[name] for name in names]

    async def _ask(
        self, new: dict[str, Chat], n: int, max_tokens: int, progress: ProgressCallback
    ) -> dict[str, Answer]:
        """Ask what is new; what got no answer is returned and not kept, to be asked next time."""
        llm = self._llm(self.model)
        silent: dict[str, Answer] = {}
        left = iter(new.items())
        in_a_row: list[LLMUnavailable] = []
        n_asked = n - len(new)

        async def work() -> None:
            nonlocal n_asked
            for name, chat in left:
                began = time.perf_counter()
                try:
                    text: str | None = (await llm.complete(chat, max_tokens=max_tokens)).text
                except BadReply:
                    text = None
                except LLMUnavailable as error:
                    in_a_row.append(error)
                    silent[name] = Answer(None, (time.perf_counter() - began) * 1000)
                else:
                    in_a_row.clear()
                if name not in silent:
                    self._keep(name, Answer(text, (time.perf_counter() - began) * 1000))
                if len(in_a_row) >= N_SILENT:
                    return
                n_asked += 1
                progress(f"Asking {self.model}", n_asked, n)

        try:
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        finally:
            await llm.aclose()
        if len(in_a_row) >= N_SILENT:
            raise ServerGone(
                f"{len(in_a_row)} questions in a row got no answer, so the run stops; what was"
                f" answered is kept, and the same command goes on ({in_a_row[0]})"
            )
        return silent

    async def _first_model(self) -> str:
        llm = self._llm("")
        try:
            models = await llm.models()
        finally:
            await llm.aclose()
        if not models:
            raise DataError(f"{self._url} lists no model; name one as {self._url}#NAME")
        return models[0]

    def _llm(self, model: str) -> OpenAILLM:
        return OpenAILLM(self._url, model, self._key, self._timeout_s)

    def _name_of(self, chat: Chat, max_tokens: int) -> str:
        asked = json.dumps([self._url, self.model, max_tokens, list(chat)], ensure_ascii=False)
        return hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:24]

    def _keep(self, name: str, answer: Answer) -> None:
        self._known[name] = answer
        if self._file is None:
            return
        row = {"question": name, **answer._asdict()}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab", buffering=0) as file:  # whole, beside other processes
                file.write(json.dumps(row).encode() + b"\n")
        except OSError as error:
            raise DataError(f"answers cannot be kept in {self._file}: {error}") from error


def _read(file: Path) -> dict[str, Answer]:
    """Answers kept; a last line that was cut off is taken away."""
    found: dict[str, Answer] = {}
    try:
        kept = file.read_bytes() if file.is_file() else b""
        whole = kept[: kept.rfind(b"\n") + 1]
        if whole != kept:
            os.truncate(file, len(whole))
        for line in whole.decode("utf-8").splitlines():
            row = json.loads(line)
            found[row["question"]] = Answer(row["text"], float(row["ms"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"answers kept in {file} are damaged: {error}; remove it") from error
    return found


def json_in(text: str) -> Iterator[Any]:
    """Every JSON object and list that stands in a text, in order; none inside of another."""
    decoder, at = json.JSONDecoder(), 0
    text = text[:_MAX_CHARS]
    while found := _OPENING.search(text, at):
        try:
            value, at = decoder.raw_decode(text, found.start())
            yield value
        except (ValueError, RecursionError):
            at = found.end()
