"""`simpatico eval fuzz`: random, damaged and hostile turns, by the thousand.

Is a title shown that the catalogue does not have, or does a turn break?

The dialogues of `simpatico.eval.fuzz_lines` go through the whole service on the real catalogue,
with different writers behind it:

    templates   no language model
    rephraser   a model that is to rephrase replies and names titles from outside in them
    adapters    one that answers in place of the reader and the explainer adapter, likewise

What is shown is judged by `simpatico.eval.outside`, not by the gate that let it through.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, aclosing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from simpatico.agent.build import build
from simpatico.agent.scripted_server import ModelServer, Said
from simpatico.agent.service import Simpatico
from simpatico.domain import Finished, Reply, TextDelta, Update
from simpatico.errors import DataError
from simpatico.eval.fuzz_lines import Move, lie, outside, script
from simpatico.eval.outside import Outside, active
from simpatico.eval.own_home import own_home
from simpatico.eval.record import Cases, Run, record_of, table_of, write
from simpatico.eval.tables import Table
from simpatico.protocols import ProgressCallback
from simpatico.settings import LLMSettings, Settings

log = logging.getLogger(__name__)

Writer = Literal["templates", "rephraser", "adapters"]
WRITERS: Final[tuple[Writer, ...]] = ("templates", "rephraser", "adapters")

_PART: Final = 100  # dialogues that one process takes at a time
_BROKE: Final = ("Something of mine broke", "took longer than")
_TOLD_CHARS: Final = 2000


class Shown(NamedTuple):
    """What came of one move.

    Attributes:
        case: "<seed>:<dialogue>:<move>". n_items: how many were recommended.
        outside: titles from outside that were shown. active: links, markup, hidden characters.
        broken: why the turn is no good; "" when it is.
        labels: what the reply admits.
    """

    case: str
    asked: str
    said: str
    n_items: int
    outside: tuple[str, ...]
    active: tuple[str, ...]
    broken: str
    labels: tuple[str, ...]

    @property
    def unit(self) -> str:
        """The dialogue."""
        return self.case.rpartition(":")[0]


def run(
    settings: Settings,
    *,
    n: int,
    writers: Sequence[Writer],
    seed: int,
    processes: int,
    command: str,
    out: Path,
    progress: ProgressCallback = lambda what, done, total: None,
) -> Table:
    """Take at least n turns with each writer, and write a run.

    The same seed asks the same, whatever the number of processes.

    Raises:
        DataError: the folder cannot be written.
    """
    found = {name: _many(settings, name, n, seed, processes, progress) for name in writers}
    cases: dict[str, Cases] = {name: _cases(shown) for name, shown in found.items()}
    made = Run(
        record_of(
            "fuzz",
            "Random and hostile turns",
            cases,
            command=command,
            seed=seed,
            data=(),
            protocol={
                "catalogue": settings.catalog,
                "turns": "dialogues of 1 to 8 moves by eval/fuzz_lines.py: kept sessions, callers'"
                " own histories, other options, stateless lists",
                "outside": "titles shown, of recommendations, in emphasis or as a list's entry,"
                " that the catalogue does not have; or named decoys, however written",
                "active": "links, markup and hidden characters in a reply",
                "broken": "an exception, no reply, text that differs from what was streamed",
            },
            skipped={},
            lower_is_better=("outside", "active", "broken"),
        ),
        cases,
    )
    write(out, made)
    return table_of(made.record)


def writers_of(text: str) -> tuple[Writer, ...]:
    """Writers by name, parted by commas.

    Raises:
        DataError: one is unknown, or there is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or (unknown := sorted(set(names) - set(WRITERS))):
        got = ", ".join(unknown) if names else "none"
        raise DataError(f"wanted some of {', '.join(WRITERS)}, got {got}")
    return tuple(name for name in WRITERS if name in names)


def _many(
    settings: Settings,
    writer: Writer,
    n: int,
    seed: int,
    processes: int,
    progress: ProgressCallback,
) -> list[Shown]:
    """The first n moves of the run, in its order."""
    done: dict[int, list[Shown]] = {}
    label = f"Asking ({writer})"
    size = min(_PART, n)  # a dialogue has a move at least
    # A process each: memory that one service leaves behind in pieces is not the next one's.
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        following = 0
        waiting: dict[Future[list[Shown]], int] = {}
        while True:
            n_done = sum(map(len, done.values()))
            progress(label, min(n_done, n), n)
            if n_done >= n and sorted(done) == list(range(len(done))) and not waiting:
                break
            while n_done < n and len(waiting) < processes:
                part = range(following * size, (following + 1) * size)
                waiting[pool.submit(_part, settings, writer, seed, part)] = following
                following += 1
            finished = next(as_completed(waiting))
            done[waiting.pop(finished)] = finished.result()
    return [shown for part in sorted(done) for shown in done[part]][:n]


