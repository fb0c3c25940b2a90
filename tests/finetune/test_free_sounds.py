"""Composed pieces as sound files.

What plays them is a script, for fluidsynth is not on every machine.
"""

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from simpatico.errors import DataError
from simpatico.finetune.free_sounds import SECONDS, write_pieces
from simpatico.retrieval.encoders.musicnn import RATE_HZ

PLAYS = """#!{python}
import sys
import numpy as np
import soundfile
font, score = sys.argv[-2:]
assert open(font, "rb").read() == b"font" and open(score, "rb").read(4) == b"MThd"
wave = np.sin(np.arange(44_100 * 12) / 20) * {loud}
soundfile.write(sys.argv[sys.argv.index("-F") + 1], np.stack([wave, wave], 1), 44_100)
sys.exit({code})
"""


def synthesizer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, loud: float = 0.1, code: int = 0
) -> Path:
    """A font, and on the path a `fluidsynth` that plays one tone for 12 s; returns the font."""
    folder.mkdir(exist_ok=True)
    script = folder / "fluidsynth"
    script.write_text(PLAYS.format(python=sys.executable, loud=loud, code=code))
    script.chmod(0o755)
    (folder / "font.sf2").write_bytes(b"font")
    monkeypatch.setenv("PATH", str(folder))
    return folder / "font.sf2"


def test_pieces_are_played_once_and_come_with_their_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    font, out = synthesizer(tmp_path / "bin", monkeypatch), tmp_path / "out"
    pieces = write_pieces(out, font=font, n=3)
    assert [piece.file[:5] for piece in pieces] == ["0000-", "0001-", "0002-"]
    assert "calm" in pieces[0].words and "tender" in pieces[1].words
    for piece in pieces:
        wave, rate = soundfile.read(out / piece.file)
        assert rate == RATE_HZ and wave.shape == (round(SECONDS * RATE_HZ),)
        assert 0.29 <= np.abs(wave).max() <= 0.96
    with (out / "pieces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [tuple(row["words"].split("|")) for row in rows] == [piece.words for piece in pieces]
    times = [os.stat(out / piece.file).st_mtime_ns for piece in pieces]
    assert write_pieces(out, font=font, n=3) == pieces
    assert [os.stat(out / piece.file).st_mtime_ns for piece in pieces] == times
    others = write_pieces(out, font=font, n=3, seed=1)
    assert not {piece.file for piece in others} & {piece.file for piece in pieces}
    assert all((out / piece.file).is_file() for piece in (*pieces, *others))


@pytest.mark.parametrize(
    ("loud", "code", "why"), [(0.0, 0, "silence"), (0.1, 3, "fluidsynth failed")]
)
def test_what_does_not_play_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loud: float, code: int, why: str
) -> None:
    font = synthesizer(tmp_path, monkeypatch, loud=loud, code=code)
    with pytest.raises(DataError, match=why):
        write_pieces(tmp_path / "out", font=font, n=1)


def test_without_a_synthesizer_or_a_font_it_says_what_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    font = synthesizer(tmp_path, monkeypatch)
    with pytest.raises(DataError, match="fluid-soundfont-gm"):
        write_pieces(tmp_path / "out", font=tmp_path / "none.sf2")
    (tmp_path / "fluidsynth").unlink()
    with pytest.raises(DataError, match="wanted fluidsynth"):
        write_pieces(tmp_path / "out", font=font)
