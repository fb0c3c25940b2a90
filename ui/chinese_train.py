"""Train the heads that read Chinese, from the command line; see `simpatico.finetune.chinese`."""

import argparse
from pathlib import Path

import numpy as np

from simpatico.agent.read.prototypes import INTENTS, NEEDS
from simpatico.agent.zh.feeling import ENCODER
from simpatico.finetune.chinese import goemotions, own_lines, train
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders.e5 import MultilingualE5
from simpatico.settings import load_settings


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description="Train the heads that read Chinese.")
    parser.add_argument("--goemotions", type=Path, help="folder with train.tsv and labels.txt")
    parser.add_argument("--per-mood", type=int, default=25, help="sentences of it for each mood")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    lines = list(own_lines({"need": NEEDS, "intent": INTENTS}))
    if given.goemotions:
        lines += goemotions(given.goemotions, per_mood=given.per_mood, rng=rng)
    encoder = MultilingualE5(ModelStore(load_settings().cache).path(ENCODER))
    with given.out.open("wb") as file:
        np.savez_compressed(file, **train(lines, encoder, seed=given.seed))  # type: ignore[arg-type]
    print(f"{len(lines)} lines: {given.out}")


if __name__ == "__main__":
    main()
