"""What modalities are worth: the fusion ranker with and without them, on all and on cold items.

The split is that of `cold_items`. Cold targets are ranked among the cold items that the person had
not had, and beside it over the whole catalogue.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.eval.cold_items import Flags, Trial, chance, draw_cold, n_choices, of_items, trial_of
from simpatico.eval.next_item import Interval, Judged, Part, interval, judge, paired
from simpatico.eval.posters import Films, poster_vectors, read_films, word_vectors
from simpatico.eval.tables import Table, to_markdown
from simpatico.finetune.sequences import digest, read_interactions
from simpatico.modelstore import ModelStore
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback
from simpatico.settings import load_settings

if TYPE_CHECKING:
    from simpatico.finetune.fusion_train import Plan, Trained

Array = NDArray[np.float32]


class Row(NamedTuple):
    """A model by what it sees of an item."""

    title: str
    ids: bool
    modalities: tuple[str, ...]


IDS, TEXT, IMAGE, BOTH, FULL = ROWS = (
    Row("ids only", True, ()),
    Row("text only", False, ("text",)),
    Row("image only", False, ("image",)),
    Row("text and image", False, ("text", "image")),
    Row("ids, text and image", True, ("text", "image")),
)
PAIRS: Final = (
    (FULL, IDS),
    (FULL, TEXT),
    (FULL, IMAGE),
    (TEXT, IDS),
    (IMAGE, IDS),
    (BOTH, TEXT),
)


@dataclass(frozen=True)
class Recipe:
    """How every row is trained.

    Attributes:
        token_dropout: probability that a token of an item is hidden while learning.
        epochs: over what is learnt from.
        newest: events of a person that are learnt from, the newest.
        use_evidence: whether the behavioural tables speak as well.
    """

    token_dropout: float = 0.3
    epochs: int = 5
    newest: int = 50
    use_evidence: bool = True

    def plan(self, seed: int) -> "Plan":
        """The plan of one seed: a GRU alone."""
        from simpatico.finetune.fusion_train import Plan

        return Plan(
            towers=("gru",),
            token_dropout=self.token_dropout,
            epochs=self.epochs,
            use_evidence=self.use_evidence,
            seed=seed,
        )


class Outcome(NamedTuple):
    """How one row did, one value for each person: on all, on cold among cold, and over all."""

    all: Judged
    among_cold: Judged
    cold_over_all: Judged


def learn(
    trial: Trial,
    row: Row,
    vectors: Mapping[str, Array],
    recipe: Recipe,
    *,
    seed: int = 0,
    progress: ProgressCallback = lambda what, done, total: None,
) -> "Trained":
    """Train a row without the cold items, and let them in."""
    from simpatico.finetune.fusion_train import catalogue_of, train

    warm = ~trial.cold
    seen = {name: vectors[name] for name in row.modalities}
    without = {name: values[warm] for name, values in seen.items()}
    learnt_of = catalogue_of(len(trial.learnt.items), without, ids=row.ids)
    trained = train(trial.learnt, learnt_of, recipe.plan(seed), progress=progress)
    return let_in(trained, trial.cold, seen, ids=row.ids, n_events=trial.learnt.n_events)


def let_in(
    trained: "Trained", cold: Flags, vectors: Mapping[str, Array], *, ids: bool, n_events: int
) -> "Trained":
    """A ranker that knows cold items too: no vector of their own, no evidence, never had.

    Args:
        trained: on the items that are not cold.
        cold: (n_items,).
        vectors: for each modality (n_items, width).
        ids: whether items that are not cold have vectors of their own.
        n_events: that it learnt from.
    """
    import torch
    from scipy import sparse

    from simpatico.finetune.fusion_train import Trained, catalogue_of
    from simpatico.retrieval.links import Links

    n_items, warm = len(cold), np.flatnonzero(~cold)
    spread = sparse.csr_array(
        (np.ones(len(warm), np.float32), (warm, np.arange(len(warm)))), shape=(n_items, len(warm))
    )
    tables = [sparse.csr_array(table) for table in trained.links]
    near, together = (sparse.csr_array(spread @ table @ spread.T).toarray() for table in tables)
    log_known = np.full(n_items, -np.log(n_events + len(warm)), dtype=np.float32)
    log_known[warm] = trained.log_known
    for member in trained.members:
        grown = torch.nn.Embedding(n_items, member.shape.width)
        with torch.no_grad():
            grown.weight.zero_()
            grown.weight[torch.from_numpy(warm)] = member.items.id.weight
        member.items.id = grown
    return Trained(
        trained.members,
        catalogue_of(n_items, vectors, cold=cold, ids=ids),
        Links(near, together),
        log_known,
        trained.losses,
    )


def judge_row(trained: "Trained", trial: Trial) -> Outcome:
    """All three tests of one ranker."""
    scores = trained.scores(trial.all.known, trial.all.rows)
    found = trained.scores(trial.cold_known, trial.cold_split.rows)
    among = np.where(trial.cold, found, -np.inf)
    return Outcome(
        judge(scores, trial.all), judge(among, trial.cold_split), judge(found, trial.cold_split)
    )


class Found(NamedTuple):
    """One row's outcomes, means over seeds, with each seed's NDCG@10 and its seconds."""

    row: Row
    outcome: Outcome
    each: tuple[tuple[float, float, float], ...]
    seconds: float


def run_row(
    trial: Trial,
    row: Row,
    vectors: Mapping[str, Array],
    recipe: Recipe,
    *,
    seeds: Sequence[int],
    progress: ProgressCallback = lambda what, done, total: None,
) -> Found:
    """Train and judge a row once for each seed."""
    began = time.perf_counter()
    outcomes = [
        judge_row(learn(trial, row, vectors, recipe, seed=seed, progress=progress), trial)
        for seed in seeds
    ]
    return Found(
        row,
        Outcome(*(_mean(parts) for parts in zip(*outcomes, strict=True))),
        tuple((a.ndcg.mean(), b.ndcg.mean(), c.ndcg.mean()) for a, b, c in outcomes),
        (time.perf_counter() - began) / len(outcomes),
    )


def _mean(each: Sequence[Judged]) -> Judged:
    return Judged(np.mean([one.hit for one in each], 0), np.mean([one.ndcg for one in each], 0))


def tables(found: Sequence[Found], trial: Trial, title: str) -> list[Table]:
    """How rows did in each test, and how far apart pairs of them are.

    Args:
        found: rows.
        trial: what they were judged on.
        title: of both tables.
    """
    choices = n_choices(trial)
    odds = chance(choices)
    rows = [
        (one.row.title, *(cell for judged in one.outcome for cell in _cells(judged)), _spread(one))
        for one in found
    ]
    rows.append(("random order", "", "", *(f"{each.mean():.4f}" for each in odds), "", "", ""))
    known = {one.row: one.outcome for one in found}
    gaps = [
        (
            f"{ours.title}, less {theirs.title}",
            *(
                _cell(paired(a.ndcg, b.ndcg), "+")
                for a, b in zip(known[ours], known[theirs], strict=True)
            ),
        )
        for ours, theirs in PAIRS
        if ours in known and theirs in known
    ]
    return [
        Table(
            title=title,
            columns=(
                *("row", "all: HR@10", "NDCG@10", "cold among cold: HR@10", "NDCG@10"),
                *("cold over all: HR@10", "NDCG@10", "spread over seeds"),
            ),
            rows=tuple(rows),
            notes=(
                f"{trial.learnt.n_events} events learnt from, with {len(trial.learnt.items)} items;"
                f" {np.count_nonzero(trial.cold)} cold items, {choices.mean():.1f} to choose from"
                f" on average. All: n={len(trial.all.rows)}, targets"
                f" {digest(trial.all.targets, trial.all.known.items)}; cold:"
                f" n={len(trial.cold_split.rows)}, targets"
                f" {digest(trial.cold_split.targets, trial.all.known.items)}.",
                "In brackets: 95 %, people drawn again 2,000 times. Ties against the target: who"
                " cannot tell cold items apart has 0 there, and a random order what the last row"
                " says. Spread: standard deviation of NDCG@10 over seeds, of the three tests.",
                "Seconds a seed: "
                + ", ".join(f"{one.row.title} {one.seconds:.0f}" for one in found)
                + ".",
            ),
        ),
        Table(
            title=f"{title}: differences of NDCG@10, people paired",
            columns=("rows", "all", "cold among cold", "cold over all"),
            rows=tuple(gaps),
            notes=(
                "Among the cold, a random order would have"
                f" {odds.ndcg.mean():.4f} where ids only has its ties against it."
                + "".join(
                    f" {one.row.title}, less a random order: "
                    f"{_cell(paired(one.outcome.among_cold.ndcg, odds.ndcg), '+')}."
                    for one in found
                    if one.row.modalities
                ),
            ),
        ),
    ]


def _cells(judged: Judged) -> tuple[str, str]:
    return _cell(interval(judged.hit)), _cell(interval(judged.ndcg))


def _cell(value: Interval, sign: str = "") -> str:
    return f"{value.mean:{sign}.4f} ({value.low:{sign}.3f} to {value.high:{sign}.3f})"


def _spread(one: Found) -> str:
    if len(one.each) < 2:
        return ""
    return ", ".join(f"{value:.4f}" for value in np.std(one.each, axis=0, ddof=1))


def run(
    data: Path,
    films: Path,
    *,
    part: Part,
    rows: Sequence[Row] = ROWS,
    recipe: Recipe | None = None,
    seeds: Sequence[int] = (0,),
    keep: Path | None = None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> list[Table]:
    """Train and judge rows on a file of interactions and a folder of films.

    Args:
        data: as `read_interactions` takes it.
        films: as `read_films` takes it.
        part: "dev" to choose by, "test" to report.
        rows: which.
        recipe: the same for all rows.
        seeds: of the models; what is cold does not depend on them.
        keep: folder to keep vectors in.
        progress: told of posters and batches.

    Raises:
        DataError: a file is not what is wanted.
        ModelError: an encoder's weights were not fetched.
        SettingsError: torch is not installed.
        ValueError: no seeds.
    """
    if not seeds:
        raise ValueError("wanted at least one seed, got none")
    recipe = recipe or Recipe()
    needs("torch", "torch", "the fusion ranker's training").set_num_threads(1)
    events = read_interactions(data)
    known = read_films(films, events.items)
    vectors = encode(known, keep=keep, progress=progress)
    cold, gone = draw_cold(known, part)
    trial = trial_of(of_items(events, ~gone), cold[~gone], part, newest=recipe.newest)
    there = {name: values[~gone] for name, values in vectors.items()}
    found = [run_row(trial, row, there, recipe, seeds=seeds, progress=progress) for row in rows]
    title = f"What modalities are worth, {part} part, {recipe}, seeds {list(seeds)}"
    return tables(found, trial, title)


def encode(
    films: Films,
    *,
    keep: Path | None,
    progress: ProgressCallback = lambda what, done, total: None,
) -> dict[str, Array]:
    """Vectors of words by MiniLM and of posters by EfficientNet-Lite0, (n_items, width) each."""
    from simpatico.retrieval.encoders.efficientnet import EfficientNetLite
    from simpatico.retrieval.encoders.minilm import MiniLM

    store = ModelStore(load_settings().cache)
    looks = EfficientNetLite(store.path(EfficientNetLite.name))
    return {
        "text": word_vectors(films, MiniLM(store.path("minilm")), keep=keep),
        "image": poster_vectors(films, looks, keep=keep, progress=progress),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    recipe = Recipe()
    parser = argparse.ArgumentParser(description="What text and posters are worth to the ranker.")
    parser.add_argument("--data", type=Path, required=True, help="a file of interactions")
    parser.add_argument("--films", type=Path, required=True, help="items.csv and images/")
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--rows", default="", help="parted by ';'; none: all")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--token-dropout", type=float, default=recipe.token_dropout)
    parser.add_argument("--epochs", type=int, default=recipe.epochs)
    parser.add_argument("--newest", type=int, default=recipe.newest)
    parser.add_argument("--no-evidence", action="store_true", help="without behavioural tables")
    parser.add_argument("--keep", type=Path, help="folder to keep vectors in")
    chosen = parser.parse_args(arguments)
    for table in run(
        chosen.data,
        chosen.films,
        part=chosen.part,
        rows=rows_of(chosen.rows),
        recipe=Recipe(chosen.token_dropout, chosen.epochs, chosen.newest, not chosen.no_evidence),
        seeds=range(chosen.seeds),
        keep=chosen.keep,
        progress=_tell,
    ):
        print(to_markdown(table))


def rows_of(names: str) -> tuple[Row, ...]:
    """Rows by their titles, parted by ";"; all for "".

    Raises:
        DataError: a title is not known.
    """
    known = {row.title: row for row in ROWS}
    wanted = [name.strip() for name in names.split(";") if name.strip()]
    if unknown := [name for name in wanted if name not in known]:
        raise DataError(f"no row {', '.join(unknown)}; the rows are: {'; '.join(known)}")
    return tuple(known[name] for name in wanted) or ROWS


def _tell(what: str, done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        print(f"{what}: {done} of {total}", file=sys.stderr)


if __name__ == "__main__":
    main()
