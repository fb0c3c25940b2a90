"""Whole dialogues, read by the real reader and kept."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.agent.mind import asking
from simpatico.agent.read.affect import chosen_mood
from simpatico.agent.read.encoder_reader import EncoderReader
from simpatico.agent.read.whole import read_whole
from simpatico.domain import Item, Turn, TurnOptions, UserState
from simpatico.errors import ModelError
from simpatico.modelstore import ModelStore
from simpatico.retrieval.encoders.minilm import MiniLM
from simpatico.retrieval.titles import TitleIndex
from simpatico.settings import load_settings

ITEMS = [Item(id="p", title="Paddington", year=2014), Item(id="j", title="Jaws", year=1975)]
SAD = [
    Turn(role="user", text="Hi, I just got dumped and I feel awful"),
    Turn(role="assistant", text="I am sorry. Something light?"),
    Turn(role="user", text="yes, please make me laugh"),
]
GLAD = [Turn(role="assistant", text="Hello"), Turn(role="user", text="I got the job!! So happy")]


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    try:
        return MiniLM(ModelStore(load_settings().cache).path("minilm"))
    except ModelError as error:
        pytest.skip(f"no weights: {error}")


class Broken:
    """An encoder that must not be asked."""

    name, dim = MiniLM.name, MiniLM.dim

    def encode(self, inputs: object) -> NDArray[np.float32]:
        raise AssertionError("wanted what was kept")


def test_it_reads_as_the_reader_does_turn_by_turn(encoder: MiniLM) -> None:
    (first, second), (third,) = read_whole([SAD, GLAD], ITEMS, encoder)
    reader = EncoderReader(encoder, TitleIndex(ITEMS))
    before = reader.read_now(SAD[:1])
    for found, state in ((first, before), (second, reader.read_now(SAD, previous=before))):
        assert found.mood.labels == state.mood.labels and found.need == state.need
        assert found.mood.confidence == pytest.approx(state.mood.confidence, abs=1e-6)
    assert first.mood.label in {"sadness", "grief", "disappointment"} and second.need == "laugh"
    assert third.mood.label in {"joy", "excitement", "pride"}


def test_no_turn_knows_of_a_later_one_or_of_another_dialogue(encoder: MiniLM) -> None:
    (first, _), _ = read_whole([SAD, GLAD], ITEMS, encoder)
    assert read_whole([SAD[:1]], ITEMS, encoder) == [[first]]


def test_it_is_read_once_and_no_words_are_kept(encoder: MiniLM, tmp_path: Path) -> None:
    found = read_whole([SAD, GLAD, []], ITEMS, encoder, keep=tmp_path / "kept")
    assert read_whole([SAD, GLAD, []], ITEMS, Broken(), keep=tmp_path / "kept") == found
    (file,) = (tmp_path / "kept").iterdir()
    kept = gzip.decompress(file.read_bytes())
    assert b"sad" in kept and b"dumped" not in kept and b"job" not in kept
    for other in ([SAD, GLAD[:1], []], [SAD]):
        with pytest.raises(AssertionError):
            read_whole(other, ITEMS, Broken(), keep=tmp_path / "kept")
    with pytest.raises(AssertionError):  # another catalogue: other titles
        read_whole([SAD, GLAD, []], ITEMS[:1], Broken(), keep=tmp_path / "kept")
    file.write_bytes(kept[:40])
    assert read_whole([SAD, GLAD, []], ITEMS, encoder, keep=tmp_path / "kept") == found


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
    encoder: MiniLM, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    found = read_whole([GLAD], ITEMS, encoder, keep=tmp_path / "file" / "kept")
    assert found[0][0].mood.labels and "not kept" in caplog.text


def test_how_somebody_feels_orders_nothing_where_nothing_known_of_them_is_to_be_used() -> None:
    state = UserState(mood=chosen_mood("sadness"), need="laugh", query="a heist")
    assert asking(state, TurnOptions()) == state
    asked = asking(state, TurnOptions(personal=False))
    assert asked.mood == UserState().mood and (asked.need, asked.query) == ("laugh", "a heist")
