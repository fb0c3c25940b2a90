"""Pieces composed by rule, read back from their MIDI."""

import struct
from collections.abc import Iterator

import numpy as np
import pytest

from simpatico.finetune.composed import SECONDS, compose
from simpatico.finetune.composed_feelings import FEELINGS, MAJOR, PROGRAMS
from simpatico.finetune.midi import DRUMS, Score

Event = tuple[int, bytes]


def events_of(midi: bytes) -> Iterator[Event]:
    """Ticks from the start, and the event, of a file with one track and no running status."""
    assert midi[:4] == b"MThd" and struct.unpack(">IHHH", midi[4:14]) == (6, 0, 1, 480)
    assert midi[14:18] == b"MTrk" and struct.unpack(">I", midi[18:22])[0] == len(midi) - 22
    at, place = 0, 22
    while place < len(midi):
        ticks = 0
        while midi[place] & 128:
            ticks, place = (ticks | midi[place] & 127) << 7, place + 1
        at, place = at + (ticks | midi[place]), place + 1
        status = midi[place]
        length = 3 + midi[place + 2] if status == 0xFF else 2 if status >> 4 == 0xC else 3
        yield at, midi[place : place + length]
        place += length


def test_a_score_is_a_midi_file_that_says_what_was_written() -> None:
    score = Score()
    flute, piano = score.voice(73), score.voice(0)
    assert score.voice(73) == flute != piano
    score.note(flute, 1.0, 1000.0, 60, 200)
    score.note(piano, -1.0, 0.0, 12, -5)
    score.note(DRUMS, 0.0, 0.5, 36, 100)
    assert list(events_of(score.midi(120))) == [
        (0, b"\xff\x51\x03\x07\xa1\x20"),  # 500,000 microseconds a beat
        (0, bytes((0xC0 | flute, 73))),
        (0, bytes((0xC0 | piano, 0))),
        (0, bytes((0x90 | piano, 24, 12))),
        (0, bytes((0x90 | DRUMS, 36, 100))),
        (24, bytes((0x80 | piano, 24, 0))),
        (240, bytes((0x80 | DRUMS, 36, 0))),
        (480, bytes((0x90 | flute, 60, 127))),
        (480_480, bytes((0x80 | flute, 60, 0))),
        (480_480, b"\xff\x2f\x00"),
    ]


@pytest.mark.parametrize("feeling", FEELINGS)
def test_a_piece_is_as_its_feeling_says_and_its_words_name_who_plays(feeling: str) -> None:
    known, rng = FEELINGS[feeling], np.random.default_rng(3)
    for _ in range(8):
        piece = compose(feeling, rng)
        events = list(events_of(piece.midi))
        bpm = 6e7 / int.from_bytes(events[0][1][3:], "big")
        assert known.bpm[0] - 1 <= bpm <= known.bpm[1] + 1
        assert ("very slow" in piece.words) == (bpm < 60)
        assert ("fast" in piece.words) == (112 <= bpm < 146)
        assert len(set(piece.words)) == len(piece.words)
        assert set(known.words) <= set(piece.words)
        notes = [event for _, event in events if event[0] >> 4 == 9]
        assert notes and events[-1][0] / 480 * 60 / bpm > SECONDS * 0.9
        drums = any(event[0] & 15 == DRUMS for event in notes)
        assert drums == ("drums" in piece.words)
        programs = {event[1] for _, event in events if event[0] >> 4 == 0xC}
        named = [name for name in PROGRAMS if name in piece.words]
        assert named and all(programs & set(PROGRAMS[name]) for name in named)


def test_what_is_in_major_keeps_to_its_scale() -> None:
    piece = compose("calm", np.random.default_rng(0))
    pitches = {event[1] % 12 for _, event in events_of(piece.midi) if event[0] >> 4 == 9}
    assert any(pitches <= {(tonic + step) % 12 for step in MAJOR} for tonic in range(12))


def test_the_same_seed_composes_the_same_and_another_something_else() -> None:
    first, again, other = (compose("joyful", np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first == again != other
