"""The operator's sheet: how it runs, and the ranker rolled back. Only for whom `admit` lets in."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from simpatico.agent.api.door import VERSION, Door
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.operator import admit
from simpatico.agent.api.overview import overview
from simpatico.agent.roles import roles_of
from simpatico.agent.service import Simpatico
from simpatico.errors import ModelError, SimpaticoError, StoreError
from simpatico.retrieval.audit import AuditReport
from simpatico.retrieval.catalog import names_in
from simpatico.retrieval.fusion import read_card
from simpatico.retrieval.versions import SHIPPED, Versions
from simpatico.settings import Settings
from simpatico.ui.admin_sheet import Rankers, RankerVersion, Running, drawn, locked, roles, waiting
from simpatico.ui.sheets import part, said
from simpatico.ui.strings import EN, Strings
from simpatico.ui.talk import Talk

if TYPE_CHECKING:
    import gradio as gr

SAMPLE = 200
"""How many items a look at the index tries."""


class Rolling:
    """The versions of the rankers of the catalogues at work.

    Args:
        settings: where they lie.
        catalog: the catalogue's name; of several the first that has a ranker is served.
        ranker: the name of the ranker that is served.
    """

    def __init__(self, settings: Settings, catalog: str, ranker: str) -> None:
        found = [Versions(settings.home, name) for name in names_in(catalog)]
        self._versions = {one.catalog: one for one in found if one.shipped is not None}
        kind, version, *_ = *ranker.split(), ""
        self._now = (version or SHIPPED) if kind == "fusion" else ""

    def all(self) -> tuple[Rankers, ...]:
        """Each catalogue's, the newest version first. Raises `ModelError` when one is damaged."""
        return tuple(self._rankers(name, one) for name, one in self._versions.items())

    def back(self, catalog: str, version: str) -> str:
        """Serve a version from the next start on, as `simpatico ranker rollback`.

        Raises:
            ModelError: there is no such ranker, or that is not what was served before.
            StoreError: the choice cannot be kept.
        """
        if catalog not in self._versions:
            raise ModelError(f"no ranker of the catalogue {catalog[:40]!r} is served")
        return self._versions[catalog].rollback(version)

    def _rankers(self, name: str, versions: Versions) -> Rankers:
        used = versions.used()
        here = bool(self._now) and name == next(iter(self._versions))
        rows = []
        for each in reversed(versions.names()):
            now, then = here and each == self._now, here and each == used[-1]
            state = "now" if now else "next" if then else "was" if each in used else ""
            try:
                card = read_card(versions.folder(each))
                about = "; ".join([card.data, *(f"{what}: {n}" for what, n in card.measured)])
            except ModelError as error:
                about = str(error)
            rows.append(RankerVersion(name=each, state=state, about=about))
        back = used[-2] if len(used) > 1 else ""
        return Rankers(catalog=name, versions=tuple(rows), back=back)


def admin_sheet(
    service: Simpatico, door: Door, talk_state: "gr.State", **quiet: Any
) -> Callable[..., Any]:
    """Lay out the sheet and wire it.

    Gives the event handler that tells the sheet which language it is in, to be chained after what
    finds that out.
    """
    import gradio as gr

    sheet = part("admin.js", {"html": waiting()}, elem_id="operate")
    since = datetime.now(UTC)

    def rolling() -> Rolling:
        return Rolling(door.settings, service.catalog.name, service.at_work()["ranker"])

    Did = tuple[str, AuditReport | None]

    async def running(checked: AuditReport | None, words: Strings) -> Running:
        try:
            covered: tuple[int, int] | None = await service.coverage()
        except StoreError:
            covered = None
        parts = await service.health()
        door.metrics.parts(parts)
        return Running(
            since=since,
            overview=overview(door.metrics),
            covered=covered,
            parts=tuple(parts.items()),
            models=await asyncio.to_thread(_models, service, door.settings, words),
            rankers=await asyncio.to_thread(rolling().all),
            checked=checked,
        )

    def wired(
        work: Callable[[Strings, "gr.EventData"], Awaitable[Did]],
    ) -> Callable[..., Awaitable[dict[str, Any]]]:
        """An event's handler: let in, do it, then show how it runs."""

        async def handle(
            talk: Talk | None, event: gr.EventData, request: gr.Request
        ) -> dict[str, Any]:
            words = talk.words if talk else EN
            try:
                admit(
                    door,
                    peer=request.client.host if request.client else "",
                    headers=request.headers.items(),
                    key=said(event, "key"),
                )
            except ApiError as error:
                return _value(locked(words, _refusal(error, words)), shut=True)
            except StoreError:
                return _value(locked(words, words.op_failed), shut=True)
            zone = datetime.now().astimezone().tzinfo
            try:
                told, checked = await work(words, event)
                html = drawn(await running(checked, words), zone=zone, words=words, said=told)
            except SimpaticoError:
                return _value(waiting(words, words.op_failed))
            return _value(html)

        return handle

    async def look(words: Strings, event: gr.EventData) -> Did:
        return "", None

    async def check(words: Strings, event: gr.EventData) -> Did:
        return "", await service.audit(sample=SAMPLE)

    async def back(words: Strings, event: gr.EventData) -> Did:
        wanted = said(event, "catalog"), said(event, "version")
        version = await asyncio.to_thread(rolling().back, *wanted)
        return words.op_rolled_back.format(version=version), None

    def leave(talk: Talk | None) -> dict[str, Any]:
        return {"html": waiting(talk.words if talk else EN)}

    for listen, work in ((sheet.look, look), (sheet.check, check), (sheet.back, back)):
        listen(wired(work), [talk_state], [sheet], **quiet)
    sheet.leave(leave, [talk_state], [sheet], **quiet)
    return lambda before: before.then(leave, [talk_state], [sheet], **quiet)


def _value(html: str, *, shut: bool = False) -> dict[str, Any]:
    """As admin.js takes it; an id of its own makes it be heard of each time."""
    return {"html": html, "locked": shut, "id": str(uuid4())}


def _models(service: Simpatico, settings: Settings, words: Strings) -> tuple[tuple[str, str], ...]:
    given = settings.llm
    found = {
        words.op_version: VERSION,
        words.op_catalog: service.catalog.name,
        **roles(service.at_work(), words),
    }
    asked = roles_of(settings)
    found[words.op_llm] = given.model if asked else words.op_none
    for task, adapter in asked.adapters.items():
        name = f"{adapter.name} {adapter.version}" if adapter else task
        found[words.op_adapter.format(task=task)] = name
    return tuple(found.items())


def _refusal(error: ApiError, words: Strings) -> str:
    """Why somebody was not let in; nothing when they have not tried yet."""
    if error.status == 429:
        return words.op_too_many.format(s=error.headers.get("Retry-After", "60"))
    told = {
        "missing_api_key": "",
        "no_api_key": words.op_no_key_yet,
        "insufficient_scope": words.op_may_not,
    }
    return told.get(error.code or "", words.op_wrong)
