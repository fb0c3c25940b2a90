"""From recipe to card: what is refused before the long part, and a real run of a tiny model."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from simpatico import explaining, reading
from simpatico.adapters import Task, load_adapter
from simpatico.calibration import MOOD_HEAD, read_calibration
from simpatico.domain import Turn
from simpatico.errors import DataError, ModelError
from simpatico.finetune import base as bases
from simpatico.finetune import calibrate, train_run
from simpatico.finetune.base import prepare_base
from simpatico.finetune.causal import CausalModel
from simpatico.finetune.examples import Example, Piece, write_examples
from simpatico.finetune.recipe import LoraRecipe, Recipe, TrainingRecipe, read_recipe
from simpatico.finetune.train_run import check_examples, examples_of, run
from simpatico.reading import MOOD_WORDS
from simpatico.ui.cli import app

PLAN = Recipe(
    base="tiny",
    lora=LoraRecipe(rank=2, alpha=4, modules=("q_proj",)),
    training=TrainingRecipe(learning_rate=1e-3, batch_size=4, epochs=1, max_tokens=160),
)
MOODS = (" joy", " sadness", " anger", " fear")


def asked(text: str, *pieces: Piece) -> Example:
    return Example(
        prompt=reading.prompt_of([Turn(role="user", text=text)]), answer=pieces, source="ours"
    )


def examples(n: int = 24) -> list[Example]:
    words = "rough week dog park film funny scary rain mother letter".split()
    rng = np.random.default_rng(0)
    return [
        asked(" ".join(rng.choice(words, rng.integers(2, 9))), Piece(text=MOODS[i % 4]))
        for i in range(n)
    ]


# What is looked at before anything is trained


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((Piece(text=" joyful"),), "'joyful' is none of admiration"),
        ((Piece(text=" joy cheer sing"),), "'sing' is none of"),
        ((Piece(text=" joy cheer seek | loved |"),), "'loved' is none of liked"),
        ((Piece(text=" joy cheer seek | | spaceships | | x\n"),), "cannot be read"),
        ((Piece(text=" joy", shares=((" joy", 0.7), (" fear", 0.7))),), "sum to 1.400"),
        ((Piece(text=" joy", shares=((" joy", 0.5), (" seek", 0.5))),), "not labels of one kind"),
        ((Piece(text=" joy", weight=0),), "nothing of it is learnt"),
    ],
)
def test_mislabelled_examples_are_named(answer: tuple[Piece, ...], words: str) -> None:
    bad = asked("hello", *answer)
    with pytest.raises(DataError, match="example 2: ") as caught:
        check_examples("reader", [examples(1)[0], bad, bad], where="x.jsonl")
    assert words in str(caught.value)
    assert len(caught.value.problems) == 2


def test_good_examples_pass() -> None:
    whole = reading.Reading(mood="sadness", need="cheer_up", intent="refine", stances=("seen",))
    check_examples("reader", [asked("x", Piece(text=reading.answer_of(whole)))], where="x")
    brief = explaining.Brief(items=(explaining.BriefItem(label="The Castle (1997)"),))
    good = Example(
        prompt=explaining.prompt_of(brief),
        answer=(Piece(text=" Rough week. [1] is warm and never cruel.\n"),),
    )
    check_examples("explainer", [good], where="x")
    with pytest.raises(DataError, match="does not end with the line 'read:'"):
        check_examples("reader", [good], where="x")
    with pytest.raises(DataError, match=r"wanted \[1\] to \[1\]"):
        missing = good.model_copy(update={"answer": (Piece(text=" Try it. It is warm.\n"),)})
        check_examples("explainer", [missing], where="x")


@pytest.mark.parametrize(
    ("task", "name", "content", "words"),
    [
        ("reader", "x.jsonl", "", "is empty"),
        ("reader", "x.jsonl", '{"prompt": "p"}\n', ":1: no example"),
        ("reader", "x.csv", "a,b\n", "wanted a .jsonl of examples, or a folder"),
        ("reader", "none.jsonl", None, "cannot be read"),
        ("explainer", "", None, "the explainer is trained on a .jsonl"),
        ("reader", "", None, "cannot be read"),
    ],
)
def test_data_that_cannot_be_used(
    tmp_path: Path, task: Task, name: str, content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=words):
        examples_of(task, tmp_path / name, PLAN)


def test_a_base_that_is_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no config.json"):
        prepare_base(str(tmp_path), tmp_path / "cache")
    (tmp_path / "config.json").write_text("{}")
    assert prepare_base(str(tmp_path), tmp_path / "cache") == tmp_path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-such-model", "no base model 'no-such-model'.*smollm2-135m-instruct"),
        ("minilm", "no language model"),
        ("owner/absent-model", r"neither a folder nor in the hub's cache.*HF_HUB_OFFLINE"),
    ],
)
def test_a_base_that_cannot_be_had(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        prepare_base(name, tmp_path)


def fake_disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))


def test_a_base_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_disk(monkeypatch, 10_000_000)
    with pytest.raises(ModelError, match="no room for base model x: it takes 443 MB.* 10 MB free"):
        bases._check_room(tmp_path, int(bases.GROWTH * 98_362_432), "x")


def test_a_made_base_is_checked_before_reuse(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert not bases._is_made(tmp_path, "a" * 64), "nobody says it is whole"
    bases._note(tmp_path, "a" * 64)
    assert bases._is_made(tmp_path, "a" * 64)
    assert not bases._is_made(tmp_path, "b" * 64), "of another file"
    (tmp_path / "model.safetensors").write_bytes(b"weightz")
    assert not bases._is_made(tmp_path, "a" * 64), "damaged"


# The command line


def words_of(out: Path) -> list[str]:
    return ["train", "reader", "--recipe", "r.toml", "--data", "d.jsonl", "--out", str(out)]


def test_without_the_extra_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_run, "find_spec", lambda name: None)
    error = CliRunner().invoke(app, words_of(tmp_path)).exception
    assert isinstance(error, ModelError) and "pip install 'simpatico[train]'" in str(error)


@pytest.mark.parametrize(("kept", "words"), [(True, "goes on from there"), (False, "begins again")])
def test_ctrl_c_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool, words: str
) -> None:
    def interrupted(*args: Any, **how: Any) -> None:
        if kept:
            (tmp_path / "checkpoint").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(train_run, "run", interrupted)
    done = CliRunner().invoke(app, words_of(tmp_path))
    assert done.exit_code == 130
    assert words in " ".join(done.stderr.split())


# Real runs of a tiny model with random weights


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = [each.prompt + each.answer[0].text for each in examples()]
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False),
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=400,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
        )
    ).save_pretrained(folder)
    return folder


@pytest.fixture(params=[0, 1])
def recipe(request: pytest.FixtureRequest, tiny: Path, tmp_path: Path) -> Path:
    """All layers, or the upper one only, with the lower one's output kept on disk."""
    path = tmp_path / "recipe.toml"
    path.write_text(
        f"""base = {json.dumps(str(tiny))}
[lora]
rank = 4
alpha = 8
first_layer = {request.param}
modules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
[training]
learning_rate = 1e-2
batch_size = 4
epochs = 2
max_tokens = 160
"""
    )
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    write_examples(path, examples())
    return path


