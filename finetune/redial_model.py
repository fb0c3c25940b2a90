"""A trained recommender for ReDial's dialogues, as it is asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import ValidationError

from simpatico.errors import DataError, ModelError
from simpatico.finetune.redial_data import Film, Moment, Talk, read_films, read_talks
from simpatico.finetune.redial_features import count_tables
from simpatico.finetune.redial_shortlist import shortlist
from simpatico.finetune.redial_train import CARD, ITEMS, TALKS, Card, remember
from simpatico.finetune.redial_world import Array, asked_of, vectors_of
from simpatico.optional import needs
from simpatico.protocols import Encoder, ProgressCallback

_FAR: Final = -100.0


class Redial:
    """A model of a folder that `simpatico.finetune.redial_train.train` wrote.

    Its films are those it was trained with; `films` has them, in the order of the scores.

    Args:
        folder: the model's.
        encoder: the one it was trained with.

    Raises:
        ModelError: a file is missing or damaged, or the encoder is another.
        SettingsError: torch is not installed.
    """

    def __init__(self, folder: Path, encoder: Encoder[str]) -> None:
        needs("torch", "torch", "a recommender for ReDial")
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from simpatico.finetune.redial_net import Net, Plan, content_of

        try:
            self.card = Card.model_validate_json((folder / CARD).read_bytes())
            if encoder.name != self.card.encoder:
                raise ModelError(
                    f"the model in {folder} wants vectors of {self.card.encoder},"
                    f" got {encoder.name}"
                )
            self.talks: list[Talk] = read_talks(folder / TALKS)
            self.films: tuple[Film, ...] = read_films(folder / ITEMS)
            self._world, past = remember(folder, self.talks, self.films)
            self._content = content_of(self._world)
            n_said = int(np.prod(past.asked.vectors.shape[1:]))
            plan = Plan(hidden=self.card.hidden, width=self.card.width)
            self._nets = []
            for seed in self.card.seeds:
                net = Net(self._content, len(self.card.features), n_said, plan)
                net.load_state_dict(load_file(folder / f"net-{seed}.safetensors"))
                self._nets.append(net.eval())
        except (OSError, KeyError, ValueError, ValidationError, DataError) as error:
            raise ModelError(f"the model in {folder} cannot be loaded: {error}") from error
        except (RuntimeError, SafetensorError) as error:
            raise ModelError(f"the nets in {folder} do not fit: {error}") from error
        self._encoder = encoder
        self._tables = count_tables(self._world, past, np.ones(len(self.talks), dtype=bool))
        one = past.asked.part(np.zeros(1, dtype=np.int64))
        if shortlist(self._world, self._tables, one, n_candidates=1).names != self.card.features:
            raise ModelError(f"the model in {folder} knows other features: train it again")

    def scores(
        self,
        talks: Sequence[Talk],
        moments: Sequence[Moment],
        *,
        progress: ProgressCallback = lambda what, done, total: None,
    ) -> Array:
        """Logarithms of probabilities, (n_moments, n_films), among the candidates of each moment.

        Films that are no candidates come after all that are, by how often dialogues name them;
        those named before come last.
        """
        from simpatico.finetune.redial_net import chances

        vectors = vectors_of(talks, moments, self._encoder)
        asked = asked_of(self._world, talks, moments, vectors)
        found = shortlist(
            self._world,
            self._tables,
            asked,
            n_candidates=self.card.n_candidates,
            progress=progress,
        )
        known = np.log1p(self._tables.named).astype(np.float32)
        scores = np.tile(_FAR + known, (len(moments), 1))
        np.put_along_axis(
            scores,
            found.places.astype(np.int64),
            chances(self._nets, found, asked, self._content),
            axis=1,
        )
        for row, what in enumerate(asked.before):
            scores[row, what] = 2 * _FAR
        return scores
