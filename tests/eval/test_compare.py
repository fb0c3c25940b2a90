"""The comparison: nothing is chosen on what it scores, and every row keeps its promises."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from simpatico.domain import INTENTS, MOODS, Item, Turn
from simpatico.errors import DataError, ModelError, SettingsError
from simpatico.eval.baselines_llm import Adapted, Prompted
from simpatico.eval.baselines_rnn import Recurrent
from simpatico.eval.baselines_text import (
    KeptVectors,
    MiniLMRegression,
    NaiveBayes,
    Nearest,
    Scorer,
    linear_svm,
)
from simpatico.eval.compare import N_TIMED, Part, Row, Scored, newest, one_hot, score, together
from simpatico.eval.compare_rows import INTENT, MOOD, NAMES, NEED, rows_of
from simpatico.eval.crossfit import cross_fit
from simpatico.eval.mood_lines import DEV, TEST
from simpatico.eval.mood_prototypes import MOOD_SENTENCES
from simpatico.eval.replay import unwritten, written
from simpatico.eval.tables import Table
from simpatico.finetune.calibrate import Kind, probabilities, temperature
from simpatico.finetune.causal import CausalModel
from simpatico.finetune.mood import best_thresholds, macro_f1
from simpatico.optional import needs
from simpatico.protocols import Encoder
from simpatico.reading import MOOD_WORDS, prompt_of
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.ui.tables import to_rich

TEXTS = [f"{word} {i % 7} times" for i in range(60) for word in ("good", "bad", "odd")]
LABELS = np.array(
    [[float(word in text) for word in ("good", "bad", "odd")] for text in TEXTS], dtype=np.float32
)


def random_rows(n: int, k: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(n, k)).astype(np.float32)
    return scores, (rng.random((n, k)) < rate).astype(np.float32)


def test_random_scores_get_what_chance_gives() -> None:
    """Rare labels: thresholds chosen on the rows they score would reach much more."""
    scores, labels = random_rows(400, 60, 0.01)
    told = macro_f1(scores >= best_thresholds(scores, labels), labels)
    found = macro_f1(cross_fit(scores, labels, seed=0).held, labels)
    always = 2 * 0.01 / 1.01
    assert told > 3 * always
    assert found < 1.6 * always


def test_a_row_is_scored_by_what_was_chosen_without_its_fold() -> None:
    """Changing the truth of one row leaves its own prediction as it was, whatever it becomes."""
    scores, labels = random_rows(60, 2, 0.3)
    before = cross_fit(scores, labels, seed=3, n_folds=60)
    moved = False
    for row in range(0, 60, 4):
        other = labels.copy()
        other[row] = 1 - other[row]
        after = cross_fit(scores, other, seed=3, n_folds=60)
        assert (after.held[row] == before.held[row]).all()
        assert after.stated[row] == pytest.approx(before.stated[row], abs=0)
        assert after.platt[row] == pytest.approx(before.platt[row], abs=0)
        moved = moved or not (after.held == before.held).all()
    assert moved  # others did see it


def test_scores_that_tell_the_truth_get_all_of_it() -> None:
    _, labels = random_rows(500, 3, 0.3)
    found = cross_fit(labels * 8 - 4, labels, seed=0)
    assert (found.held == (labels > 0)).all()
    assert np.abs(found.stated - labels).mean() < 0.02


def test_what_all_labels_of_a_row_share_says_nothing_of_shares() -> None:
    scores, labels = random_rows(200, 3, 0.3)
    moved = scores + np.random.default_rng(1).normal(0, 9, (200, 1)).astype(np.float32)
    same = cross_fit(moved, labels, seed=0, kind="shares").held
    assert (same == cross_fit(scores, labels, seed=0, kind="shares").held).mean() > 0.99
    assert (cross_fit(moved, labels, seed=0).held != cross_fit(scores, labels, seed=0).held).any()


def test_the_same_seed_gives_the_same_folds_and_another_does_not() -> None:
    scores, labels = random_rows(200, 3, 0.3)
    one, same, other = (cross_fit(scores, labels, seed=seed) for seed in (5, 5, 6))
    assert (one.platt == same.platt).all()
    assert (one.platt != other.platt).any()


@pytest.mark.parametrize(
    ("scores", "labels", "folds"),
    [
        (np.zeros((4, 2)), np.zeros((4, 3)), 2),
        (np.zeros(4), np.zeros(4), 2),
        (np.full((4, 2), np.nan), np.zeros((4, 2)), 2),
        (np.zeros((4, 2)), np.zeros((4, 2)), 5),
        (np.zeros((4, 2)), np.zeros((4, 2)), 1),
    ],
)
def test_scores_that_cannot_be_judged_are_refused(
    scores: np.ndarray, labels: np.ndarray, folds: int
) -> None:
    with pytest.raises(ValueError, match="wanted"):
        cross_fit(scores, labels, seed=0, n_folds=folds)


def test_a_temperature_takes_back_what_was_overstated() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=(3000, 4))
    shares = probabilities(true, 1.0, "shares")
    labels = np.array([np.eye(4)[rng.choice(4, p=p)] for p in shares], dtype=np.float32)
    assert temperature((3 * true).astype(np.float32), labels, "shares") == pytest.approx(3, abs=0.4)
    alone = (rng.random(true.shape) < probabilities(true, 1.0, "margins")).astype(np.float32)
    assert temperature((0.5 * true).astype(np.float32), alone, "margins") == pytest.approx(
        0.5, abs=0.1
    )


def scorers() -> list[Scorer]:
    encoder = HashEncoder(64)
    return [
        NaiveBayes(),
        linear_svm(0.1),
        MiniLMRegression(encoder),
        Nearest(encoder, {"good": ("good",), "bad": ("bad",), "odd": ("odd", "so odd")}),
    ]


@pytest.mark.parametrize("number", range(4))
def test_each_row_learns_and_scores_every_label(number: int) -> None:
    pytest.importorskip("sklearn")
    scorer = scorers()[number]
    scorer.fit(TEXTS, LABELS)
    new = ["a good 3 thing", "bad 4", "quite odd", "", "?"]
    scores = scorer.scores(new)
    assert scores.shape == (5, 3)
    assert np.isfinite(scores).all()
    assert scores[:3].argmax(axis=1).tolist() == [0, 1, 2]
    assert scorer.scores(new[:1])[0] == pytest.approx(scores[0], abs=1e-5)


@pytest.mark.parametrize("number", range(3))
def test_a_label_that_never_or_always_holds_is_no_trouble(number: int) -> None:
    pytest.importorskip("sklearn")
    labels = np.hstack([LABELS[:, :1], np.zeros((180, 1)), np.ones((180, 1))]).astype(np.float32)
    scorer = scorers()[number]
    scorer.fit(TEXTS, labels)
    scores = scorer.scores(["good", "odd"])
    assert np.isfinite(scores).all()
    assert (scores[:, 2] > scores[:, 1]).all()


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_networks_learn_and_the_seed_fixes_them(cell: str) -> None:
    torch = pytest.importorskip("torch")
    before = torch.random.get_rng_state()
    told: list[tuple[str, int, int]] = []
    one, other = (
        Recurrent(cell, seed=2, epochs=12, progress=lambda *step: told.append(step))  # type: ignore[arg-type]
        for _ in range(2)
    )
    for each in (one, other):
        each.fit(TEXTS, LABELS)
    new = ["good 3 times", "bad 4 times", "odd 1 times", "", "zzz"]
    scores = one.scores(new)
    assert scores.shape == (5, 3)
    assert np.isfinite(scores).all()
    assert scores[:3].argmax(axis=1).tolist() == [0, 1, 2]
    assert (scores == other.scores(new)).all()
    assert one.scores(new[:1])[0] == pytest.approx(scores[0], abs=1e-4)
    assert told[-1][1] == told[-1][2] == 12 * 3
    assert (torch.random.get_rng_state() == before).all()


class Counting:
    """An encoder that counts what it is asked."""

    name, dim = "counting", 4

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, inputs: Sequence[str]) -> np.ndarray:
        self.asked += len(inputs)
        return np.array([[len(text), 0, 0, 1] for text in inputs], dtype=np.float32)


def test_vectors_are_kept_and_not_mistaken_for_others(tmp_path: Path) -> None:
    inner = Counting()
    many = [f"text {i}" for i in range(100)]
    first = KeptVectors(inner, tmp_path).encode(many)
    assert inner.asked == 100
    again = KeptVectors(inner, tmp_path)
    assert (again.encode(many) == first).all()
    assert inner.asked == 100
    again.encode([*many[:-1], "another"])
    assert inner.asked == 200
    again.encode(many[:3])
    again.encode(many[:3])
    assert inner.asked == 206  # a few are timed: always anew


def test_what_is_missing_is_said_with_its_cure() -> None:
    with pytest.raises(SettingsError, match=r"the row gru needs torch.*pip install 'simpatico"):
        needs("no_such_module", "torch", "the row gru")


class Told:
    """A row that knows the answers to some texts."""

    kind: Kind = "margins"

    def __init__(self) -> None:
        self.calls = 0

    def fit(self, texts: Sequence[str], labels: np.ndarray) -> None:
        self.known = dict(zip(texts, labels, strict=True))

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += 1
        return np.array([self.known.get(text, LABELS[0]) * 4 - 2 for text in texts])


def part(texts: Sequence[str], labels: np.ndarray) -> Part:
    return Part([(Turn(role="user", text=text),) for text in texts], labels)


def test_rows_are_fitted_on_one_part_and_asked_of_the_other() -> None:
    train, test = part(TEXTS, LABELS), part([f"new {t}" for t in TEXTS], LABELS)
    row = Row("told", "knows its training rows", Told)
    ((_, seen),) = score([row], train, train, seed=0)
    ((_, new),) = score([row], train, test, seed=0)
    assert ((seen.scores > 0) == (LABELS > 0)).all()
    assert ((new.scores > 0) == (LABELS > 0)).all(axis=1).mean() < 0.7
    assert np.isfinite(seen.ms).sum() == N_TIMED
    with pytest.raises(DataError, match="got none"):
        list(score([row], train, Part([], LABELS[:0]), seed=0))


def test_scores_are_kept_for_the_same_row_and_data_only(tmp_path: Path) -> None:
    made: list[Told] = []

    def make() -> Told:
        made.append(Told())
        return made[-1]

    train = part(TEXTS, LABELS)
    row = Row("told", "kept", make, tag="a")
    ((_, first),) = score([row], train, train, seed=0, keep=tmp_path)
    ((_, again),) = score([row], train, train, seed=0, keep=tmp_path)
    assert (first.scores == again.scores).all() and first.fit_s == again.fit_s
    np.testing.assert_array_equal(first.ms, again.ms)
    assert len(made) == 1
    fewer = part(TEXTS[:-1], LABELS[:-1])
    list(score([row], train, fewer, seed=0, keep=tmp_path))
    list(score([row._replace(tag="b")], train, train, seed=0, keep=tmp_path))
    flipped = part(TEXTS, 1 - LABELS)
    list(score([row], flipped, train, seed=0, keep=tmp_path))
    assert len(made) == 4


def test_the_adapter_and_the_mood_head_know_more_together() -> None:
    rng = np.random.default_rng(0)
    n = 400
    labels = np.eye(4, dtype=np.float32)[rng.integers(4, size=n)]
    # Each knows half of the labels: the one column 0 and 1, the other 2 and 3.
    lora = (4 * labels * [1, 1, 0, 0] + rng.normal(size=(n, 4))).astype(np.float32)
    head = (4 * labels * [0, 0, 1, 1] + rng.normal(size=(n, 4)) - 2).astype(np.float32)
    one, other = Scored(lora, "shares", np.ones(n), 1.0), Scored(head, "margins", np.ones(n), 1.0)
    both = together(one, other)
    alone = [macro_f1(cross_fit(each.scores, labels, seed=0, kind=each.kind).held, labels)
             for each in (one, other, both)]  # fmt: skip
    assert alone[2] > max(alone[:2]) + 0.05
    assert (both.ms == 2).all()


def test_names_of_styles_in_a_table_are_only_names() -> None:
    from rich.console import Console

    console = Console(width=60, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(to_rich(Table(title="[red]x", columns=("[b]row",), rows=(("[bold]y",),))))
    assert "[bold]y" in console.export_text()


def test_names_become_columns_and_unknown_ones_are_refused() -> None:
    assert one_hot(["b", "a"], ("a", "b")).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(DataError, match="wanted one of a, b; got c"):
        one_hot(["c"], ("a", "b"))


DIALOGUE = (
    Turn(role="user", text="hi"),
    Turn(role="assistant", text="Seen Heat?"),
    Turn(role="user", text="yes"),
)


def test_rows_are_told_as_much_of_a_dialogue_as_they_can_take() -> None:
    assert newest(DIALOGUE) == "yes"
    assert unwritten(written(DIALOGUE)) == DIALOGUE


def silent(label: str, done: int, total: int) -> None:
    pass


def test_rows_by_name(tmp_path: Path) -> None:
    rows = rows_of(MOOD, (), cache=tmp_path, seed=0, progress=silent)
    assert [row.name for row in rows] == [name for name in NAMES if name != "lora"]
    with pytest.raises(DataError, match="no row xgb; the rows are nb, svm"):
        rows_of(MOOD, ("xgb",), cache=tmp_path, seed=0, progress=silent)
    with pytest.raises(DataError, match="--adapter"):
        rows_of(MOOD, ("lora",), cache=tmp_path, seed=0, progress=silent)


def test_each_task_has_words_and_prototypes_in_the_order_of_its_columns() -> None:
    assert tuple(MOOD_SENTENCES) == MOODS
    for task in (MOOD, NEED, INTENT):
        assert tuple(task.tables[-1]) == task.labels
        assert tuple(task.sentences) == task.labels
    checked = {text for text, _ in (*DEV, *TEST)}
    assert not checked & {line for lines in MOOD_SENTENCES.values() for line in lines}


@pytest.mark.model
def test_the_encoder_reader_is_replayed_turn_by_turn() -> None:
    from simpatico.eval.replay import RulesReader

    items = [Item(id="1", kind="film", title="Heat", year=1995)]
    scorer = RulesReader(_minilm(), "intent", INTENTS, items)
    scores = scorer.scores([written(DIALOGUE), written((Turn(role="user", text="bye!"),))])
    assert scores.shape == (2, len(INTENTS))
    assert scores.sum(axis=1).tolist() == [1, 1]
    assert INTENTS[int(scores[1].argmax())] == "goodbye"


def _minilm() -> Encoder[str]:
    from simpatico.errors import ModelError
    from simpatico.modelstore import ModelStore
    from simpatico.retrieval.encoders.minilm import MiniLM
    from simpatico.settings import load_settings

    try:
        return MiniLM(ModelStore(load_settings().cache).path("minilm"))
    except ModelError as error:
        pytest.skip(f"needs the encoder's weights: {error}")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal model of a few thousand random weights whose tokens are words."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    words = ["?", *(f" {word}" for word in (*MOODS, "annoyed", "objection")), "them:", " hi", "\n"]
    words += [" any", " cheer", " seek", "Feeling:", "read:", " there", "Message:"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?\S+|\n"), "isolated")
    folder = tmp_path_factory.mktemp("tiny")
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    shape = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True,
        initializer_range=1.0,
    )  # fmt: skip
    transformers.LlamaForCausalLM(shape).save_pretrained(folder)
    return folder


def test_a_shared_beginning_and_a_batch_change_no_score(tiny: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = CausalModel(tiny)
    prompts = [model.tokens(text) for text in ("them: hi\n", "them: hi there joy joy\n", "hi")]
    start = model.tokens("Message: love\nFeeling: joy\n")
    ids = model.word_ids(MOODS)
    together = model.next_words(prompts, ids, start=start)
    plain = transformers.AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    for prompt, scores in zip(prompts, together, strict=True):
        whole = plain(torch.tensor([[*start, *prompt]])).logits[0, -1, ids]
        assert scores == pytest.approx(whole.detach().numpy(), abs=1e-4)
    with pytest.raises(ModelError, match="one token each.*'two words'"):
        model.word_ids(["joy", "two words"])


def test_the_prompted_model_is_shown_one_example_of_each_label(tiny: Path) -> None:
    texts = [f"hi there {i} and more" for i in range(56)]
    labels = np.eye(28, dtype=np.float32)[np.arange(56) % 28]
    scorer = Prompted(CausalModel(tiny), MOOD_WORDS, task="Feeling", seed=3)
    with pytest.raises(DataError, match="fit comes first"):
        scorer.scores(["hi"])
    scorer.fit(texts, labels)
    assert scorer.start.count("Message: ") == 28
    assert all(f"Feeling: {word}\n" in scorer.start for word in MOOD_WORDS.values())
    assert scorer.scores(["hi", "hi\nthere", ""]).shape == (3, 28)
    assert scorer.asked("hi\nthere") == "Message: hi there\nFeeling:"


def test_the_adapter_decodes_the_codes_before_the_one_it_scores(tiny: Path) -> None:
    model = CausalModel(tiny)
    first, second = {"joy": "joy", "love": "love"}, {"any": "any", "cheer": "cheer"}
    prompt = prompt_of([Turn(role="user", text="hi there")])
    alone = Adapted(model, [first]).scores([prompt])
    word = list(first)[int(alone[0].argmax())]
    after = model.next_words(
        [[*model.tokens(prompt), *model.word_ids([word])]], model.word_ids(["any", "cheer"])
    )
    assert Adapted(model, [first, second]).scores([prompt]) == pytest.approx(after, abs=1e-5)


def test_an_adapter_that_changes_nothing_is_refused(tiny: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    base = transformers.AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    shape = peft.LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    model = peft.get_peft_model(base, shape)
    model.save_pretrained(tmp_path / "untrained")
    with pytest.raises(ModelError, match="changes nothing"):
        CausalModel(tiny, tmp_path / "untrained")
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight += 1
    model.save_pretrained(tmp_path / "trained")
    prompts = [[1, 2, 3]]
    ids = list(range(1, 29))
    plain = CausalModel(tiny).next_words(prompts, ids)
    assert not np.allclose(CausalModel(tiny, tmp_path / "trained").next_words(prompts, ids), plain)
    with pytest.raises(ModelError, match="no adapter"):
        CausalModel(tiny, tmp_path / "nothing")
    with pytest.raises(ModelError, match="no causal model"):
        CausalModel(tmp_path / "nothing")
