"""Music under free licences with words: what the shipped bridge for sounds learnt on.

The pieces of the music pack with their keywords, grouped by the package they come in, and short
pieces that are `composed` by rule and played by fluidsynth with a free sound font. They become a
folder of pairs, as `train bridge --pairs` reads it.
"""

import csv
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from simpatico.domain import Item
from simpatico.errors import DataError
from simpatico.finetune.bridge import Pair
from simpatico.finetune.composed import compose
from simpatico.finetune.composed_feelings import FEELINGS
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.catalog import Catalog
from simpatico.retrieval.encoders.musicnn import RATE_HZ
from simpatico.retrieval.shipped import CardData
from simpatico.retrieval.sound import decode_sound

COMPOSED: Final = "composed"
"""Folder, and start of the group, of what is composed."""
N_COMPOSED: Final = 1200
SECONDS: Final = 9.0
"""Of a composed piece, from its start: three patches of musicnn."""
FONT: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Where Debian's fluid-soundfont-gm has it."""

_RENDER_HZ: Final = 44_100
_PEAKS: Final = 0.3, 0.95


def words_of(item: Item) -> str:
    """What is said of a piece of the music pack: "calm, forest music"; "" where nothing is.

    Keys, beats a minute and how it was made are left out: nobody asks for them.
    """
    said = [
        word
        for word in item.keywords
        if word != "AI-generated" and not word.endswith((" bpm", " major", " minor"))
    ]
    return f"{', '.join(said)} music" if said else ""


def write_pairs(
    folder: Path,
    catalog: Catalog,
    media: Path,
    *,
    font: Path = FONT,
    n_composed: int = N_COMPOSED,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> int:
    """Write the sounds and `pairs.csv` of the folder; returns how many pairs.

    Args:
        folder: of the pairs; sounds that are there already are not made again.
        catalog: the music pack.
        media: folder that its media's paths start from.
        font: a General MIDI sound font that fluidsynth reads.
        n_composed: pieces to compose.
        seed: of these.
        progress: told as it goes on.

    Raises:
        DataError: fluidsynth or the font is missing, or the folder cannot be written.
    """
    if shutil.which("fluidsynth") is None or not font.is_file():
        raise DataError(
            f"wanted fluidsynth and the sound font {font}, as Debian has them in fluidsynth and "
            "fluid-soundfont-gm"
        )
    try:
        pairs = [
            *_pack(folder, catalog, media),
            *_composed(folder, font, n_composed, seed, progress),
        ]
        with (folder / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([Pair._fields, *sorted(pairs)])
    except OSError as error:
        raise DataError(f"pairs cannot be written to {folder}: {error}") from error
    return len(pairs)


def card_data(pairs: Sequence[Pair], catalog: Catalog) -> tuple[CardData, ...]:
    """Whose the sounds of such pairs are, and how many of each."""
    counts = Counter(pair.group for pair in pairs)
    licences: dict[str, set[str]] = {}
    for item in catalog.items:
        licences.setdefault(_package(item), set()).add(dict(item.extra).get("licence", ""))
    found = [
        CardData(
            name=package,
            version="as the music pack has it",
            licence=", ".join(sorted(licences[package])),
            credit="docs/music-pack.md, and ATTRIBUTIONS.txt of the pack for each piece",
            n=counts[package],
        )
        for package in sorted(licences)
        if counts[package]
    ]
    composed = sum(n for group, n in counts.items() if group.startswith(f"{COMPOSED}/"))
    if composed:
        found.append(
            CardData(
                name="pieces composed by rule (finetune/composed.py), played by fluidsynth",
                version="fluid-soundfont-gm 3.1-5.3",
                licence="MIT",
                credit="Simpatico; the sounds of Fluid (R3) by Frank Wen",
                n=composed,
            )
        )
    return tuple(found)


def is_composed(pair: Pair) -> bool:
    """Whether a pair is one of those that nobody listened to."""
    return pair.group.startswith(f"{COMPOSED}/")


def _package(item: Item) -> str:
    return item.id.split("/")[0]


def _pack(folder: Path, catalog: Catalog, media: Path) -> list[Pair]:
    pairs = []
    for item in catalog.items:
        uri = next((one.uri for one in item.media if one.kind == "audio"), "")
        text = words_of(item)
        if uri and text:
            there = folder / uri
            if not there.exists():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(media / uri, there)
            pairs.append(Pair(uri, text, _package(item)))
    return pairs


def _composed(
    folder: Path, font: Path, n: int, seed: int, progress: ProgressCallback
) -> list[Pair]:
    rng = np.random.default_rng(seed)
    peaks = np.random.default_rng(seed).uniform(*_PEAKS, size=n)
    (folder / COMPOSED).mkdir(parents=True, exist_ok=True)
    names, pairs = list(FEELINGS), []
    for at in range(n):
        piece = compose(names[at % len(names)], rng)
        group = f"{COMPOSED}/{at:04d}"
        path = folder / f"{group}.wav"
        if not path.exists():
            soundfile.write(path, played(piece.midi, font) * peaks[at], RATE_HZ, subtype="PCM_16")
        pairs.append(Pair(f"{group}.wav", piece.text, group))
        progress("composing", at + 1, n)
    return pairs


def played(midi: bytes, font: Path) -> NDArray[np.float32]:
    """The first `SECONDS` of a MIDI file as fluidsynth plays it: mono, `RATE_HZ`, its peak 1.

    Raises:
        DataError: fluidsynth fails, or nothing sounds.
    """
    with TemporaryDirectory() as folder:
        score, sound = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
        score.write_bytes(midi)
        made = subprocess.run(
            ["fluidsynth", "-niq", "-g", "0.5", "-r", str(_RENDER_HZ), "-F", str(sound)]
            + ["-o", "synth.dynamic-sample-loading=1", str(font), str(score)],
            capture_output=True,
            check=False,
        )
        if made.returncode or not sound.exists():
            raise DataError(f"fluidsynth failed: {made.stderr[-300:]!r}")
        wave = decode_sound(sound.read_bytes())[: round(SECONDS * RATE_HZ)]
    peak = float(np.abs(wave).max(initial=0.0))
    if peak < 1e-3:
        raise DataError("wanted a piece that sounds, got silence")
    return wave / np.float32(peak)