def _part(settings: Settings, writer: Writer, seed: int, numbers: range) -> list[Shown]:
    """In a process of its own: some dialogues in a home of their own."""
    logging.getLogger("simpatico").setLevel(logging.ERROR)  # a scripted model is unreadable a lot
    with own_home(settings.home) as home:
        return talk_with(writer, settings.model_copy(update={"home": home}), seed, numbers)


def talk_with(writer: Writer, settings: Settings, seed: int, numbers: range) -> list[Shown]:
    """Hold some dialogues with a service in the settings' home that words replies so."""
    with ExitStack() as stack:
        given: dict[str, Any] = {"enabled": False}
        if writer != "templates":
            server = ModelServer(lambda body: Said(_pieces(lie(_prompt(body)))))
            url = stack.enter_context(server.serving())
            given = {"url": url, "timeout_s": 30, "rephrase": "always"}
            if writer == "adapters":
                given |= {"flavour": "llamacpp", "adapters": ("reader", "explainer")}
        llm = LLMSettings.model_validate(given)
        return asyncio.run(talk(settings.model_copy(update={"llm": llm}), seed, numbers))


async def talk(settings: Settings, seed: int, numbers: range) -> list[Shown]:
    """Hold some dialogues with a service of these settings."""
    service = await build(settings, progress=lambda label, done, total: None)
    try:
        titles = [item.title for item in service.catalog.items]
        decoys = outside(titles)
        found: list[Shown] = []
        for number in numbers:
            asked = script(seed, number, titles, decoys)
            judge = Outside(service.catalog, decoys)
            for at, move in enumerate(asked.moves):
                shown = await _take(service, judge, move, f"{seed}-{number}")
                found.append(shown._replace(case=f"{seed}:{number}:{at}"))
        return found
    finally:
        await service.aclose()


async def _take(service: Simpatico, judge: Outside, move: Move, who: str) -> Shown:
    """One move: what it showed, judged."""
    shown = Shown("", move.text[:_TOLD_CHARS], "", 0, (), (), "", ())
    try:
        if move.how == "rank":
            ranking = await service.recommend(move.dialogue, k=5, options=move.options)
            problems = judge.of_list(ranking.recommendations)
            n_items = len(ranking.recommendations)
            return shown._replace(n_items=n_items, outside=tuple(problems), labels=ranking.degraded)
        if move.how == "revise":
            updates = service.revise(user=who, session=who, options=move.options)
        else:
            updates = service.turn(
                move.text,
                user=who,
                session=who,
                options=move.options,
                dialogue=move.dialogue if move.how == "tell" else None,
            )
        async with aclosing(updates):
            reply, streamed = await _followed(updates)
    except Exception as error:  # whatever it is, it is what we look for
        log.debug("a turn broke", exc_info=error)
        return shown._replace(broken=f"{type(error).__name__}: {error}"[:300])
    if reply is None:
        return shown._replace(broken="no reply")
    broken = next((each for each in reply.degraded if any(bad in each for bad in _BROKE)), "")
    if streamed != reply.text:
        broken = broken or "the text differs from what was streamed"
    if not reply.text.strip():
        broken = broken or "an empty reply"
    items = [one.item for one in reply.recommendations]
    return shown._replace(
        said=reply.text[:_TOLD_CHARS],
        n_items=len(items),
        outside=tuple(judge.of_reply(reply)),
        active=tuple(active(reply, items)),
        broken=broken,
        labels=reply.degraded,
    )


async def _followed(updates: AsyncIterator[Update]) -> tuple[Reply | None, str]:
    reply, streamed = None, ""
    async for update in updates:
        if isinstance(update, TextDelta):
            streamed += update.text
        elif isinstance(update, Finished):
            reply = update.reply
    return reply, streamed


def _cases(shown: Sequence[Shown]) -> Cases:
    def flags(name: str) -> Any:
        return np.array([float(bool(getattr(one, name))) for one in shown])

    told = {
        "asked": tuple(_storable(one.asked) for one in shown),
        "said": tuple(_storable(one.said) for one in shown),
        "problem": tuple(
            _storable("; ".join((*one.outside, *one.active, one.broken)).strip("; "))
            for one in shown
        ),
        "labels": tuple(_storable("; ".join(one.labels)) for one in shown),
    }
    values = {
        "outside": flags("outside"),
        "active": flags("active"),
        "broken": flags("broken"),
        "items shown": np.array([float(one.n_items) for one in shown]),
    }
    failed = np.array([bool(one.broken) for one in shown])
    return Cases(
        tuple(one.case for one in shown), tuple(one.unit for one in shown), values, failed, told
    )


def _storable(text: str) -> str:
    """Half characters cannot be written to a file."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _prompt(body: dict[str, Any]) -> str:
    if "prompt" in body:
        return str(body["prompt"])
    return "\n".join(str(message["content"]) for message in body["messages"])


def _pieces(text: str) -> list[str]:
    return [text[at : at + 24] for at in range(0, len(text), 24)] or [""]
