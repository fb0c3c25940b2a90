"""What was said lies encrypted on the disk; no key, a wrong one and a new one."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tiny import at_work, tiny, tiny_home
from typer.testing import CliRunner

from simpatico.agent.cipher import (
    Cipher,
    Lock,
    ciphers_of,
    encrypt_anew,
    lock_of,
    new_key,
    unlock,
)
from simpatico.agent.database import Database
from simpatico.agent.memory import SqliteMemory
from simpatico.agent.people import Kept
from simpatico.agent.service import Simpatico
from simpatico.agent.stores import encrypt_words
from simpatico.agent.threads import Threads
from simpatico.domain import Finished, Turn
from simpatico.errors import SettingsError, StoreError
from simpatico.settings import PrivacySettings, Settings
from simpatico.ui.cli import app
from simpatico.ui.doctor import examine_words

WORD = "zyxomma"
pytestmark = pytest.mark.model
OLD, NEW = new_key(), new_key()


@pytest.fixture(scope="module")
def catalogued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home: Path = tmp_path_factory.mktemp("home")
    tiny_home(home)
    return home


@pytest.fixture(scope="module")
def said_in_the_clear(catalogued: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Path(shutil.copytree(catalogued, tmp_path_factory.mktemp("clear") / "home"))
    say(settings_of(home), f"something funny with {WORD}")
    return home


@pytest.fixture(scope="module")
def said_under_a_key(catalogued: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Path(shutil.copytree(catalogued, tmp_path_factory.mktemp("shut") / "home"))
    say(settings_of(home, OLD), f"something funny with {WORD}")
    return home


@pytest.fixture
def clear(said_in_the_clear: Path, tmp_path: Path) -> Path:
    """A home where something was said without a key, the test's own."""
    return Path(shutil.copytree(said_in_the_clear, tmp_path / "home"))


@pytest.fixture
def shut(said_under_a_key: Path, tmp_path: Path) -> Path:
    """A home where something was said under the old key, the test's own."""
    return Path(shutil.copytree(said_under_a_key, tmp_path / "home"))


def settings_of(home: Path, *keys: str) -> Settings:
    return tiny(home, weights=True, privacy=PrivacySettings.model_validate({"key": ",".join(keys)}))


def say(settings: Settings, text: str) -> None:
    async def work(service: Simpatico) -> None:
        updates = [one async for one in service.turn(text, user="ann", session="s")]
        last = updates[-1]
        assert isinstance(last, Finished)
        assert last.reply.degraded == ()

    asyncio.run(at_work(settings, work))


def export(settings: Settings) -> Kept:
    async def work(service: Simpatico) -> Kept:
        return await service.export("ann")

    kept: Kept = asyncio.run(at_work(settings, work))
    return kept


def files_with(home: Path, word: str) -> list[str]:
    return sorted(
        path.name
        for path in home.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    )


