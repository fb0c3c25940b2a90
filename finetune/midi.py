"""Notes as a standard MIDI file: what `composed` writes, for a synthesizer to play."""

import struct
from typing import Final

DRUMS: Final = 9
"""The channel of drums."""

_TICKS: Final = 480
_LOWEST, _HIGHEST = 24, 103


class Score:
    """Notes of up to 15 voices and drums. Times are in beats from the start."""

    def __init__(self) -> None:
        self._events: list[tuple[int, int, bytes]] = []
        self._voices: dict[int, int] = {}

    def voice(self, program: int) -> int:
        """The channel that plays a program of General MIDI, 0 to 127; a sixteenth takes another's.

        Asked again for the same program it is the same channel.
        """
        for channel, known in self._voices.items():
            if known == program:
                return channel
        free = [channel for channel in range(16) if channel != DRUMS]
        channel = free[len(self._voices) % len(free)]
        self._voices[channel] = program
        return channel

    def note(self, channel: int, at: float, length: float, pitch: int, velocity: float) -> None:
        """Add a note.

        Args:
            channel: of `voice`, or `DRUMS`.
            at: when it starts; before 0 is 0.
            length: at least .05 is taken.
            pitch: 60 is the middle C; what is too high or too low moves by octaves.
            velocity: held within 12 to 127.
        """
        if channel != DRUMS:
            while pitch < _LOWEST:
                pitch += 12
            while pitch > _HIGHEST:
                pitch -= 12
        start = round(max(at, 0.0) * _TICKS)
        end = start + round(max(length, 0.05) * _TICKS)
        force = min(max(round(velocity), 12), 127)
        self._events.append((start, 1, bytes((0x90 | channel, pitch, force))))
        self._events.append((end, 0, bytes((0x80 | channel, pitch, 0))))

    def midi(self, bpm: float) -> bytes:
        """The file, of one track, at so many beats a minute."""
        body = b"\x00\xff\x51\x03" + struct.pack(">I", round(6e7 / bpm))[1:]
        for channel, program in self._voices.items():
            body += b"\x00" + bytes((0xC0 | channel, program))
        last = 0
        for at, _, event in sorted(self._events):
            body += _length(at - last) + event
            last = at
        body += b"\x00\xff\x2f\x00"
        head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS)
        return head + struct.pack(">4sI", b"MTrk", len(body)) + body


def _length(ticks: int) -> bytes:
    """A number as MIDI writes it: seven bits a byte, all but the last marked."""
    found = [ticks & 127]
    while ticks := ticks >> 7:
        found.append(ticks & 127 | 128)
    return bytes(reversed(found))
