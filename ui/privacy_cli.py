"""`simpatico privacy ...`: how what people said lies on the disk."""

import typer

from simpatico.agent.cipher import ciphers_of, new_key
from simpatico.agent.stores import encrypt_words
from simpatico.errors import SettingsError
from simpatico.settings import load_settings
from simpatico.ui.progress import console

privacy = typer.Typer(help="How what people said lies on the disk.", no_args_is_help=True)


@privacy.command("new-key")
def show_new_key() -> None:
    """Make a key and show it. It is kept nowhere: whoever loses it loses what it encrypted."""
    typer.echo(new_key())


@privacy.command("encrypt")
def encrypt() -> None:
    """Bring all that was said under the first key given. Stop a server that runs before."""
    settings = load_settings()
    ciphers = ciphers_of(settings.privacy)
    if not ciphers:
        raise SettingsError("give a key: SIMPATICO_PRIVACY__KEY or SIMPATICO_PRIVACY__KEY_FILE")
    n = encrypt_words(settings.home, ciphers, to=ciphers[0])
    console.print(f"{n} entries encrypted; keys but the first are needed no more")


@privacy.command("decrypt")
def decrypt() -> None:
    """Write all that was said in the clear again. Stop a server that runs before."""
    settings = load_settings()
    n = encrypt_words(settings.home, ciphers_of(settings.privacy), to=None)
    console.print(f"{n} entries are in the clear; start without a key from now on")
