"""`simpatico key ...`: who may call the API, and for what."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from simpatico.agent.api.keys import FILE, Key, Keys, Scope
from simpatico.settings import load_settings
from simpatico.ui.progress import console

keys = typer.Typer(help="Who may call the API, and for what.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(help="as `simpatico key list` shows it")]


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(help="for people, e.g. whose it is")],
    scope: Annotated[
        list[str] | None, typer.Option(help="chat, events or admin; give it again for more")
    ] = None,
    tenant: Annotated[
        str, typer.Option(help="whose people its callers see; without it: the page's own")
    ] = "",
    forwards: Annotated[
        bool,
        typer.Option(
            help="believe whom its X-OpenWebUI-User-* header names: a chat page of many people"
        ),
    ] = False,
) -> None:
    """Make a key and show it this once. From the first one on, the API asks for a key."""
    scopes: list[Scope] = list(scope or ["chat"])  # type: ignore[arg-type]  # checked in there
    _show(*_keys().add(name, scopes=scopes, tenant=tenant, forwards=forwards))


@keys.command("list")
def list_keys() -> None:
    """Tell which keys there are, without their secrets."""
    from simpatico.eval.tables import Table
    from simpatico.ui.tables import to_rich

    now = datetime.now(UTC)
    rows = tuple(
        (key.id, key.name, key.tenant, _may(key), f"{key.at:%Y-%m-%d}", _ends(key, now))
        for key in _keys().all()
    )
    columns = ("id", "name", "tenant", "scopes", "made", "ends")
    Console().print(to_rich(Table(title="Keys", columns=columns, rows=rows)))


@keys.command("rotate")
def rotate(
    key_id: KeyId,
    grace_h: Annotated[float, typer.Option(help="hours that the old one still holds", min=0)] = 24,
) -> None:
    """Make a new key in place of one, and show it this once."""
    _show(*_keys().rotate(key_id, grace=timedelta(hours=grace_h)))


@keys.command("revoke")
def revoke(key_id: KeyId) -> None:
    """End a key now, also for servers that run."""
    _keys().revoke(key_id)
    console.print(f"{key_id} no longer opens anything")


def _keys() -> Keys:
    return Keys(load_settings().home / FILE)


def _show(key: Key, secret: str) -> None:
    console.print(f"key {key.id} for {', '.join(key.scopes)}; it is shown only now:")
    typer.echo(secret)


def _may(key: Key) -> str:
    return ", ".join((*key.scopes, *(("forwards",) if key.forwards else ())))


def _ends(key: Key, now: datetime) -> str:
    if key.until is None:
        return ""
    return f"{key.until:%Y-%m-%d %H:%M}" if key.holds(now) else "ended"
