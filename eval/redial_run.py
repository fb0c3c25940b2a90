"""`simpatico eval redial`: all systems asked, by one process, several, or Ray; a run is written.

Messages are asked about in parts, each by itself, so that figures do not depend on the engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import SecretStr

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.eval import redial_systems, report
from simpatico.eval.asked_titles import AskedTitles
from simpatico.eval.endpoint import Endpoint
from simpatico.eval.engines import Case, Engine, KeptResults, Open, Work, mapped
from simpatico.eval.ran import commit, sha256
from simpatico.eval.record import Check, Run, gap_tables, record_of, table_of
from simpatico.eval.redial import (
    BATCH,
    PROTOCOLS,
    Answer,
    Asked,
    Protocol,
    answers,
    asked_of,
    cases_of,
    checks_of,
    facts_of,
)
from simpatico.eval.tables import Table, write_page
from simpatico.finetune.redial_data import Talk, moments_of, read_films, read_talks
from simpatico.modelstore import ModelStore
from simpatico.optional import needs
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.encoders.minilm import MiniLM

PAGE: Final = "redial.md"
_NOBODY: Final = 0
"""Stands for the place of what is not in a list: JSON has no infinity."""


class Part(Case):
    """Messages to ask about, from one on and before another; of none, the looks for leaks."""

    begin: int = 0
    end: int = 0


class Placed(Value):
    """One system's places for each message of a part, by protocol; see `redial.Answer`."""

    name: str
    failed: tuple[bool, ...]
    places: tuple[tuple[Protocol, tuple[tuple[int, ...], ...]], ...]


class Found(Value):
    """What came of a part: places of every system, or what the looks for leaks found."""

    systems: tuple[Placed, ...] = ()
    checks: tuple[Check, ...] = ()


class Rig(Value):
    """Opens all systems for a worker.

    Attributes:
        data: dialogues to ask about. n: how many, the first of the file; 0: all.
        items: films that can be offered.
        model: a folder of `simpatico train redial`, if any.
        urls: servers to ask for titles. key: sent to them; empty: none.
        keep: a folder for servers' answers.
        baselines: simple rules beside them.
        cache: of the model store, which has the encoder.
    """

    data: Path
    items: Path
    cache: Path
    model: Path | None = None
    urls: tuple[str, ...] = ()
    key: SecretStr = SecretStr("")
    keep: Path | None = None
    baselines: bool = True
    n: int = 0

    def asked(self) -> Asked:
        """What is asked.

        Raises:
            DataError: a file is not what is wanted.
        """
        return asked_of(read_talks(self.data)[: self.n or None], read_films(self.items))

    def told(self) -> str:
        """All that answers depend on, for what is kept."""
        model = sha256(self.model) if self.model else ""
        return (
            f"{sha256(self.data)} {sha256(self.items)} {self.n} {model} {self.urls}"
            f" {self.baselines} {commit()}"
        )

    @contextmanager
    def __call__(self) -> Iterator[Work[Part, Found]]:
        """See `engines.Open`.

        Raises:
            DataError: the model knows no film of the items.
            SimpaticoError: a model or a server cannot be had.
        """
        asked = self.asked()
        films = asked.films
        systems: list[redial_systems.System] = []
        learnt: Sequence[Talk] = ()
        encoder = None
        if self.model is not None or self.baselines:
            encoder = MiniLM(ModelStore(self.cache).path("minilm"))
        if self.model is not None and encoder is not None:
            from simpatico.finetune.redial_model import Redial

            needs("torch", "torch", "a recommender for ReDial").set_num_threads(1)
            trained = Redial(self.model, encoder)
            learnt = trained.talks
            if not {film.id for film in films} & {film.id for film in trained.films}:
                raise DataError(f"the model in {self.model} knows no film of {self.items}")
            ours = redial_systems.Trained(trained, films)
            share = redial_systems.repeat_share(moments_of(learnt))
            systems += [ours, redial_systems.MayRepeat(ours, films, share)]
        key = self.key.get_secret_value()
        systems += [AskedTitles(Endpoint(url, keep=self.keep, key=key), films) for url in self.urls]
        if learnt and self.baselines:
            systems += [
                redial_systems.Popularity(films, learnt),
                redial_systems.CoOccurrence(films, learnt),
            ]
        if encoder is not None and self.baselines:
            systems += [
                redial_systems.Repeat(films),
                redial_systems.Words(films),
                redial_systems.Likeness(films, encoder, lambda what, done, total: None),
            ]
        yield work_of(asked, systems, learnt)


