"""Libraries that only some work needs."""

import importlib
from typing import Any

from simpatico.errors import SettingsError


def needs(module: str, package: str, what: str) -> Any:
    """Import a library of an extra.

    Args:
        module: its name, dotted.
        package: what installs it.
        what: needs it, for the message.

    Raises:
        SettingsError: it is not installed; says how to get it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SettingsError(
            f"{what} needs {package}, which is not installed: pip install 'simpatico[train]'"
        ) from error