def go(recipe: Path, data: Path, out: Path, **how: Any) -> Any:
    return run("reader", recipe, data, out, cache=out.parent / "cache", **how)


def test_a_trained_reader_is_calibrated_for_its_moods(
    recipe: Path, tiny: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    go(recipe, data, out)
    rows = tmp_path / "dev.tsv"
    rows.write_text("".join(f"rain {i} dog\t{i % 28}\t{i}\n" for i in range(112)))
    monkeypatch.setattr(calibrate, "prepare_base", lambda name, cache, progress: tiny)
    places = range(100, 100 + len(MOOD_WORDS))  # its few tokens hold no mood as one
    monkeypatch.setattr(CausalModel, "word_ids", lambda model, words: list(places))
    found = calibrate.calibrate_reader(out, rows, cache=tmp_path)
    assert found.temperature > 2, "labels that follow from nothing leave it unsure"
    assert read_calibration(out / "calibration.json") == found
    assert found.head == 0

    def head(texts: Sequence[str]) -> NDArray[np.float32]:
        """Knows what the adapter cannot: the label is the number in the sentence."""
        labels = [int(text.split()[1]) % 28 for text in texts]
        return np.where(np.eye(28)[labels] > 0, 0.9, 1e-6).astype(np.float32)

    helped = calibrate.calibrate_reader(out, rows, cache=tmp_path, head=head)
    assert helped.head == MOOD_HEAD and helped.temperature < found.temperature
    rows.write_text("rain\t1\tx\n")
    with pytest.raises(DataError, match="at least 100 sentences, got 1"):
        calibrate.calibrate_reader(out, rows, cache=tmp_path)


def stop_at(stage: str, step: int, stop: Callable[[], None]) -> Callable[[str, int, int], None]:
    def progress(label: str, done: int, total: int) -> None:
        if label.startswith(stage) and done == step:
            stop()

    return progress


def stop_by_signal() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def stop_at_once() -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_a_run_that_was_interrupted_ends_with_the_same_weights(
    recipe: Path, data: Path, tmp_path: Path
) -> None:
    whole = go(recipe, data, tmp_path / "whole", version="2", licence="CC0-1.0", command="typed")
    assert load_adapter(whole.folder) == whole
    assert (whole.name, whole.version, whole.base, whole.rank) == ("reader", "2", "tiny", 4)
    card = whole.card
    assert (card.steps, card.data, card.licence, card.command) == (
        12,
        ("ours",),
        "CC0-1.0",
        "typed",
    )
    assert dict(card.figures)["last_loss"] < 5.9, "it learnt something: ln(400) is 5.99"
    left = sorted(path.name for path in whole.folder.iterdir())
    assert left == ["adapter_config.json", "adapter_model.safetensors", "card.toml"]

    out = tmp_path / "broken"
    for step in (3, 4, 9):
        with pytest.raises(KeyboardInterrupt):
            go(recipe, data, out, progress=stop_at("training", step, stop_by_signal))
        assert (out / "checkpoint" / "state.pt").exists()
        assert not (out / "card.toml").exists()
    resumed = go(recipe, data, out)
    assert resumed.card.sha256 == card.sha256
    assert resumed.card.steps == card.steps

    with pytest.raises(ModelError, match="holds a trained adapter already"):
        go(recipe, data, out)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [1], indirect=True)