def cli(home: Path, *args: str, key: str = "", **env: str) -> str:
    given = {"SIMPATICO_HOME": str(home), "SIMPATICO_PRIVACY__KEY": key, **env}
    result = CliRunner().invoke(app, ["privacy", *args], env=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_with_a_key_no_file_holds_what_was_said(shut: Path) -> None:
    assert files_with(shut, WORD) == []
    (talk,) = export(settings_of(shut, OLD)).conversations
    assert WORD in talk.turns[0].text
    assert talk.understood is not None and WORD in talk.understood.query


def test_without_a_key_words_lie_there_as_before(clear: Path) -> None:
    assert files_with(clear, WORD) == ["sessions.sqlite", "threads.sqlite"]


@pytest.mark.parametrize(("keys", "wanted"), [((), "give its key"), ((NEW,), "another key")])
def test_a_missing_or_wrong_key_is_told_at_start_and_costs_nothing(
    shut: Path, keys: tuple[str, ...], wanted: str
) -> None:
    with pytest.raises(StoreError, match=wanted):
        export(settings_of(shut, *keys))
    finding = examine_words(settings_of(shut, *keys))
    assert not finding.well and wanted in finding.word
    say(settings_of(shut, OLD), "older than that")
    (talk,) = export(settings_of(shut, OLD)).conversations
    assert len(talk.turns) == 4


def test_words_in_the_clear_are_encrypted_by_command(clear: Path) -> None:
    before = export(settings_of(clear)).conversations
    with pytest.raises(StoreError, match="privacy encrypt"):
        export(settings_of(clear, OLD))
    assert not examine_words(settings_of(clear, OLD)).well
    cli(clear, "encrypt", key=OLD)
    assert files_with(clear, WORD) == []
    assert export(settings_of(clear, OLD)).conversations == before
    assert examine_words(settings_of(clear, OLD)).word == "encrypted"


def test_a_key_is_changed_by_command_and_the_old_one_is_needed_no_more(shut: Path) -> None:
    before = export(settings_of(shut, NEW, OLD)).conversations  # not changed yet, still read
    assert "older key" in examine_words(settings_of(shut, NEW, OLD)).word
    cli(shut, "encrypt", key=f"{NEW},{OLD}")
    assert export(settings_of(shut, NEW)).conversations == before
    with pytest.raises(StoreError, match="another key"):
        export(settings_of(shut, OLD))
    cli(shut, "decrypt", key=NEW)
    assert export(settings_of(shut)).conversations == before


def test_encrypting_with_a_key_that_cannot_open_changes_nothing(shut: Path) -> None:
    with pytest.raises(StoreError, match="another key"):
        cli(shut, "encrypt", key=NEW)
    assert export(settings_of(shut, OLD)).conversations


def test_keys_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(f"{NEW}\n{OLD}\n")
    ciphers = ciphers_of(PrivacySettings(key_file=file))
    assert len(ciphers) == 2
    for cipher, key in zip(ciphers, (NEW, OLD), strict=True):
        assert cipher.read(Cipher(key).shut("é")) == "é"


@pytest.mark.parametrize("content", [None, "", "too short\n"])
def test_a_key_file_that_cannot_be_used_is_an_error(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "keys.txt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        ciphers_of(PrivacySettings(key_file=file))
    assert "too short" not in str(caught.value)


def test_a_new_key_is_one(tmp_path: Path) -> None:
    first, second = (cli(tmp_path, "new-key").strip() for _ in range(2))
    assert first != second
    assert Cipher(second).read(Cipher(second).shut("word")) == "word"


@pytest.mark.parametrize("name", ["sessions.sqlite", "threads.sqlite"])
def test_words_are_not_encrypted_while_somebody_uses_them(shut: Path, name: str) -> None:
    ciphers = (Cipher(NEW), Cipher(OLD))

    async def in_use() -> None:
        async with opened(shut / name, Cipher(OLD)):
            with pytest.raises(StoreError, match=f"{name} open: stop the server"):
                encrypt_words(shut, ciphers, to=ciphers[0])

    asyncio.run(in_use())
    assert export(settings_of(shut, OLD)).conversations  # neither file was changed
    assert encrypt_words(shut, ciphers, to=ciphers[0]) > 0
    assert export(settings_of(shut, NEW)).conversations


@asynccontextmanager
async def opened(path: Path, *ciphers: Cipher) -> AsyncGenerator[None, None]:
    """A file of words in use, as a server has it."""
    if path.name == "threads.sqlite":
        threads = await Threads.open(path, ciphers)
        yield
        await threads.close()
    else:
        memory = SqliteMemory(path, ciphers=ciphers)
        yield
        memory.close()


def test_nobody_opens_a_file_between_the_look_at_it_and_its_rewriting(
    shut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ciphers = (Cipher(NEW), Cipher(OLD))
    refused: list[str] = []

    def start_first(file: Database, *given: Any, **more: Any) -> int:
        for name in ("sessions.sqlite", "threads.sqlite"):
            with pytest.raises(StoreError, match="another process holds it"):
                Database(shut / name, part="late", migrations=(), busy_timeout_s=0.01)
            refused.append(name)
        return encrypt_anew(file, *given, **more)

    monkeypatch.setattr("simpatico.agent.stores.encrypt_anew", start_first)
    assert encrypt_words(shut, ciphers, to=ciphers[0]) > 0
    assert len(refused) == 4
    monkeypatch.undo()
    assert export(settings_of(shut, NEW)).conversations


@pytest.mark.parametrize("name", ["sessions.sqlite", "threads.sqlite"])
def test_a_new_file_goes_under_a_key_only_while_nobody_writes_to_it_in_the_clear(
    tmp_path: Path, name: str
) -> None:
    async def in_use() -> None:
        async with opened(tmp_path / name):
            with pytest.raises(StoreError, match="stop the server"):
                async with opened(tmp_path / name, Cipher(NEW)):
                    pass
        async with opened(tmp_path / name, Cipher(NEW)), opened(tmp_path / name, Cipher(NEW)):
            pass

    asyncio.run(in_use())
    assert lock_of(tmp_path / name, (Cipher(NEW),)).cipher is not None


def test_a_thread_file_that_changed_hands_while_it_was_opened_is_not_written_to(
    shut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then_encrypt(path: Path, *given: Any) -> Lock:
        lock = unlock(path, *given)
        assert encrypt_words(shut, (Cipher(NEW), Cipher(OLD)), to=Cipher(NEW)) > 0
        return lock

    monkeypatch.setattr("simpatico.agent.threads.unlock", then_encrypt)
    with pytest.raises(StoreError, match="start it again"):
        asyncio.run(Threads.open(shut / "threads.sqlite", (Cipher(OLD),)))
    monkeypatch.undo()
    assert export(settings_of(shut, NEW)).conversations


def test_one_who_runs_on_with_the_old_key_writes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sessions.sqlite"
    first = SqliteMemory(path, ciphers=(Cipher(OLD),))
    first.claim("s", "ann")
    first.append("s", Turn(role="user", text="before"))
    first.close()

    def then_encrypt(path: Path, *given: Any) -> Lock:
        lock = unlock(path, *given)
        encrypt_words(tmp_path, (Cipher(NEW), Cipher(OLD)), to=Cipher(NEW))
        return lock

    monkeypatch.setattr("simpatico.agent.memory.unlock", then_encrypt)
    running = SqliteMemory(path, ciphers=(Cipher(OLD),))
    monkeypatch.undo()
    with pytest.raises(StoreError, match="start it again"):
        running.append("s", Turn(role="user", text="after"))
    running.close()
    anew = SqliteMemory(path, ciphers=(Cipher(NEW),))
    assert [turn.text for turn in anew.turns("s")] == ["before"]
    anew.close()


def test_titles_are_encrypted_like_what_was_said(tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    for keys in ((OLD,), (NEW, OLD)):
        if keys[1:]:
            cli(tmp_path, "encrypt", key=",".join(keys))
        memory = SqliteMemory(path, ciphers=tuple(map(Cipher, keys)))
        memory.claim("s", "ann")
        memory.append("s", Turn(role="user", text=f"{WORD} said"))
        memory.rename("s", f"{WORD} titled")
        [heading] = memory.headings("ann")
        assert (heading.title, heading.opening) == (f"{WORD} titled", f"{WORD} said")
        memory.close()
        assert not [one for one in tmp_path.iterdir() if WORD.encode() in one.read_bytes()]


def test_a_rewriting_that_breaks_off_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sessions.sqlite"
    memory = SqliteMemory(path)
    memory.claim("s", "ann")
    for n in range(3):
        memory.append("s", Turn(role="user", text=f"word {n}"))
    memory.close()
    shut = Cipher.shut

    def failing(self: Cipher, text: str) -> bytes:
        if text == "word 1":
            raise OSError("no more")
        return shut(self, text)

    monkeypatch.setattr(Cipher, "shut", failing)
    with pytest.raises(OSError):
        cli(tmp_path, "encrypt", key=OLD)
    memory = SqliteMemory(path)
    assert [turn.text for turn in memory.turns("s")] == ["word 0", "word 1", "word 2"]
    memory.close()
