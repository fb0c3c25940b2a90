"""`simpatico doctor`: is everything here that a good answer needs?"""

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import closing

from simpatico.agent.build import open_index
from simpatico.agent.cipher import ciphers_of
from simpatico.agent.roles import roles_of, weights_wanted
from simpatico.agent.stores import look_at_words
from simpatico.domain import Value
from simpatico.errors import SimpaticoError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.versions import Versions
from simpatico.settings import Settings


class Finding(Value):
    """What was found of one part, and what to do when it is not well."""

    part: str
    well: bool
    word: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at Python, disk, weights, index, words at rest and port, one finding each."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(part="python", well=sys.version_info >= (3, 11), word=version)
    for name, folder in (("home", settings.home), ("cache", settings.cache)):
        place = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(place).free / 2**30
        yield Finding(part=name, well=free > 1, word=f"{folder}, {free:.1f} GiB free")
    store = ModelStore(settings.cache)
    try:
        names = weights_wanted(settings, roles_of(settings))
    except SimpaticoError as error:
        names = ()
        yield Finding(part="adapters", well=False, word=str(error))
    for name in names:
        try:
            yield Finding(part=f"model {name}", well=True, word=str(store.path(name)))
        except SimpaticoError as error:
            yield Finding(part=f"model {name}", well=False, word=str(error))
    try:
        with closing(open_index(settings)) as index:
            word = f"{len(index.catalog)} items"
        yield Finding(part=f"index {settings.catalog}", well=True, word=word)
    except SimpaticoError as error:
        yield Finding(part=f"index {settings.catalog}", well=False, word=str(error))
    if found := examine_ranker(Versions(settings.home, settings.catalog)):
        yield found
    yield examine_words(settings)
    with closing(socket.socket()) as probe:
        busy = probe.connect_ex((settings.host, settings.port)) == 0
    yield Finding(
        part=f"port {settings.port}",
        well=True,
        word="in use (by a running Simpatico?)" if busy else "free",
    )


def examine_ranker(versions: Versions) -> Finding | None:
    """Look at the trained ranker; None where the catalogue has none."""
    part = f"ranker {versions.catalog}"
    try:
        served = versions.served()
    except SimpaticoError as error:
        return Finding(part=part, well=False, word=str(error))
    if served is None:
        return None
    word = f"version {served.version}"
    if served.fault:
        advice = "run `simpatico ranker rollback` or `simpatico ranker use shipped`"
        word = f"{word} in place of the chosen one, {advice}: {served.fault}"
    return Finding(part=part, well=not served.fault, word=word)


def examine_words(settings: Settings) -> Finding:
    """Look at how what people said lies on the disk."""
    part = "words at rest"
    try:
        ciphers = ciphers_of(settings.privacy)
        files = look_at_words(settings.home, ciphers)
    except SimpaticoError as error:
        return Finding(part=part, well=False, word=str(error))
    for file in files:
        if file.fault:
            return Finding(part=part, well=False, word=file.fault)
    if not ciphers:
        word = "not encrypted (SIMPATICO_PRIVACY__KEY or SIMPATICO_PRIVACY__KEY_FILE sets a key)"
        return Finding(part=part, well=True, word=word)
    if clear := [file.path.name for file in files if not file.encrypted]:
        word = f"not encrypted yet in {', '.join(clear)}: run `simpatico privacy encrypt`"
        return Finding(part=part, well=False, word=word)
    if not all(file.newest_key for file in files):
        word = "encrypted with an older key than the first: run `simpatico privacy encrypt`"
        return Finding(part=part, well=True, word=word)
    return Finding(part=part, well=True, word="encrypted")