def test_half_of_the_lower_layers_output_is_never_taken_for_all(
    recipe: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simpatico.finetune import inputs

    monkeypatch.setattr(inputs, "LOWER_BATCH", 8)
    with pytest.raises(KeyboardInterrupt):
        go(recipe, data, tmp_path / "a", progress=stop_at("lower", 16, stop_at_once))
    broken = go(recipe, data, tmp_path / "a")
    assert broken.card.sha256 == go(recipe, data, tmp_path / "b").card.sha256


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [1], indirect=True)
def test_what_does_not_fit_is_refused(
    recipe: Path, tiny: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = go(recipe, data, tmp_path / "first")
    again = go(recipe, data, tmp_path / "again", start=first.folder)
    assert again.card.sha256 != first.card.sha256
    assert dict(again.card.figures)["last_loss"] < dict(first.card.figures)["last_loss"]

    other = tmp_path / "other.toml"
    other.write_text(recipe.read_text().replace("rank = 4", "rank = 8"))
    with pytest.raises(ModelError, match="has rank 4, the recipe wants 8"):
        go(other, data, tmp_path / "x", start=first.folder)
    elsewhere = shutil.copytree(tiny, tmp_path / "big")
    other.write_text(recipe.read_text().replace(str(tiny), str(elsewhere)))
    with pytest.raises(ModelError, match="is for the base tiny, the recipe's is big"):
        go(other, data, tmp_path / "x", start=first.folder)
    other.write_text(recipe.read_text().replace("first_layer = 1", "first_layer = 2"))
    with pytest.raises(ModelError, match="wanted first_layer below 2"):
        go(other, data, tmp_path / "x")
    other.write_text("base = 3")
    with pytest.raises(DataError, match="recipe .*base"):
        go(other, data, tmp_path / "x")
    (first.folder / "adapter_model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelError, match="damaged, or no safetensors file"):
        go(recipe, data, tmp_path / "x", start=first.folder)

    with pytest.raises(KeyboardInterrupt):
        go(recipe, data, tmp_path / "y", progress=stop_at("training", 2, stop_by_signal))
    write_examples(data, examples(28))
    with pytest.raises(ModelError, match="belongs to another recipe or other data"):
        go(recipe, data, tmp_path / "y")
    fake_disk(monkeypatch, 1000)
    with pytest.raises(ModelError, match="no room for what the lower layers give"):
        go(recipe, data, tmp_path / "z")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [1], indirect=True)
def test_training_sees_what_the_whole_model_sees(recipe: Path, tiny: Path) -> None:
    """The lower layers by themselves, kept in bfloat16, and then the upper ones: the same loss."""
    torch = pytest.importorskip("torch")
    from transformers import AutoTokenizer

    from simpatico.finetune.examples import tokenize
    from simpatico.finetune.inputs import Inputs
    from simpatico.finetune.lora import Answering, _with_lora

    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokens = [tokenize(each, tokenizer, max_tokens=160) for each in examples(3)]
    peft = _with_lora(tiny, read_recipe(recipe), None)
    for name, weight in peft.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    wanted = []
    with torch.inference_mode():
        for each in tokens:
            logits = peft(torch.from_numpy(each.ids)[None]).logits[0].float()
            chances = torch.log_softmax(logits, -1)[each.at[each.rows], each.targets]
            wanted += (-chances).tolist()
    model = Answering(peft, 1)
    inputs = Inputs(
        model.lower,
        32,
        tokens,
        keep=recipe.parent,
        base="tiny",
        device=torch.device("cpu"),
        progress=lambda label, done, total: None,
    )
    with torch.inference_mode():
        got = float(model(**inputs.batch([0, 1, 2])))
    assert got == pytest.approx(float(np.mean(wanted)), abs=0.02)
