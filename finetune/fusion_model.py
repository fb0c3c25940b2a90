"""The fusion ranker as a torch model: modalities of an item, a person's events, one score.

An item is a set of tokens, one for each modality that it has; the others are masked, never filled
with zeros. A person is what a recurrent network makes of their events, with a state added where
there is one: in dialogues the words, as a vector, and what was read of them, a mood and a need,
each by a linear map. The person asks: attention over an item's tokens
(Vaswani et al., 2017) weighs the modalities for this person now, and the score is what the weighed
item says to them, plus behavioural evidence (`simpatico.retrieval.links`) and how well the item is
known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor, nn

from simpatico.retrieval.past import START

Tower = Literal["gru", "lstm", "attention", "mlp"]
ID: Final = "id"
"""The modality that is a number for each item learnt from; other items have none."""

N_GAPS: Final = 14
HEADS: Final = 2
MLP_EVENTS: Final = 20
MAX_PLACES: Final = 512


@dataclass(frozen=True)
class Shape:
    """What a model is made for.

    Attributes:
        modalities: name and width of each, in order; `id` has width 0.
        n_items: items that have a token `id`.
        n_kinds: kinds of event (a like, a view, a number of stars).
        n_state: width of a person's state; 0: none.
        n_moods, n_needs: that a person may have; 0: they are not asked for.
        n_evidence: evidence values for each pair of a person and an item.
        n_signals: other values for each pair, which count as they are.
        width: of everything inside.
        tower: what reads the events.
        dropout: in [0, 1).
        token_dropout: probability that a token of an item is hidden while learning.
        felt_dropout: probability that a person's mood is hidden while learning; their need
            likewise, by itself.
    """

    modalities: tuple[tuple[str, int], ...]
    n_items: int
    n_kinds: int
    n_state: int = 0
    n_moods: int = 0
    n_needs: int = 0
    n_evidence: int = 2
    n_signals: int = 0
    width: int = 64
    tower: Tower = "gru"
    dropout: float = 0.3
    token_dropout: float = 0.1
    felt_dropout: float = 0.3


class Feeling(NamedTuple):
    """People's moods and needs, (n, n_moods) and (n, n_needs), in [0, 1]; zeros: none was read."""

    moods: Tensor
    needs: Tensor


class Events(NamedTuple):
    """People's events, the oldest first, padded at the end.

    Attributes:
        items: (n, length) positions in the catalogue.
        kinds: (n, length) in [0, n_kinds).
        gaps: (n, length) in [0, N_GAPS): how long after the event before, see `gap_of`.
        there: (n, length) of bool.
    """

    items: Tensor
    kinds: Tensor
    gaps: Tensor
    there: Tensor


class Tokens(NamedTuple):
    """Items as a person sees them: keys and values (n, n_modalities, width), there (n, n_mod.)."""

    keys: Tensor
    values: Tensor
    there: Tensor


class _Linear(nn.Linear):
    """A linear map of rows that may be a sparse tensor, for facets are thousands and few hold."""

    def forward(self, rows: Tensor) -> Tensor:
        if not rows.is_sparse:
            return super().forward(rows)
        return torch.sparse.mm(rows, self.weight.T) + self.bias


