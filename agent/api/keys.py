"""API keys in a file: only their digests, what each may do, for which tenant, until when.

A key is 32 random bytes, so one SHA-256 is enough to keep it: there is no guessing it, and nothing
to slow down. The file is read again when it changes, so a key that is revoked ends at once.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock
from pydantic import AwareDatetime, Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError, StoreError

Scope = Literal["chat", "events", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
FILE = "keys.json"

_TENANT = r"[a-z0-9][a-z0-9-]{0,39}"


class Key(Value):
    """A key without its secret.

    Attributes:
        tenant: whose people its callers see; "" is the page's own.
        scopes: chat (answers, rankings, items), events (what people did), admin (people's data,
            metrics).
        digest: SHA-256 of the whole key, hex.
        holder: the id of the first key of those that took each other's place; "": this one.
        forwards: its callers are believed when a header says on whose behalf they call.
        until: when it ends; None: not by itself.
    """

    id: str
    name: str = Field(min_length=1, max_length=100)
    tenant: str = Field(default="", pattern=f"^({_TENANT})?$")
    scopes: tuple[Scope, ...] = Field(min_length=1)
    digest: str
    at: AwareDatetime
    until: AwareDatetime | None = None
    holder: str = ""
    forwards: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.until is None or now < self.until


class _File(Value):
    version: Literal[1] = 1
    keys: tuple[Key, ...] = ()


class Keys:
    """The keys of one installation; safe to use from several threads and processes.

    Args:
        path: the file; missing is the same as empty.

    Raises:
        StoreError: it cannot be read, from every method; then no key opens anything.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int], tuple[Key, ...]] | None = None
        self.all()

    def all(self) -> tuple[Key, ...]:
        """Every key, the oldest first, also those that have ended."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if self._read is None or self._read[0] != stamp:
                kept = _File.model_validate_json(self._path.read_bytes())
                self._read = (stamp, kept.keys)
        except FileNotFoundError as error:
            if self._read is not None:  # gone while in use: that must not open the door
                raise StoreError(f"the keys in {self._path} are gone") from error
            return ()
        except (OSError, ValidationError) as error:
            raise StoreError(f"the keys in {self._path} cannot be read: {error}") from error
        return self._read[1]

    def find(self, given: str) -> Key | None:
        """The key that this is, if it still holds. Takes as long for any key that is none."""
        digest = _digest(given)
        now = datetime.now(UTC)
        found = None
        for key in self.all():
            if hmac.compare_digest(key.digest, digest) and key.holds(now):
                found = key
        return found

    def add(
        self,
        name: str,
        *,
        scopes: Iterable[Scope],
        tenant: str = "",
        forwards: bool = False,
        holder: str = "",
    ) -> tuple[Key, str]:
        """Make a key; gives it with its secret, which is nowhere kept. `holder` as in `Key`.

        Raises:
            DataError: for a name, a scope or a tenant that cannot be.
        """
        key_id = secrets.token_hex(4)
        secret = f"sim-{key_id}-{secrets.token_urlsafe(32)}"
        try:
            key = Key(
                id=key_id,
                name=name,
                tenant=tenant,
                scopes=tuple(dict.fromkeys(scopes)),
                digest=_digest(secret),
                at=datetime.now(UTC),
                holder=holder,
                forwards=forwards,
            )
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DataError(f"a key's {where}: {first['msg']}") from error
        self._change(lambda keys: (*keys, key))
        return key, secret

    def rotate(self, key_id: str, *, grace: timedelta) -> tuple[Key, str]:
        """Make a key like this one, of the same holder; this one ends after a time of grace.

        Raises:
            DataError: there is no such key, or it has ended.
        """
        old = self._get(key_id)
        made = self.add(
            old.name,
            scopes=old.scopes,
            tenant=old.tenant,
            forwards=old.forwards,
            holder=old.holder or old.id,
        )
        self._end(key_id, datetime.now(UTC) + grace)
        return made

    def revoke(self, key_id: str) -> None:
        """End a key now.

        Raises:
            DataError: there is no such key, or it has ended.
        """
        self._get(key_id)
        self._end(key_id, datetime.now(UTC))

    def _get(self, key_id: str) -> Key:
        now = datetime.now(UTC)
        for key in self.all():
            if key.id == key_id and key.holds(now):
                return key
        raise DataError(f"there is no key {key_id[:40]!r} that still holds")

    def _end(self, key_id: str, until: datetime) -> None:
        def change(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            return tuple(
                Key(**{**key.model_dump(), "until": min(key.until or until, until)})
                if key.id == key_id
                else key
                for key in keys
            )

        self._change(change)

    def _change(self, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock")):
                content = _File(keys=change(self.all())).model_dump_json(indent=2)
                draft = self._path.with_suffix(".draft")
                draft.unlink(missing_ok=True)
                with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self._path)
        except OSError as error:
            raise StoreError(f"the keys in {self._path} cannot be written: {error}") from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
