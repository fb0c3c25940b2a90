"""Words at rest, encrypted with a key that lies elsewhere.

Fernet of the package `cryptography`: AES-128 in CBC mode and an HMAC-SHA256 over it. A file is
under one key at a time, or under none. It carries a token made with that key, so that a wrong key
or a missing one is known when the file is opened, before anything is read or written.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken

from simpatico.agent.database import Database
from simpatico.errors import SettingsError, StoreError
from simpatico.settings import PrivacySettings

_PART = "encryption"
_MIGRATIONS = (("CREATE TABLE encryption (token BLOB NOT NULL)",),)
_KNOWN = b"simpatico"
TOKENS = "SELECT token FROM encryption"
"""What a file is under: one row, or none."""


class Column(NamedTuple):
    """Where words stand: in `column` of `table`, as text, or as bytes whose kind is in `kind`."""

    table: str
    column: str
    kind: str = ""


TURNS = (Column("turns", "text"), Column("titles", "title"))
"""Of the file of sessions."""
THREADS = (Column("checkpoints", "checkpoint", "type"), Column("writes", "value", "type"))
"""Of the file of threads."""


class Cipher:
    """One key. Satisfies LangGraph's `CipherProtocol`.

    Args:
        key: 32 random bytes in URL-safe base64, as `new_key` makes them.

    Raises:
        SettingsError: for anything else.
    """

    name = "fernet"

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise SettingsError(
                "an encryption key is 32 bytes in URL-safe base64, as `simpatico privacy new-key`"
                f" makes one; got {len(key)} characters that are not"
            ) from error

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        """Give the name of the method and the encrypted bytes."""
        return self.name, self._fernet.encrypt(plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        """Undo `encrypt`. Raises `StoreError` for what this key did not encrypt."""
        if ciphername != self.name:
            raise StoreError(f"words encrypted with {ciphername[:40]!r}, known is {self.name!r}")
        try:
            return self._fernet.decrypt(ciphertext)
        except InvalidToken as error:
            raise StoreError("words that were not encrypted with this key") from error

    def shut(self, text: str) -> bytes:
        """A text, encrypted."""
        return self.encrypt(text.encode("utf-8", "surrogatepass"))[1]

    def read(self, token: bytes) -> str:
        """Undo `shut`. Raises `StoreError` as `decrypt` does."""
        return self.decrypt(self.name, token).decode("utf-8", "surrogatepass")


class Lock(NamedTuple):
    """What a file's words are encrypted with; without a cipher they lie there as they are."""

    cipher: Cipher | None = None
    token: bytes | None = None

    def check(self, connection: Connection) -> None:
        """Raises `StoreError` when the file went under another key since it was opened."""
        self.check_token(_token(connection))

    def check_token(self, token: bytes | None) -> None:
        """The same of what `TOKENS` found there."""
        if token != self.token:
            raise StoreError(
                "the words were encrypted anew while this ran: start it again with the key in force"
            )

    def shut(self, text: str) -> str | bytes:
        """A text as it is to be stored."""
        return text if self.cipher is None else self.cipher.shut(text)

    def read(self, stored: str | bytes) -> str:
        """A stored text as it was. Raises `StoreError` when it was encrypted with another key."""
        if isinstance(stored, str):
            return stored
        if self.cipher is None:
            raise StoreError("encrypted words in a file that is not encrypted")
        return self.cipher.read(stored)


def new_key() -> str:
    """A random key."""
    return Fernet.generate_key().decode()


def ciphers_of(settings: PrivacySettings) -> tuple[Cipher, ...]:
    """The keys given, the one to use first; none: nothing is encrypted.

    Raises:
        SettingsError: for a file that cannot be read, or what is no key; no key is repeated.
    """
    given = settings.key.get_secret_value()
    if settings.key_file is not None:
        try:
            given = settings.key_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"the key file {settings.key_file} cannot be read: {type(error).__name__}"
            ) from error
        if not given.strip():
            raise SettingsError(f"the key file {settings.key_file} is empty")
    return tuple(Cipher(key) for key in given.replace(",", " ").split())


def unlock(path: Path, columns: Iterable[Column], ciphers: tuple[Cipher, ...]) -> Lock:
    """Find the key of a file. One without words yet goes under the first key, if there is one.

    Raises:
        StoreError: the file is under a key that is not given; or it holds words in the clear and
            a key is given; or it is to go under a key and somebody has it open, who would write
            in the clear; or it cannot be used. Nothing was changed.
    """
    database = Database(path, part=_PART, migrations=_MIGRATIONS)
    try:
        with database.write() as connection:
            lock = _found(path, connection, columns, ciphers)
        if lock is None:
            database.take_alone()
            with database.write() as connection:
                lock = _found(path, connection, columns, ciphers)
                return lock or _put_under(connection, ciphers[0])
        return lock
    finally:
        database.close()


