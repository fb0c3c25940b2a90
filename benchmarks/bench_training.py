"""What training costs: the fusion ranker's towers beside RecTools' SASRec, time and memory.

    OMP_NUM_THREADS=1 python benchmarks/bench_training.py --data ml-100k.inter --epochs 1 --repeat 3

In the environment of requirements-baselines.txt, which has both. Each training runs in a process of
its own with one thread, ours and theirs by turns. Seconds are of the processor, so that jobs beside
it count less. An epoch is what a longer run takes more than one of one epoch; reading the data,
counting tables and scoring are what is left. Memory is the most that the process held, libraries
included.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

WHOLE = {"gru": 10, "attention": 10, "mlp": 10, "lstm": 10, "SASRec (RecTools)": 60}
"""Epochs of a training as docs/ranking.md judges it; "fusion" is the first three."""


def train(name: str, data: Path, epochs: int) -> None:
    """Train once; what is printed last says what it took."""
    import numpy as np
    import torch

    from simpatico.eval.next_item import split_of
    from simpatico.finetune.sequences import read_interactions

    torch.set_num_threads(1)
    began, cpu = time.perf_counter(), time.process_time()
    split = split_of(read_interactions(data), "test")
    if name == "SASRec (RecTools)":
        from simpatico.eval.baselines_rectools import sasrec

        sasrec(split, 0, epochs=epochs)
    else:
        from simpatico.finetune.fusion_train import Plan, catalogue_of, train

        n_items = len(split.known.items)
        counts = np.bincount(np.concatenate(split.known.what), minlength=n_items)
        catalogue = catalogue_of(n_items, {}, cold=counts == 0)
        plan = Plan(towers=(name,), epochs=epochs)  # type: ignore[arg-type]  # a tower
        train(split.known, catalogue, plan).scores(split.known, split.rows)
    print(
        json.dumps(
            {
                "wall_s": time.perf_counter() - began,
                "cpu_s": time.process_time() - cpu,
                "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def child(name: str, data: Path, epochs: int) -> dict[str, float]:
    """One training in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, "--data", str(data), "--epochs", str(epochs)],
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="time and memory of training")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=1, help="timed, after the first")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rows", default="gru;attention;mlp;SASRec (RecTools)")
    parser.add_argument("--one", help="train this in this process")
    given = parser.parse_args()
    if given.one:
        train(given.one, given.data, given.epochs)
        return
    names = given.rows.split(";")
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    floor: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(given.repeat):
        for name in names:
            floor[name].append(child(name, given.data, 1))
            seen[name].append(child(name, given.data, 1 + given.epochs))
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the end;"
          f" medians of {given.repeat}")  # fmt: skip
    print("| row | CPU s an epoch | epochs | CPU s in all | peak MiB |\n|---|---|---|---|---|")
    for name in names:
        once = statistics.median(
            (long["cpu_s"] - short["cpu_s"]) / given.epochs
            for long, short in zip(seen[name], floor[name], strict=True)
        )
        fixed = statistics.median(short["cpu_s"] for short in floor[name]) - once
        n = WHOLE[name]
        peak = statistics.median(long["mib"] for long in seen[name])
        print(f"| {name} | {once:.1f} | {n} | {fixed + once * n:.0f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
