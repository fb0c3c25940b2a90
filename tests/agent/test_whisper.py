"""What Whisper writes down of a voice, on the real weights.

`rough-week.ogg` was made by flite 2.2 (voice slt) from SAID.
"""

from pathlib import Path

import numpy as np
import pytest

from simpatico.agent.whisper import Whisper, log_mel
from simpatico.errors import ModelError, UnknownLanguage
from simpatico.modelstore import ModelStore
from simpatico.retrieval.sound import RATE_HZ, decode_sound
from simpatico.settings import load_settings

pytestmark = [pytest.mark.model, pytest.mark.slow]
SAID = "Rough week. I need something warm and funny, nothing with kids."
VOICE = Path(__file__).with_name("rough-week.ogg")


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    pytest.importorskip("ctranslate2", reason="needs simpatico[voice]")
    try:
        return Whisper(ModelStore(load_settings().cache).path("whisper-base"))
    except ModelError as error:
        pytest.skip(f"needs the weights: {error}")


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    return decode_sound(VOICE.read_bytes())


def words(text: str) -> list[str]:
    return "".join(c for c in text.lower() if c.isalpha() or c == " ").split()


def test_words_are_written_down_and_the_language_is_told(
    whisper: Whisper, wave: np.ndarray
) -> None:
    spoken = whisper.listen(wave)
    assert words(spoken.text) == words(SAID)
    assert (spoken.language, round(spoken.seconds, 2)) == ("en", 4.07)


def test_a_language_can_be_named_and_an_unknown_one_is_refused(
    whisper: Whisper, wave: np.ndarray
) -> None:
    assert whisper.listen(wave, language="zh").language == "zh"
    with pytest.raises(UnknownLanguage, match="two letters, got 'xx'"):
        whisper.listen(wave, language="xx")


@pytest.mark.parametrize("kind", ["nothing", "silence", "noise", "hum"])
def test_where_nobody_speaks_there_are_no_words(whisper: Whisper, kind: str) -> None:
    n = 3 * RATE_HZ
    sounds = {
        "nothing": np.zeros(0),
        "silence": np.zeros(n),
        "noise": np.random.default_rng(0).normal(0, 0.05, n),
        "hum": 0.2 * np.sin(2 * np.pi * 110 * np.arange(n) / RATE_HZ),
    }
    spoken = whisper.listen(sounds[kind].astype(np.float32))
    assert (spoken.text, spoken.language) == ("", "")


def test_what_is_longer_than_a_window_is_heard_to_its_end(
    whisper: Whisper, wave: np.ndarray
) -> None:
    pause = np.zeros(24 * RATE_HZ, dtype=np.float32)
    spoken = whisper.listen(np.concatenate([wave, pause, wave]))
    assert words(spoken.text) == words(SAID) * 2
    assert spoken.seconds > 30


def test_the_features_of_a_tone_are_those_of_its_pitch() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    mels = log_mel(tone)
    assert mels.shape == (80, 100)
    # 1,000 Hz are 15 of the 45.245 mels below 8,000 Hz, and 80 triangles lie over these
    assert abs(int(mels[:, 50].argmax()) - (15 / 45.245 * 81 - 1)) < 1
    assert mels.max() - mels.min() == pytest.approx(2)  # eight powers of ten, over four


def test_without_its_weights_it_says_so(tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2", reason="needs simpatico[voice]")
    with pytest.raises(ModelError, match="cannot be opened"):
        Whisper(tmp_path)