def lock_of(path: Path, ciphers: tuple[Cipher, ...]) -> Lock:
    """What an existing file is under. Raises `StoreError` as `unlock` does for a wrong key."""
    database = Database(path, part=_PART, migrations=_MIGRATIONS)
    try:
        [*tokens] = database.read(TOKENS)
        return Lock(_opener(path, tokens[0][0], ciphers), tokens[0][0]) if tokens else Lock()
    finally:
        database.close()


@contextmanager
def held_alone(path: Path) -> Iterator[Database]:
    """A file that nobody else has open, and nobody can open while the block runs.

    So nobody goes on with a key that is no longer in force.

    Raises:
        StoreError: somebody has it open; or it cannot be written.
    """
    database = Database(path, part=_PART, migrations=_MIGRATIONS)
    try:
        database.take_alone()
        yield database
    finally:
        database.close()


def encrypt_anew(
    database: Database,
    columns: Iterable[Column],
    ciphers: tuple[Cipher, ...],
    *,
    to: Cipher | None,
) -> int:
    """Bring all words of a file under a key, or under none; gives how many places were rewritten.

    All or nothing, in one transaction; the old bytes are overwritten in the file.

    Args:
        database: the file, as `held_alone` gives it.
        columns: where its words stand.
        ciphers: keys that may open it.
        to: the new key.

    Raises:
        StoreError: the file's key is not among `ciphers`; or it cannot be read or written.
    """
    with database.write() as connection:
        token = _token(connection)
        old = None if token is None else _opener(database.path, token, ciphers)
        n = sum(_rewrite(connection, column, old=old, new=to) for column in columns)
        connection.execute("DELETE FROM encryption")
        if to is not None:
            _put_under(connection, to)
    database.forget()
    return n


def _found(
    path: Path, connection: Connection, columns: Iterable[Column], ciphers: tuple[Cipher, ...]
) -> Lock | None:
    """What a file is under; None when it is to go under the first key. Raises as `unlock` does."""
    token = _token(connection)
    if token is not None:
        return Lock(_opener(path, token, ciphers), token)
    if not ciphers:
        return Lock()
    if any(_any_row(connection, column) for column in columns):
        raise StoreError(
            f"{path} holds words that are not encrypted: run `simpatico privacy encrypt`,"
            " or start without a key"
        )
    return None


def _token(connection: Connection) -> bytes | None:
    row = connection.execute(TOKENS).fetchone()
    return row[0] if row else None


def _put_under(connection: Connection, cipher: Cipher) -> Lock:
    _, token = cipher.encrypt(_KNOWN)
    connection.execute("INSERT INTO encryption VALUES (?)", (token,))
    return Lock(cipher, token)


def _opener(path: Path, token: bytes, ciphers: tuple[Cipher, ...]) -> Cipher:
    for cipher in ciphers:
        try:
            cipher.decrypt(cipher.name, token)
        except StoreError:
            continue
        return cipher
    if ciphers:
        raise StoreError(f"{path} is encrypted with another key than the {len(ciphers)} given")
    raise StoreError(
        f"{path} is encrypted: give its key in SIMPATICO_PRIVACY__KEY or in the file that"
        " SIMPATICO_PRIVACY__KEY_FILE names"
    )


def _any_row(connection: Connection, column: Column) -> bool:
    there = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (column.table,)
    ).fetchone()
    if not there:
        return False
    return connection.execute(f"SELECT 1 FROM {column.table} LIMIT 1").fetchone() is not None


def _rewrite(
    connection: Connection, column: Column, *, old: Cipher | None, new: Cipher | None
) -> int:
    if not _any_row(connection, column):
        return 0
    table, name, kind = column
    rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table}")]
    for row in rows:
        if kind:
            typed = connection.execute(
                f"SELECT {kind}, {name} FROM {table} WHERE rowid = ?", (row,)
            ).fetchone()
            connection.execute(
                f"UPDATE {table} SET {kind} = ?, {name} = ? WHERE rowid = ?",
                (*_typed(*typed, old=old, new=new), row),
            )
        else:
            [stored] = connection.execute(
                f"SELECT {name} FROM {table} WHERE rowid = ?", (row,)
            ).fetchone()
            text = Lock(old).read(stored)
            connection.execute(
                f"UPDATE {table} SET {name} = ? WHERE rowid = ?", (Lock(new).shut(text), row)
            )
    return len(rows)


def _typed(
    kind: str, stored: bytes, *, old: Cipher | None, new: Cipher | None
) -> tuple[str, bytes]:
    """As LangGraph's `EncryptedSerializer` writes it: the method's name follows the kind."""
    kind, _, method = kind.partition("+")
    if method:
        if old is None:
            raise StoreError("encrypted words in a file that is not encrypted")
        stored = old.decrypt(method, stored)
    if new is None:
        return kind, stored
    method, stored = new.encrypt(stored)
    return f"{kind}+{method}", stored
