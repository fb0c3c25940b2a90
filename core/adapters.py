"""Adapters: those that ship, those that a person added, and which one is in use.

An adapter is a folder with the two files of `simpatico.lorafile` and `card.toml`, which says what
it is, what it was made from, and the sha256 of its weights. Nothing is used before it was checked.
"""

import json
import logging
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError

from simpatico import calibration, explaining, reading
from simpatico.calibration import read_calibration
from simpatico.domain import Turn, Value
from simpatico.errors import ModelError
from simpatico.lorafile import CONFIG, WEIGHTS, Lora, read_lora, refuse_pickles, sha256_of
from simpatico.loragguf import shape_of, write_gguf
from simpatico.modelsources import Sha256
from simpatico.protocols import LLM

CARD = "card.toml"
CHANGE_NATS = 0.05
"""An adapter that moves no likely token by more than this does nothing; a trained one does."""

Task = Literal["reader", "explainer"]
TASKS: tuple[Task, ...] = get_args(Task)
Figures = Annotated[
    tuple[tuple[str, int | float | str], ...],
    BeforeValidator(lambda value: tuple(value.items()) if isinstance(value, Mapping) else value),
    PlainSerializer(dict),
]
_NAME = r"^\w[\w.-]*$"
_FORMAT = 1  # of exported files; another number makes them again

log = logging.getLogger(__name__)


class Card(Value):
    """What is said of an adapter: `base` as `simpatico.modelstore` or a hub names it.

    `figures` are measurements by name, written as a table.
    """

    name: str = Field(pattern=_NAME)
    version: str = Field(pattern=_NAME)
    task: Task
    base: str = Field(min_length=1)
    rank: int = Field(gt=0)
    sha256: str = Sha256
    data: tuple[str, ...] = Field(min_length=1)
    licence: str
    seed: int
    steps: int = Field(gt=0)
    command: str
    figures: Figures = ()


class Adapter(Value):
    """An adapter that was checked, and where it lies."""

    name: str
    version: str
    base: str
    rank: int
    folder: Path
    card: Card


def read_card(folder: Path) -> Card:
    """Read an adapter's card; its weights are not looked at.

    Raises:
        ModelError: it is missing or not what a card is.
    """
    path = folder / CARD
    try:
        return Card.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ModelError(f"adapter {folder} has no {CARD} that can be read") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{path}, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise ModelError(f"{path} is damaged: {error}") from error


def write_card(folder: Path, card: Card) -> None:
    """Write an adapter's card."""
    values = card.model_dump()
    figures = values.pop("figures")
    lines = [f"{name} = {_toml(value)}" for name, value in values.items()]
    if figures:
        lines += ["", "[figures]", *(f"{_key(k)} = {_toml(v)}" for k, v in figures.items())]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_adapter(folder: Path) -> Adapter:
    """Check all that can be checked of an adapter without its base.

    Raises:
        ModelError: with what is wrong: files missing, pickled or damaged, another checksum, base
            or rank than the card says, numbers that are not finite, or weights never trained.
    """
    return _checked(folder)[0]


def shipped_folders() -> tuple[Path, ...]:
    """The folders of the adapters that come with the package, unchecked."""
    # By name only: core imports nothing of training, it looks for data that lies there.
    place = Path(str(resources.files("simpatico.finetune"))) / "adapters"
    return tuple(sorted(_folders(place, depth=1)))


def added(home: Path) -> tuple[Path, ...]:
    """The folders of the adapters that a person added, unchecked: damaged ones are among them."""
    return tuple(sorted(_folders(home / "adapters", depth=2)))


def chosen(task: Task, base: str, home: Path) -> Adapter | None:
    """The adapter to use for a task on a base, checked; None when there is none.

    It is the one named by `use`, if that is for this base, else the one that ships.

    Raises:
        ModelError: the one to use is damaged, or was named and is gone.
    """
    if wanted := _uses(home).get(task):
        folder = find(wanted, home)
        if read_card(folder).base == base:
            return load_adapter(folder)
        log.info("adapter %s is for another base than %s: not used", wanted, base)
    for folder in shipped_folders():
        card = read_card(folder)
        if (card.task, card.base) == (task, base):
            return load_adapter(folder)
    return None


def find(wanted: str, home: Path) -> Path:
    """The folder of NAME or NAME@VERSION, of several versions the one that sorts last.

    Raises:
        ModelError: none has that name; the known ones are listed.
    """
    known = {}
    for folder in (*shipped_folders(), *added(home)):
        try:
            card = read_card(folder)
        except ModelError as error:
            log.warning("left out: %s", error)
            continue
        known[card.name, card.version] = folder
    name, _, version = wanted.partition("@")
    fits = [key for key in known if key[0] == name and version in ("", key[1])]
    if not fits:
        there = ", ".join(sorted("@".join(key) for key in known)) or "none"
        raise ModelError(f"no adapter is called {wanted!r}; there: {there}")
    return known[max(fits, key=lambda key: _order(key[1]))]


