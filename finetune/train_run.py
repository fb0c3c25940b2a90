"""One training run from recipe to card: `simpatico train`.

Everything that can be wrong is looked for before the long part begins.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from simpatico import explaining, reading
from simpatico.adapters import CARD, Adapter, Card, Task, load_adapter, write_card
from simpatico.errors import DataError, ModelError
from simpatico.finetune.base import base_name, prepare_base
from simpatico.finetune.examples import Example, Piece, read_examples
from simpatico.finetune.recipe import Recipe, read_recipe
from simpatico.lorafile import CONFIG, WEIGHTS, read_lora, sha256_of
from simpatico.protocols import ProgressCallback

OWN = "own.jsonl"
"""In a folder of data: examples of one's own, beside the public sets."""

MAX_PROBLEMS = 20
_NEEDS = ("torch", "transformers", "peft", "accelerate")
_CODES: tuple[Mapping[str, str], ...] = (
    reading.MOOD_WORDS,
    reading.NEED_WORDS,
    reading.INTENT_WORDS,
)
_ITEM = re.compile(r"^\[\d+\] ", re.MULTILINE)

log = logging.getLogger(__name__)


def run(
    task: Task,
    recipe_path: Path,
    data: Path,
    out: Path,
    *,
    cache: Path,
    start: Path | None = None,
    name: str = "",
    version: str = "1",
    licence: str = "not stated",
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> Adapter:
    """Train an adapter and write it with its card to `out`; a run that broke off goes on.

    Args:
        task: what it is to do.
        recipe_path: a TOML recipe.
        data: a .jsonl of examples, or for the reader a folder with the sets that
            `simpatico.finetune.reader_data.mixture` takes, and own.jsonl in place of the
            project's own turns where there is one.
        out: the adapter's folder.
        cache: where base models are kept.
        start: an adapter to begin from, of the recipe's base and rank.
        name: of the adapter; "": the task's.
        version: of the adapter.
        licence: under which the adapter may be used: the data decide.
        command: what was typed, for the card.
        progress: told of downloads and steps.

    Raises:
        DataError: recipe or data cannot be used; `.problems` lists examples.
        ModelError: a library is missing, base or `start` do not fit, no room on the disk, or
            `out` holds a trained adapter.
        KeyboardInterrupt: a checkpoint was written; the same call goes on from there.
    """
    if missing := [each for each in _NEEDS if find_spec(each) is None]:
        raise ModelError(f"training needs {', '.join(missing)}: pip install 'simpatico[train]'")
    from safetensors import SafetensorError

    from simpatico.finetune.lora import train

    recipe = read_recipe(recipe_path)
    base = base_name(recipe.base)
    if (out / CARD).exists():
        raise ModelError(f"{out} holds a trained adapter already: choose another --out")
    if start is not None:
        check_start(start, base=base, rank=recipe.lora.rank)
    examples = examples_of(task, data, recipe, progress=progress)
    try:
        out.mkdir(parents=True, exist_ok=True)
        trained = train(
            prepare_base(recipe.base, cache, progress),
            recipe,
            examples,
            out,
            start=start,
            progress=progress,
        )
    except (OSError, SafetensorError) as error:
        raise ModelError(f"training stopped: {out} cannot be written: {error}") from error
    return finish(
        out,
        Card(
            name=name or task,
            version=version,
            task=task,
            base=base,
            rank=recipe.lora.rank,
            sha256=sha256_of(out / WEIGHTS),
            data=tuple(sorted({each.source or data.name for each in examples})),
            licence=licence,
            seed=recipe.training.seed,
            steps=trained.steps,
            command=command,
            figures=(
                ("examples", len(examples)),
                ("tokens", trained.tokens),
                ("last_loss", round(trained.loss, 4)),
            ),
        ),
    )


def finish(folder: Path, card: Card) -> Adapter:
    """Give trained weights their card, with the base's name in their configuration, and check all.

    Raises:
        ModelError: what was trained cannot be used.
    """
    path = folder / CONFIG
    config = json.loads(path.read_text("utf-8"))
    config["base_model_name_or_path"] = card.base
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    read_lora(folder)
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for its owner only
    write_card(folder, card)
    return load_adapter(folder)


def check_start(start: Path, *, base: str, rank: int) -> None:
    """Check an adapter to begin from; one of an unfinished run has no card, and needs none.

    Raises:
        ModelError: it is damaged, or has another rank or base.
    """
    config = read_lora(start).config
    if config.r != rank:
        raise ModelError(f"adapter {start} has rank {config.r}, the recipe wants {rank}")
    if (start / CARD).exists():
        card = load_adapter(start).card
        if card.base != base:
            raise ModelError(f"adapter {start} is for the base {card.base}, the recipe's is {base}")


def examples_of(
    task: Task,
    data: Path,
    recipe: Recipe,
    *,
    progress: ProgressCallback = lambda what, done, total: None,
) -> list[Example]:
    """Read examples for a task, and check that they are some.

    Raises:
        DataError: nothing there, or examples that are mis-labelled; `.problems` lists them.
    """
    if data.is_dir():
        if task != "reader":
            raise DataError(f"{data} is a folder: the {task} is trained on a .jsonl of examples")
        from simpatico.finetune.own_turns import own_examples
        from simpatico.finetune.reader_data import mixture

        plan, seed = recipe.mixture, recipe.training.seed
        own = data / OWN
        ours = read_examples(own) if own.exists() else own_examples(plan.own, seed)
        examples = mixture(data, plan, own=ours, seed=seed, progress=progress)
    elif data.suffix == ".jsonl":
        examples = read_examples(data)
    else:
        raise DataError(f"wanted a .jsonl of examples, or a folder of data sets, got {data}")
    if not examples:
        raise DataError(f"{data} has no examples")
    check_examples(task, examples, where=str(data))
    return examples


def check_examples(task: Task, examples: Sequence[Example], *, where: str) -> None:
    """Hold examples against the task's own form of prompt and answer.

    Raises:
        DataError: some are mis-labelled; `.problems` lists the first `MAX_PROBLEMS` of them.
    """
    fault_of: Callable[[Example], str] = _reader_fault if task == "reader" else _explainer_fault
    found = (
        f"example {number}: {fault}"
        for number, example in enumerate(examples, start=1)
        if (fault := _share_fault(example) or fault_of(example))
    )
    if problems := tuple(islice(found, MAX_PROBLEMS)):
        raise DataError(
            f"{where} has examples that are none for the {task}; {problems[0]}", problems=problems
        )


def _share_fault(example: Example) -> str:
    if not any(piece.weight for piece in example.answer):
        return "nothing of it is learnt: every weight is 0"
    for piece in example.answer:
        total = sum(share for _, share in piece.shares)
        if piece.shares and not (0.99 < total < 1.01 and min(s for _, s in piece.shares) >= 0):
            return f"the shares of {piece.text!r} sum to {total:.3f}, wanted 1"
    return ""


def _reader_fault(example: Example) -> str:
    if not example.prompt.endswith("\nread:"):
        return "its prompt does not end with the line 'read:'"
    answer = "".join(piece.text for piece in example.answer)
    fields = answer.split(reading.BAR)
    for table, code in zip(_CODES, fields[0].split(), strict=False):
        if code not in table.values():
            return f"{code!r} is none of {', '.join(table.values())}"
    stances = fields[1].split() if len(fields) > 1 else []
    if strange := [word for word in stances if word not in reading.STANCE_WORDS.values()]:
        return f"{strange[0]!r} is none of {', '.join(reading.STANCE_WORDS.values())}"
    if answer.endswith("\n") and reading.parse(answer, len(stances)) is None:
        return f"its answer {answer!r} cannot be read"
    return next((fault for piece in example.answer if (fault := _alternatives(piece))), "")


def _alternatives(piece: Piece) -> str:
    """What stands in place of a label must be a label of the same kind."""
    words = {piece.text.strip(), *(text.strip() for text, _ in piece.shares)}
    if piece.shares and not any(
        words <= set(table.values()) for table in (*_CODES, reading.STANCE_WORDS)
    ):
        return f"{', '.join(sorted(words))} are not labels of one kind"
    return ""


def _explainer_fault(example: Example) -> str:
    if not example.prompt.endswith("\nreply:"):
        return "its prompt does not end with the line 'reply:'"
    reply = "".join(piece.text for piece in example.answer)
    faults = explaining.faults(reply, len(_ITEM.findall(example.prompt)))
    return "; ".join(faults)