def _mlp(n: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(_Linear(n, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width))


class ItemTower(nn.Module):
    """One token for each modality of an item."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.project = nn.ModuleDict(
            {
                name: _mlp(n, shape.width, shape.dropout)
                for name, n in shape.modalities
                if name != ID
            }
        )
        self.id = nn.Embedding(shape.n_items, shape.width)
        nn.init.normal_(self.id.weight, std=0.05)
        self.key = nn.Linear(shape.width, shape.width, bias=False)
        self.kind = nn.Parameter(torch.zeros(len(shape.modalities), shape.width))

    def forward(
        self, features: Mapping[str, Tensor], there: Tensor, ids: Tensor
    ) -> tuple[Tokens, Tensor]:
        """Tokens, and the mean of the tokens that are there, (n, width).

        Args:
            features: for each modality but `id` (n, its width), dense or sparse.
            there: (n, n_modalities) of bool.
            ids: (n,) places of the tokens `id`; any number where an item has none.
        """
        tokens = torch.stack(
            [
                self.id(ids) if name == ID else self.project[name](features[name])
                for name, _ in self.shape.modalities
            ],
            dim=1,
        )
        if self.training and self.shape.token_dropout:
            kept = there & (
                torch.rand(there.shape, device=there.device) >= self.shape.token_dropout
            )
            there = torch.where(kept.any(1, keepdim=True), kept, there)
        flags = there[..., None].to(tokens.dtype)
        tokens = tokens * flags
        mean = tokens.sum(1) / flags.sum(1).clamp(min=1)
        return Tokens(self.key(tokens) + self.kind, tokens, there), mean


class PersonTower(nn.Module):
    """What somebody's events up to each of them make of a person."""

    mood_trust: Tensor
    need_trust: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.kind = nn.Embedding(shape.n_kinds, width)
        self.gap = nn.Embedding(N_GAPS, width)
        for table in (self.kind, self.gap):
            nn.init.normal_(table.weight, std=0.02)
        self.drop = nn.Dropout(shape.dropout)
        self.read: nn.Module
        match shape.tower:
            case "gru":
                self.read = nn.GRU(width, width, batch_first=True)
            case "lstm":
                self.read = nn.LSTM(width, width, batch_first=True)
            case "attention":
                self.place = nn.Embedding(MAX_PLACES, width)
                nn.init.normal_(self.place.weight, std=0.02)
                layer = nn.TransformerEncoderLayer(
                    width, HEADS, 4 * width, shape.dropout, batch_first=True, norm_first=True
                )
                self.read = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            case "mlp":
                self.lag = nn.Parameter(-0.2 * torch.arange(MLP_EVENTS, dtype=torch.float32))
                self.read = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(),
                                          nn.Linear(2 * width, width))  # fmt: skip
        self.out = nn.Linear(width, width)
        if shape.n_state:
            self.state = _mlp(shape.n_state, width, shape.dropout)
        if shape.n_moods or shape.n_needs:
            self.mood = nn.Linear(shape.n_moods, width, bias=False)
            self.need = nn.Linear(shape.n_needs, width, bias=False)
            for each in (self.mood, self.need):  # what is never learnt of says nothing
                nn.init.zeros_(each.weight)
            self.register_buffer("mood_trust", torch.ones(shape.n_moods))
            self.register_buffer("need_trust", torch.ones(shape.n_needs))

    def forward(
        self,
        items: Tensor,
        events: Events,
        state: Tensor | None = None,
        feeling: Feeling | None = None,
    ) -> Tensor:
        """The person after each event: (n, length, width).

        Args:
            items: (n, length, width), the events' items; what a `START` has there is not looked at.
            events: see there; padding is at the end, so nothing before it sees it.
            state: (n, n_state), or None.
            feeling: of each person, or None; what is all zeros adds nothing.
        """
        items = items * (events.kinds != START)[..., None]
        seen = self.drop(items + self.kind(events.kinds) + self.gap(events.gaps))
        match self.shape.tower:
            case "gru" | "lstm":
                read, _ = self.read(seen)
            case "attention":
                n = seen.shape[1]
                place = torch.arange(n, device=seen.device).clamp(max=MAX_PLACES - 1)
                mask = nn.Transformer.generate_square_subsequent_mask(n, device=seen.device)
                read = self.read(seen + self.place(place), mask=mask, is_causal=True)
            case "mlp":
                read = self.read(_newest_mean(seen, self.lag))
        person: Tensor = self.out(self.drop(read))
        if state is not None and self.shape.n_state:
            person = person + self.state(state)[:, None]
        if feeling is not None and (self.shape.n_moods or self.shape.n_needs):
            moods = self.mood(self._some(feeling.moods) * self.mood_trust)
            needs = self.need(self._some(feeling.needs) * self.need_trust)
            person = person + (moods + needs)[:, None]
        return person

    def trust(self, feeling: Feeling, doubt: float) -> None:
        """Let each mood and need count as it is known: met n times, n / (n + doubt).

        What was met a few times would else be learnt by heart, for the optimiser steps as far for
        it as for any other.

        Args:
            feeling: of all people learnt from.
            doubt: at least 0.
        """
        for trust, met in zip((self.mood_trust, self.need_trust), feeling, strict=True):
            n = met.sum(0)
            trust.copy_(n / (n + doubt).clamp(min=1e-9))

    def _some(self, values: Tensor) -> Tensor:
        """The same, while learning without what is hidden of some people, (n, width)."""
        if not (self.training and self.shape.felt_dropout):
            return values
        drawn = torch.rand((len(values), 1), device=values.device)
        return values * (drawn >= self.shape.felt_dropout)