def work_of(
    asked: Asked, systems: Sequence[redial_systems.System], learnt: Sequence[Talk]
) -> Work[Part, Found]:
    """Asks systems about a part.

    Args:
        asked: the cases.
        systems: the one that matters first.
        learnt: training dialogues, for the looks for leaks.
    """

    def work(part: Part) -> Found:
        if part.begin == part.end:
            return Found(checks=checks_of(asked, learnt, systems[0]))
        found = answers(systems, asked._replace(moments=asked.moments[part.begin : part.end]))
        return Found(systems=tuple(_placed(name, each) for name, each in found.items()))

    return work


def run(
    asked: Asked,
    opened: Open[Part, Found],
    *,
    told: str,
    data: Sequence[Path],
    command: str,
    seed: int,
    out: Path,
    engine: Engine = "serial",
    workers: int = 1,
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Table, ...]:
    """Ask all systems, and write a run for each protocol and a page with all.

    Args:
        asked: the cases.
        opened: opens all systems for a worker, as `Rig` does.
        told: all that answers depend on; what is kept for another text is not used.
        data: what was read.
        command: for the records.
        seed: of draws.
        out: gets `repeats/`, `fresh/`, `masked/`, each a run of `simpatico.eval.record` with its
            page, `redial.md`, and finished parts in `kept`, which are not asked about again.
        engine: see `engines.mapped`.
        workers: the same.
        progress: told of parts.

    Raises:
        DataError: there are no fresh targets, or the folder cannot be written.
        SimpaticoError: a system cannot be opened, or a server is gone.
    """
    if not any(one.fresh for one in asked.moments):
        raise DataError("wanted films that are named for the first time, found none")
    n = len(asked.moments)
    parts = [
        *(
            Part(id=f"messages from {at}", begin=at, end=min(at + BATCH, n))
            for at in range(0, n, BATCH)
        ),
        Part(id="looks for leaks"),
    ]
    kept = KeptResults(out / "kept", told, Found)
    *each, looks = mapped(
        parts, opened, kept, engine=engine, workers=workers, what="Asking", progress=progress
    )
    found = _together(each)
    tables: list[Table] = []
    for protocol, how in PROTOCOLS.items():
        cases = {name: cases_of(asked, answer, protocol) for name, answer in found.items()}
        record = record_of(
            "redial",
            f"ReDial, {protocol}",
            cases,
            command=command,
            seed=seed,
            data=data,
            protocol={"targets": how, **facts_of(asked, protocol)},
            skipped={
                "messages with films left out, being a dialogue's first": asked.n_first,
                "messages left out, all their films having been named": sum(
                    not one.fresh for one in asked.moments if protocol != "repeats"
                ),
            },
            checks=looks.checks,
        )
        report.keep(out / protocol, Run(record, cases))
        tables += [table_of(record), *gap_tables(record)]
    write_page(out / PAGE, tables)
    return tuple(tables)


def _placed(name: str, answer: Answer) -> Placed:
    return Placed(
        name=name,
        failed=tuple(answer.failed.tolist()),
        places=tuple(
            (
                protocol,
                tuple(tuple(_NOBODY if np.isinf(at) else int(at) for at in own) for own in each),
            )
            for protocol, each in answer.places.items()
        ),
    )


def _together(parts: Sequence[Found]) -> Mapping[str, Answer]:
    """The answers of all parts as one for each system."""
    names = [each.name for each in parts[0].systems]
    found = {}
    for at, name in enumerate(names):
        own = [part.systems[at] for part in parts]
        places = {
            protocol: [
                np.array([np.inf if place == _NOBODY else place for place in each], dtype=float)
                for one in own
                for each in dict(one.places)[protocol]
            ]
            for protocol in PROTOCOLS
        }
        found[name] = Answer(places, np.array([flag for one in own for flag in one.failed]))
    return found
