"""Export of a trained adapter for llama.cpp.

    python -m simpatico.finetune.export --adapter OUT --base BASE --out reader.gguf

The writing itself is `simpatico.loragguf`, which needs no torch, because a laptop without it makes
the same file when it serves an adapter that ships.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from simpatico.lorafile import read_lora
from simpatico.loragguf import shape_of, write_gguf


def export_gguf(adapter: Path, base: Path, out: Path) -> Path:
    """Write an adapter as llama.cpp loads it, in float16.

    Args:
        adapter: a folder as peft writes it; it may change the upper layers only.
        base: folder or config.json of its base, or the base's GGUF file.
        out: the file to write.

    Raises:
        ModelError: the adapter is damaged or untrained, or is for another base.
    """
    return write_gguf(read_lora(adapter), shape_of(base), out)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Export an adapter for llama.cpp.")
    parser.add_argument("--adapter", type=Path, required=True, help="the adapter's folder")
    parser.add_argument("--base", type=Path, required=True, help="its base: a folder or .gguf file")
    parser.add_argument("--out", type=Path, required=True, help="the file to write (.gguf)")
    options = parser.parse_args(arguments)
    print(export_gguf(options.adapter, options.base, options.out))


if __name__ == "__main__":
    main()
