"""What simulated people talk to: our service in this process, a server by URL, or popularity."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

import httpx
from pydantic import SecretStr, ValidationError

from simpatico.agent.api.schemas import Extra
from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.domain import Finished, Impression, Item, Reply, Turn, Value
from simpatico.errors import BadReply, LLMUnavailable, SettingsError
from simpatico.eval.own_home import own_home
from simpatico.retrieval.catalog import Catalog, Catalogs
from simpatico.retrieval.titles import TitleIndex
from simpatico.settings import Settings

POPULARITY: Final = "popularity"
N_POPULAR: Final = 4
_TIMEOUT_S: Final = 120.0
_MAX_NAMED: Final = 20


class Answered(Value):
    """What came back: words, ids of the items shown in order, and what was not as it should be."""

    text: str
    shown: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


class Talker(Protocol):
    """Something to talk to about films."""

    def reply(self, who: str, said: Sequence[Turn]) -> Answered:
        """Answer the newest message of somebody; `said` ends with it.

        Raises:
            SimpaticoError: no usable answer.
        """
        ...

    def lists(self, who: str) -> tuple[Impression, ...]:
        """The lists that somebody was shown, with their chances, if these are logged."""
        ...


class Service:
    """Our service, in this process."""

    def __init__(self, service: Simpatico, runner: asyncio.Runner) -> None:
        self._service = service
        self._runner = runner

    def reply(self, who: str, said: Sequence[Turn]) -> Answered:
        """See `Talker`; every person has one session."""
        found = self._runner.run(self._turn(who, said[-1].text))
        ids = tuple(one.item.id for one in found.recommendations)
        return Answered(text=found.text, shown=ids, degraded=found.degraded)

    def lists(self, who: str) -> tuple[Impression, ...]:
        """See `Talker`."""
        return self._runner.run(self._service.export(who)).impressions

    async def _turn(self, who: str, text: str) -> Reply:
        reply: Reply | None = None
        async for update in self._service.turn(text, user=who, session=who):
            if isinstance(update, Finished):
                reply = update.reply
        if reply is None:
            raise BadReply("a turn ended without a reply", raw="")
        return reply


class Endpoint:
    """An OpenAI-compatible server.

    What it shows is what it says it recommends, if it is one of ours; else the titles of the
    catalogue that its words name.

    Args:
        url: ending in /v1 as a rule.
        model: asked for.
        key: sent as bearer token; empty: none.
        catalog: whose items are looked for.
    """

    def __init__(self, url: str, model: str, key: SecretStr, catalog: Catalog) -> None:
        given = key.get_secret_value()
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        self._catalog = catalog
        self._titles = TitleIndex(catalog.items)
        self._client = httpx.Client(
            timeout=_TIMEOUT_S,
            headers={"Authorization": f"Bearer {given}"} if given else {},
            trust_env=False,
        )

    def reply(self, who: str, said: Sequence[Turn]) -> Answered:
        """See `Talker`; the whole dialogue is sent, and nobody is named."""
        messages = [{"role": turn.role, "content": turn.text} for turn in said]
        try:
            got = self._client.post(self._url, json={"model": self._model, "messages": messages})
            got.raise_for_status()
            body = got.json()
            text = body["choices"][0]["message"]["content"]
            if not isinstance(text, str):
                raise TypeError("the content is no text")
        except httpx.HTTPStatusError as error:
            raise LLMUnavailable(
                f"{self._url} answered {error.response.status_code}: {error.response.text[:200]}"
            ) from error
        except httpx.HTTPError as error:
            raise LLMUnavailable(f"{self._url} does not answer: {error}") from error
        except (ValueError, LookupError, TypeError) as error:
            raise BadReply(f"{self._url} gave no chat completion", raw=got.text[:500]) from error
        return self._read(text, body)

    def lists(self, who: str) -> tuple[Impression, ...]:
        """See `Talker`: not known of a server."""
        return ()

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _read(self, text: str, body: dict[str, Any]) -> Answered:
        try:
            extra = Extra.model_validate(body["simpatico"]) if "simpatico" in body else None
        except ValidationError:
            extra = None  # somebody else's key of this name
        if extra is None:
            named = dict.fromkeys(link.item_id for link in self._titles.link(text))
            return Answered(text=text, shown=tuple(named)[:_MAX_NAMED])
        ids = (one.id for one in extra.recommendations)
        shown = tuple(one for one in ids if self._catalog.get(one) is not None)
        return Answered(text=text, shown=shown, degraded=extra.degraded)


class Popular:
    """The best known that was not shown yet, whatever is said."""

    def __init__(self, items: Sequence[Item]) -> None:
        order = sorted(items, key=lambda item: (-item.popularity, item.id))
        self._ids = tuple(item.id for item in order)

    def reply(self, who: str, said: Sequence[Turn]) -> Answered:
        """See `Talker`."""
        at = N_POPULAR * sum(turn.role == "assistant" for turn in said)
        return Answered(text="These are popular.", shown=self._ids[at : at + N_POPULAR])

    def lists(self, who: str) -> tuple[Impression, ...]:
        """See `Talker`."""
        return ()


class Which(Value):
    """Which system to talk to.

    Attributes:
        name: in tables.
        settings: of our service, and of the catalogue; a home where nothing is written.
        url: of another system, or `POPULARITY`; "": ours in this process.
        model: that a server is asked for.
    """

    name: str
    settings: Settings
    url: str = ""
    model: str = "simpatico"
    key: SecretStr = SecretStr("")


@contextmanager
def talker_of(which: Which) -> Iterator[Talker]:
    """Open a system.

    Raises:
        SimpaticoError: it cannot be opened, or does not answer.
    """
    settings = which.settings
    if which.url == POPULARITY:
        yield Popular(Catalogs(settings.home).load(settings.catalog).items)
    elif which.url:
        catalog = Catalogs(settings.home).load(settings.catalog)
        server = Endpoint(which.url, which.model, which.key, catalog)
        try:
            server.reply("", [Turn(role="user", text="Hello!")])
            yield server
        finally:
            server.close()
    else:
        with own_home(settings.home) as home, asyncio.Runner() as runner:
            own = settings.model_copy(update={"home": home})
            service = runner.run(build(own, progress=lambda what, done, total: None))
            try:
                yield Service(service, runner)
            finally:
                runner.run(service.aclose())


def check_url(url: str) -> None:
    """Refuse what is no address.

    Raises:
        SettingsError: it is not http or https with a host.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"wanted an address as http://127.0.0.1:7860/v1, got {url}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SettingsError(f"wanted an address as http://127.0.0.1:7860/v1, got {url}")
