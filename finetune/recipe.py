"""Recipes: what is trained, from what, and how, as TOML."""

import tomllib
from pathlib import Path

from pydantic import Field, ValidationError

from simpatico.domain import Value
from simpatico.errors import DataError


class LoraRecipe(Value):
    """What is trained: rank, scale (alpha / rank) and where."""

    rank: int = Field(gt=0)
    alpha: int = Field(gt=0)
    first_layer: int = Field(default=0, ge=0)
    modules: tuple[str, ...] = Field(min_length=1)


class TrainingRecipe(Value):
    """How it is trained: AdamW, linear warm-up over a share of the steps, linear decay to 0."""

    learning_rate: float = Field(gt=0)
    warmup: float = Field(default=0.03, ge=0, lt=1)
    batch_size: int = Field(gt=0)
    epochs: int = Field(gt=0)
    max_tokens: int = Field(gt=8)
    seed: int = 0


class Mixture(Value):
    """How many examples of each source a reader learns from; one whose count is 0 is not read.

    Attributes:
        redial: half of them are messages with a stance other than "liked", which else would be
            one in six.
        own: of our own, for the whole answer.
        teacher_weight: the share, in [0, 1), of a sentence's label in GoEmotions that linear SVMs
            give it which never saw it (distillation: Hinton et al., 2015); the rest is its
            annotators'.
    """

    goemotions: int = Field(default=6000, ge=0)
    emorynlp: int = Field(default=1000, ge=0)
    iard: int = Field(default=1500, ge=0)
    redial: int = Field(default=1600, ge=0)
    own: int = Field(default=3000, ge=0)
    teacher_weight: float = Field(default=0.0, ge=0, lt=1)


class Recipe(Value):
    """A recipe file. `base` is a model of the store, a folder, or a hub name."""

    base: str
    lora: LoraRecipe
    training: TrainingRecipe
    mixture: Mixture = Mixture()


def read_recipe(path: Path) -> Recipe:
    """Read a TOML recipe.

    Raises:
        DataError: it cannot be read, or has a field that is unknown or cannot be.
    """
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"recipe {path} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"recipe {path}, {where}: {first['msg']}") from error
