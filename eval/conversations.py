"""One simulated conversation: what is said by turns, what is shown, and when it is found."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Final, Protocol

from pydantic import SecretStr

from simpatico.agent.engine import LlamaServer
from simpatico.agent.llm import OpenAILLM
from simpatico.domain import Impression, Item, Turn, Value
from simpatico.errors import BadReply, SimpaticoError
from simpatico.eval import seekers
from simpatico.eval.engines import Work
from simpatico.eval.seekers import FEELINGS, MAX_TURNS, Seeker, fits
from simpatico.eval.talkers import Talker, Which, talker_of
from simpatico.eval.title_leaks import leak
from simpatico.modelstore import ModelStore
from simpatico.protocols import LLM
from simpatico.retrieval.catalog import Catalog, Catalogs
from simpatico.settings import Settings

_MAX_CHARS: Final = 300
_MAX_TOKENS: Final = 60
_CHAT_TIMEOUT_S: Final = 120.0


class Outcome(Value):
    """What came of a conversation.

    Attributes:
        found_at: the turn (from 1) at which the target was shown; 0: never.
        n_turns: turns that were answered.
        fit: for each list shown the share of it that has all that was said so far.
        n_shown: items shown. n_again: of these, shown before in the conversation.
        n_degraded: turns on a fallback.
        leaked: how a message gave the title away, which ended the case; "": none did.
        failed: why the system, or the model that speaks for the seeker, gave no answer; "": both
            did.
        liked: (list, item) of what stood last in a list and has all that was said so far.
        lists: with their chances, if the system logs them.
        told: the conversation, to read.
    """

    found_at: int = 0
    n_turns: int = 0
    fit: tuple[float, ...] = ()
    n_shown: int = 0
    n_again: int = 0
    n_degraded: int = 0
    leaked: str = ""
    failed: str = ""
    liked: tuple[tuple[str, str], ...] = ()
    lists: tuple[Impression, ...] = ()
    told: tuple[Turn, ...] = ()


class Voice(Protocol):
    """Speaks for seekers."""

    def say(self, seeker: Seeker, told: Sequence[Turn]) -> str:
        """The next message.

        Raises:
            SimpaticoError: none came.
        """
        ...


class Attributes:
    """Says one thing after another that is true of the target."""

    def say(self, seeker: Seeker, told: Sequence[Turn]) -> str:
        """See `Voice`."""
        return seekers.message(seeker, 1 + len(told) // 2)


class Chat:
    """A language model speaks, told the same things; the title it is never told."""

    def __init__(self, llm: LLM, runner: asyncio.Runner) -> None:
        self._llm = llm
        self._runner = runner

    def say(self, seeker: Seeker, told: Sequence[Turn]) -> str:
        """See `Voice`."""
        facts = "; ".join(f"{wish.kind}: {wish.value}" for wish in seeker.wishes)
        system = (
            "You play a person who asks a film recommender for help. You look for one film. You do"
            f" not know its title and you never name any film. What you know of it: {facts}."
            f" How you feel: {seeker.feeling} Answer in one short sentence, as this person. If you"
            " were offered films, say that none of them is it and tell one more thing you know."
        )
        turned = [
            {"role": "assistant" if turn.role == "user" else "user", "content": turn.text}
            for turn in told
        ] or [{"role": "user", "content": "Hello! What would you like to watch?"}]
        seed = sum(seeker.id.encode()) + len(told)
        found = self._runner.run(
            self._llm.complete(
                [{"role": "system", "content": system}, *turned],
                max_tokens=_MAX_TOKENS,
                temperature=0.7,
                seed=seed,
            )
        )
        said = found.text.strip().split("\n")[0][:_MAX_CHARS].strip()
        if not said:
            raise BadReply("the model that speaks for the seeker said nothing", raw=found.text)
        return said


def converse(seeker: Seeker, voice: Voice, talker: Talker, catalog: Catalog) -> Outcome:
    """Talk until the target is shown, at most `MAX_TURNS` messages.

    Every message is looked at before it is sent: one that gives the title away ends the case.
    """
    told: list[Turn] = []
    at = Outcome()
    seen: set[str] = set()
    for turn in range(1, MAX_TURNS + 1):
        try:
            said = voice.say(seeker, told)
            if how := leak(said, seeker.title):
                told.append(Turn(role="user", text=said))
                at = at.model_copy(update={"leaked": how})
                break
            told.append(Turn(role="user", text=said))
            answered = talker.reply(seeker.id, told)
        except SimpaticoError as error:
            at = at.model_copy(update={"failed": f"{type(error).__name__}: {error}"[:300]})
            break
        told.append(Turn(role="assistant", text=answered.text))
        items = [item for one in answered.shown if (item := catalog.get(one)) is not None]
        at = at.model_copy(
            update={
                "n_turns": turn,
                "fit": (*at.fit, *([_fit(seeker, turn, items)] if items else [])),
                "n_shown": at.n_shown + len(items),
                "n_again": at.n_again + sum(item.id in seen for item in items),
                "n_degraded": at.n_degraded + bool(answered.degraded),
            }
        )
        seen |= {item.id for item in items}
        if seeker.target in answered.shown:
            at = at.model_copy(update={"found_at": turn})
            break
    return _with_lists(at, seeker, talker, catalog).model_copy(update={"told": tuple(told)})


def _with_lists(at: Outcome, seeker: Seeker, talker: Talker, catalog: Catalog) -> Outcome:
    """With what the system logged, and what the seeker thought of the last of each list."""
    try:
        lists = talker.lists(seeker.id)
    except SimpaticoError as error:
        return at.model_copy(update={"failed": f"{type(error).__name__}: {error}"[:300]})
    liked = []
    for number, shown in enumerate(lists, start=1):
        last = catalog.get(shown.items[shown.positions.index(max(shown.positions))])
        if last is not None and _fit(seeker, number, [last]):
            liked.append((shown.list_id, last.id))
    return at.model_copy(update={"lists": lists, "liked": tuple(liked)})


def _fit(seeker: Seeker, turn: int, items: Sequence[Item]) -> float:
    """Share of the items that have all that was said up to a turn."""
    said = seeker.wishes[:turn]
    return sum(all(fits(item, wish) for wish in said) for item in items) / len(items)


class Talks(Value):
    """Opens a system and a voice for a worker.

    Attributes:
        which: system to talk to.
        chat: a language model speaks for the seekers.
        chat_url: its server; "": the embedded model, in each worker.
        chat_model: its name there, or in the model store.
        chat_key: of the server; empty: none.
    """

    which: Which
    chat: bool = False
    chat_url: str = ""
    chat_model: str = ""
    chat_key: SecretStr = SecretStr("")

    @contextmanager
    def __call__(self) -> Iterator[Work[Seeker, Outcome]]:
        """See `engines.Open`.

        Raises:
            SimpaticoError: the system or the model cannot be had.
        """
        settings = self.which.settings
        catalog = Catalogs(settings.home).load(settings.catalog)
        speaking = self._chat(settings) if self.chat else nullcontext(Attributes())
        with talker_of(self.which) as talker, speaking as voice:
            yield lambda seeker: converse(seeker, voice, talker, catalog)

    @contextmanager
    def _chat(self, settings: Settings) -> Iterator[Voice]:
        if self.chat_url:
            key = self.chat_key.get_secret_value()
            with _client(self.chat_url, self.chat_model, key) as voice:
                yield voice
            return
        folder = ModelStore(settings.cache).path(self.chat_model)
        with (
            LlamaServer(next(folder.glob("*.gguf")), settings.llm.context) as server,
            _client(server.url, self.chat_model, server.key) as voice,
        ):
            yield voice


@contextmanager
def _client(url: str, model: str, key: str) -> Iterator[Voice]:
    with asyncio.Runner() as runner:
        llm = OpenAILLM(url, model, key, _CHAT_TIMEOUT_S)
        try:
            yield Chat(llm, runner)
        finally:
            runner.run(llm.aclose())


def moods_of(each: Sequence[Seeker]) -> list[str]:
    """The moods that seekers have, in the order of `FEELINGS`."""
    return [mood for mood in FEELINGS if any(one.mood == mood for one in each)]
