"""How a ranker of the next item is trained, as a file: what tuning found, for the training."""

import dataclasses
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError
from simpatico.finetune.fusion_model import Tower
from simpatico.finetune.fusion_train import Plan


class PlanFile(Value):
    """A `Plan` with its bounds."""

    version: Literal[1] = 1
    towers: tuple[Tower, ...] = Field(min_length=1)
    width: int = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    token_dropout: float = Field(ge=0, lt=1)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    epochs: int = Field(gt=0)
    use_evidence: bool
    patience: int = Field(ge=0)
    fresh_share: float = Field(ge=0, lt=1)
    seed: int


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as JSON.

    Raises:
        DataError: it cannot be written.
    """
    told = PlanFile.model_validate(dataclasses.asdict(plan)).model_dump_json(indent=2)
    try:
        path.write_text(told + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"the plan cannot be written to {path}: {error}") from error


def read_plan(path: Path) -> Plan:
    """Read what `write_plan` wrote.

    Raises:
        DataError: it cannot be read, or is no plan.
    """
    try:
        told = PlanFile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(f"wanted the plan of a training in {path}: {error}") from error
    return Plan(**told.model_dump(exclude={"version"}))
