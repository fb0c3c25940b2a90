"""Music of one's own to learn from: pieces `composed` by rule and played with a free sound font.

Nobody's recording is in it.
"""

import csv
import hashlib
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from simpatico.errors import DataError
from simpatico.finetune.composed import compose
from simpatico.finetune.composed_feelings import FEELINGS
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.encoders.musicnn import RATE_HZ
from simpatico.retrieval.shipped import CardData
from simpatico.retrieval.sound import decode_sound

Array = NDArray[np.float32]

N_PIECES: Final = 1200
SECONDS: Final = 9.0
"""Of a piece, from its start: three patches of musicnn."""
FONT: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Where Debian's fluid-soundfont-gm has it."""

_TABLE: Final = "pieces.csv"
_RENDER_HZ: Final = 44_100
_PEAKS: Final = 0.3, 0.95


class Piece(NamedTuple):
    """A composed piece: its file, and what is true of it."""

    file: str
    words: tuple[str, ...]


def card_data(n: int) -> CardData:
    """Whose such pieces are."""
    return CardData(
        name="pieces composed by rule (finetune/composed.py), played with fluid-soundfont-gm",
        version="3.1-5.3",
        licence="MIT",
        credit="Simpatico; the sounds are those of Fluid (R3) by Frank Wen and others",
        n=n,
    )


def write_pieces(
    folder: Path,
    *,
    font: Path = FONT,
    n: int = N_PIECES,
    seed: int = 0,
    progress: ProgressCallback = lambda label, done, total: None,
) -> tuple[Piece, ...]:
    """Compose pieces, as WAV files and a table of their words.

    Args:
        folder: of the pieces; the same piece, of the same font, is not played again.
        font: a General MIDI sound font.
        n: pieces.
        seed: of what is drawn.
        progress: told as it goes on.

    Raises:
        DataError: fluidsynth or the font is missing or fails, or the folder cannot be written.
    """
    if shutil.which("fluidsynth") is None or not font.is_file():
        raise DataError(
            f"wanted fluidsynth and the sound font {font}, as Debian has them in fluidsynth and "
            "fluid-soundfont-gm"
        )
    rng = np.random.default_rng(seed)
    peaks = np.random.default_rng(seed).uniform(*_PEAKS, size=n)
    names, made = list(FEELINGS), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        played_by = hashlib.sha256(font.read_bytes()).digest()
        for at in range(n):
            piece = compose(names[at % len(names)], rng)
            mark = hashlib.sha256(piece.midi + peaks[at].tobytes() + played_by).hexdigest()
            path = folder / f"{at:04d}-{mark[:12]}.wav"
            if not path.exists():
                wave = played(piece.midi, font) * np.float32(peaks[at])
                draft = path.with_suffix(".draft")
                soundfile.write(draft, wave, RATE_HZ, format="WAV", subtype="PCM_16")
                draft.replace(path)
            made.append(Piece(path.name, piece.words))
            progress("composing", at + 1, n)
        with (folder / _TABLE).open("w", encoding="utf-8", newline="") as file:
            rows = ((piece.file, "|".join(piece.words)) for piece in made)
            csv.writer(file).writerows([Piece._fields, *rows])
    except OSError as error:
        raise DataError(f"pieces cannot be written to {folder}: {error}") from error
    return tuple(made)


def played(midi: bytes, font: Path) -> Array:
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
    return np.asarray(wave / peak, dtype=np.float32)
