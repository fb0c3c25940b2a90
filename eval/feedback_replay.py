"""Learning from feedback, on people who rated films: a log replayed, the ranker retrained, judged.

Ratings of MovieLens (GroupLens; for research, nothing trained on them ships) whose films are in the
built-in catalogue become events of a log in a home of its own; then it goes as
`simpatico train ranker --from-events` does.

    simpatico eval feedback --data ml-latest-small --home replay --people 200
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simpatico.agent.eventlog import SqliteLog
from simpatico.domain import Event
from simpatico.eval.rated_events import events_of
from simpatico.finetune.retrain import PLAN, Renewal, Stock, renew
from simpatico.protocols import EventLog, ProgressCallback
from simpatico.retrieval.packs import Pack, load_pack
from simpatico.retrieval.versions import Versions


class PackVectors:
    """The vectors of a pack; nobody says anything here."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._row = {item.id: row for row, item in enumerate(pack.items)}

    def vectors(self, item_ids: Sequence[str]) -> NDArray[np.float32]:
        """Text vectors, (n, dim)."""
        return self._pack.vectors[[self._row[item_id] for item_id in item_ids]]

    def query_vector(self, query: str) -> NDArray[np.float32]:
        """None: zeros."""
        return np.zeros(self._pack.vectors.shape[1], dtype=np.float32)


def fill(log: EventLog, events: Iterator[Event]) -> int:
    """Store events; gives how many."""
    return sum(log.append(event) for event in events)


def measure(
    data: Path,
    home: Path,
    *,
    n_people: int | None = None,
    seed: int = 0,
    command: str = "",
    progress: ProgressCallback = lambda what, done, total: None,
) -> tuple[Renewal, int]:
    """Replay, retrain and judge; also how many events were stored, of all people.

    Args:
        data: movies.csv and ratings.csv.
        home: for the log and the versions; what is there is gone on from.
        n_people: so many, drawn; None: all.
        seed: of the draw, of training and of the gate.
        command: for the version's card.
        progress: told of batches and rankings.

    Raises:
        DataError: the ratings cannot be read, or are too few.
        StoreError: `home` cannot be written.
    """
    pack = load_pack("movies")
    with closing(SqliteLog(home / "events.sqlite")) as log:
        n_new = fill(log, events_of(data, pack.items, n_people=n_people, seed=seed))
        done = renew(
            Versions(home, "movies"),
            Stock(pack.items, PackVectors(pack)),
            log,
            at=datetime.now(UTC),
            plan=replace(PLAN, seed=seed),
            command=command,
            progress=progress,
        )
    return done, n_new