def add(folder: Path, home: Path) -> Adapter:
    """Copy an adapter into home/adapters/NAME/VERSION after checking it; whole or not at all.

    Raises:
        ModelError: it is not sound, its name and version are taken, or it cannot be written.
    """
    card = load_adapter(folder).card
    if card.task == "reader" and not (folder / calibration.FILE).is_file():
        made_by = f"simpatico train calibrate --adapter {folder} --data FILE"
        raise ModelError(f"reader {folder} has no {calibration.FILE}: `{made_by}` makes it")
    place = home / "adapters" / card.name / card.version
    ours = {(each.name, each.version) for each in map(read_card, shipped_folders())}
    if (card.name, card.version) in ours or place.exists():
        raise ModelError(f"there is an adapter {card.name}@{card.version} already: give it another")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".add-", dir=place.parent) as work:
            whole = Path(work) / "whole"
            whole.mkdir()
            for name in (WEIGHTS, CONFIG, CARD, calibration.FILE):
                if (folder / name).is_file():
                    shutil.copyfile(folder / name, whole / name)
            load_adapter(whole)  # what was copied, not what was there
            if card.task == "reader":
                read_calibration(whole / calibration.FILE)
            os.rename(whole, place)
    except OSError as error:
        raise ModelError(f"adapter {folder} cannot be copied to {place}: {error}") from error
    return load_adapter(place)


def use(wanted: str, home: Path) -> Adapter:
    """Use NAME or NAME@VERSION for its task from now on; kept in home/adapters/use.toml.

    Raises:
        ModelError: there is none, it is not sound, or the choice cannot be kept.
    """
    adapter = load_adapter(find(wanted, home))
    kept = {**_uses(home), adapter.card.task: f"{adapter.name}@{adapter.version}"}
    path = home / "adapters" / "use.toml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text("".join(f"{task} = {_toml(kept[task])}\n" for task in sorted(kept)))
        new.replace(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error}") from error
    return adapter


def gguf_of(adapter: Adapter, base: Path, cache: Path) -> Path:
    """The adapter as llama.cpp loads it: made once in the cache folder, checked on reuse.

    Args:
        adapter: as `load_adapter` gives it.
        base: the GGUF file of its base, or a folder with the base's config.json.
        cache: the cache folder.

    Raises:
        ModelError: it changed since it was loaded, does not fit the base, or cannot be written.
    """
    out = cache / "adapters" / f"{adapter.name}-{adapter.version}-{adapter.card.sha256[:12]}.gguf"
    note = out.with_suffix(".json")
    source = {"format": _FORMAT, "weights": adapter.card.sha256, "base": adapter.base}
    try:
        known = json.loads(note.read_text("utf-8"))
        if known == source | {"sha256": sha256_of(out)}:
            return out
        log.warning("%s is not what was exported: made again", out)
    except (OSError, ValueError, ModelError):
        log.info("exporting %s for llama.cpp", adapter.folder)
    _, lora = _checked(adapter.folder)
    write_gguf(lora, shape_of(base), out)
    try:
        note.write_text(json.dumps(source | {"sha256": sha256_of(out)}), encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{note} cannot be written: {error.strerror}") from error
    return out


async def changes_output(llm: LLM, task: Task) -> bool:
    """Whether the model answers otherwise with the adapter of a task than without it.

    One token is asked for twice. A server that was given the wrong adapter, or drops it silently,
    is found here: a trained adapter moves the chances of the next token by nats.

    Raises:
        LLMUnavailable, BadReply: as `complete` does.
    """
    prompt = _PROBES[task]
    plain, adapted = [
        (await llm.complete(prompt, max_tokens=1, top_logprobs=20, adapter=name)).tokens
        for name in ("", task)
    ]
    if not plain or not adapted:
        return bool(plain) != bool(adapted)
    before, after = dict(plain[0].top), dict(adapted[0].top)
    shared = before.keys() & after.keys()
    if not shared:
        return before.keys() != after.keys() or plain[0].text != adapted[0].text
    return max(abs(before[token] - after[token]) for token in shared) > CHANGE_NATS


_PROBES: Mapping[Task, str] = {
    "reader": reading.prompt_of([Turn(role="user", text="rough week, a comedy but nothing scary")]),
    "explainer": explaining.prompt_of(
        explaining.Brief(
            said="something warm and funny",
            items=(explaining.BriefItem(label="The Castle (1997)"),),
        )
    ),
}


def _checked(folder: Path) -> tuple[Adapter, Lora]:
    refuse_pickles(folder)
    card = read_card(folder)
    if (found := sha256_of(folder / WEIGHTS)) != card.sha256:
        raise ModelError(
            f"{folder / WEIGHTS} has the sha256 {found[:12]}..., its card says "
            f"{card.sha256[:12]}...: it is damaged or another file"
        )
    lora = read_lora(folder)
    config = lora.config
    if config.r != card.rank:
        raise ModelError(f"adapter {folder}: its card says rank {card.rank}, it has {config.r}")
    if config.base_model_name_or_path != card.base:
        raise ModelError(
            f"adapter {folder}: its card says base {card.base!r}, its configuration says "
            f"{config.base_model_name_or_path!r}"
        )
    adapter = Adapter(
        name=card.name,
        version=card.version,
        base=card.base,
        rank=card.rank,
        folder=folder,
        card=card,
    )
    return adapter, lora


def _folders(place: Path, *, depth: int) -> Iterator[Path]:
    for folder in place.glob("/".join("*" * depth)):
        if folder.is_dir() and not any(part.startswith(".") for part in folder.parts[-depth:]):
            if folder.name != "__pycache__" and any(folder.iterdir()):
                yield folder


def _uses(home: Path) -> dict[str, str]:
    path = home / "adapters" / "use.toml"
    try:
        kept = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged: {error}; remove it") from error
    if not all(isinstance(name, str) for name in kept.values()):
        raise ModelError(f"{path} is damaged: wanted names of adapters; remove it")
    return kept


def _order(version: str) -> tuple[tuple[int, str], ...]:
    """Versions sort by their numbers: 1.10 comes after 1.9."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in version.split("."))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)  # TOML's strings and numbers are JSON's