def _newest_mean(seen: Tensor, lag: Tensor) -> Tensor:
    """Weighted mean over each event and those before it: (n, length, width)."""
    n = seen.shape[1]
    weights = lag.softmax(0)
    total = torch.zeros_like(seen)
    for back in range(min(len(weights), n)):
        total = total + weights[back] * nn.functional.pad(seen, (0, 0, back, 0))[:, :n]
    return total


class Fusion(nn.Module):
    """Both towers, the attention between them, and the evidence."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.items = ItemTower(shape)
        self.person = PersonTower(shape)
        self.ask = nn.Linear(shape.width, shape.width, bias=False)
        self.evidence = nn.Parameter(torch.full((shape.n_evidence,), 0.7))
        self.floor = nn.Parameter(torch.full((shape.n_evidence,), -7.0))
        self.known = nn.Parameter(torch.tensor(0.3))
        self.fresh = nn.Parameter(torch.tensor(0.0))
        self.signals = nn.Parameter(torch.full((shape.n_signals,), 4.0))

    def content(self, person: Tensor, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """What each modality of items adds for people, and the attention on it.

        Both (n, n_items, n_modalities); the score is the sum of the first over the modalities.
        """
        keys, values = (each.permute(1, 2, 0) for each in (tokens.keys, tokens.values))
        asked = self.ask(person) @ keys * self.shape.width**-0.5  # (n_modalities, n, n_items)
        weights = asked.masked_fill(~tokens.there.T[:, None], -torch.inf).softmax(0).nan_to_num()
        said = person @ values
        return (weights * said).permute(1, 2, 0), weights.permute(1, 2, 0)

    def heard(self, evidence: Tensor) -> Tensor:
        """What behavioural evidence adds, (n, n_evidence, n_items), from evidence of that shape."""
        return self.evidence[:, None] * (evidence + self.floor.exp()[:, None]).log()

    def forward(
        self,
        person: Tensor,
        tokens: Tokens,
        evidence: Tensor,
        log_known: Tensor,
        signals: Tensor | None = None,
    ) -> Tensor:
        """Scores, (n, n_items), in logits of a softmax over the items.

        Args:
            person: (n, width), see `PersonTower`.
            tokens: of the items.
            evidence: (n, n_evidence, n_items), at least 0.
            log_known: (n_items,) logarithm of the share of all events that each item has; nan for a
                fresh item, which had none. It counts as one of average evidence and share, and
                something learnt is added.
            signals: (n, n_signals, n_items), cosines.
        """
        fresh = log_known.isnan()
        share = 1 / len(log_known)
        evidence = evidence.masked_fill(fresh, share)
        log_known = log_known.masked_fill(fresh, math.log(share))
        score = self.content(person, tokens)[0].sum(2) + self.fresh * fresh
        if signals is not None:
            score = score + (self.signals[:, None] * signals).sum(1)
        return score + self.heard(evidence).sum(1) + self.known * log_known


def gap_of(seconds: Sequence[float] | Tensor) -> Tensor:
    """Time since the event before as one of `N_GAPS` classes: powers of 4, from a second on."""
    found = torch.as_tensor(seconds, dtype=torch.float64).clamp(min=0)
    return (torch.log2(found + 1) / 2).floor().clamp(max=N_GAPS - 1).long()
