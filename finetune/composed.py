"""Short pieces composed by rule, with words for how they feel and what plays them.

Slow, soft and in major is calm; slow and in minor sad; fast, short-noted and in major joyful; what
will not settle on a chord is tense: rules of thumb that studies of how music expresses feelings
share (Gabrielsson and Lindström 2010, "The role of structure in the musical expression of
emotions"). Whoever plays is drawn apart from the feeling as far as a texture allows, so that words
for either can be learnt. Nobody listened to these: their words are what the rules mean.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np

from simpatico.finetune.composed_feelings import FEELINGS, PROGRAMS, Feeling, Kit, Texture
from simpatico.finetune.midi import DRUMS, Score

T = TypeVar("T")

SECONDS: Final = 9.5

_KEYS: Final = (
    *("piano", "piano", "electric piano", "organ", "harp", "guitar", "acoustic guitar"),
    *("music box", "celesta", "vibraphone", "accordion", "harpsichord"),
)
_LEADS: Final = (
    *("violin", "cello", "viola", "flute", "oboe", "clarinet", "trumpet", "horn", "saxophone"),
    *("piano", "guitar", "harmonica", "pan flute", "whistle", "accordion", "vibraphone"),
    *("synthesizer", "choir", "fiddle"),
)
_HELD: Final = ("strings", "synth pad", "choir", "organ")
_GAY: Final = (
    *("piano", "accordion", "banjo", "guitar", "acoustic guitar", "marimba", "clarinet"),
    *("harpsichord", "steel drums", "flute", "violin", "fiddle", "whistle", "trumpet"),
)
_LOUD: Final = ("brass", "horn", "trumpet", "strings", "organ", "distorted guitar", "synthesizer")
_BAND: Final = (
    *("electric guitar", "acoustic guitar", "piano", "hammond organ", "electric piano"),
    *("distorted guitar", "distorted guitar"),
)

_STYLES: Final[dict[Texture, str]] = {"waltz": "waltz", "riff": "rock", "dance": "dance"}
_PACES: Final = ((60, "very slow"), (84, "slow"), (112, "moderate"), (146, "fast"))


class Composed(NamedTuple):
    """A piece: a standard MIDI file, and the words that are true of it."""

    midi: bytes
    words: tuple[str, ...]


def compose(feeling: str, rng: np.random.Generator) -> Composed:
    """A piece of at least `SECONDS`, but for what rounding takes, and its words.

    These are all words of the feeling, who plays, and how fast it is: "calm", "gentle", "piano".

    Args:
        feeling: one of `FEELINGS`.
        rng: draws everything else.
    """
    piece = _Piece(FEELINGS[feeling], rng)
    piece.play()
    return Composed(piece.score.midi(piece.bpm), piece.words())


class _Piece:
    def __init__(self, feeling: Feeling, rng: np.random.Generator) -> None:
        self._of = feeling
        self._rng = rng
        self.score = Score()
        self.bpm = float(rng.uniform(*feeling.bpm))
        self._texture: Texture = self._one(feeling.textures)
        self._scale: tuple[int, ...] = self._one(feeling.scales)
        self._chords: tuple[int, ...] = self._one(feeling.chords)
        self._tonic = 60 + int(rng.integers(-5, 7))
        low, high = feeling.octaves
        self._up = 12 * int(rng.integers(low, high + 1))
        three = self._texture == "waltz" or (
            self._texture in ("arpeggio", "solo", "duo") and self._chance(0.25)
        )
        self._meter = 3 if three else 4
        self._bars = int(SECONDS * self.bpm / 60 / self._meter) + 1
        self._beats = self._bars * self._meter
        self._players: list[str] = []
        self._drums = False

    def play(self) -> None:
        """Write the notes."""
        textures: dict[Texture, Callable[[], None]] = {
            "arpeggio": self._arpeggio,
            "pad": self._pad,
            "solo": self._solo,
            "duo": self._duo,
            "waltz": self._waltz,
            "chorale": self._chorale,
            "sparkle": self._sparkle,
            "march": self._march,
            "band": self._band,
            "riff": self._riff,
            "dance": self._dance,
            "bounce": self._bounce,
            "ostinato": self._ostinato,
            "tremolo": self._tremolo,
            "cluster": self._cluster,
        }
        textures[self._texture]()

    def words(self) -> tuple[str, ...]:
        """What is said of it, each word once."""
        pace = next((name for below, name in _PACES if self.bpm < below), "very fast")
        loud = sum(self._of.velocity) / 2
        players = dict.fromkeys(self._players)
        said = {
            "loud": loud > 95,
            "soft": loud < 60,
            "drums": self._drums,
            "solo": self._texture == "solo" and len(players) == 1,
            _STYLES.get(self._texture, ""): self._texture in _STYLES,
        }
        others = (word for word, holds in said.items() if holds)
        return tuple(dict.fromkeys((*self._of.words, *players, pace, *others)))

    def _one(self, of: Sequence[T]) -> T:
        return of[int(self._rng.integers(len(of)))]

    def _chance(self, share: float) -> bool:
        return bool(self._rng.random() < share)

    def _player(self, names: Sequence[str]) -> int:
        """The channel of one of these, who is named in the text."""
        name = self._one(names)
        self._players.append(name)
        return self.score.voice(self._one(PROGRAMS[name]))

    def _force(self, more: float = 0.0) -> float:
        return float(self._rng.uniform(*self._of.velocity) + more + self._rng.normal(0, 4))

    def _note(self, channel: int, at: float, length: float, pitch: int, more: float = 0.0) -> None:
        late = 0.0 if channel == DRUMS else float(self._rng.normal(0, 0.012))
        self.score.note(channel, at + late, length, pitch, self._force(more))

    def _degree(self, degree: int) -> int:
        octave, step = divmod(degree, len(self._scale))
        return self._tonic + 12 * octave + self._scale[step]

    def _root(self, at: float) -> int:
        return self._chords[int(at // self._meter) % len(self._chords)]

    def _chord(self, at: float) -> list[int]:
        return [self._degree(self._root(at) + third) for third in (0, 2, 4)]

    def _each(self, step: float) -> list[float]:
        return [float(at) for at in np.arange(0, self._beats, step)]

    def _melody(self, channel: int, lengths: Sequence[float], up: int) -> None:
        """A line that walks by small steps and starts each bar on a note of its chord."""
        at, degree = 0.0, int(self._rng.integers(0, 7))
        while at < self._beats:
            length = self._one(lengths)
            degree += int(self._rng.choice((-3, -2, -1, -1, 1, 1, 2, 3)))
            degree = min(max(degree, -3), 11)
            if at % self._meter == 0:
                fitting = [self._root(at) + step for step in (-7, -5, -3, 0, 2, 4, 7, 9)]
                degree = min(fitting, key=lambda other: abs(other - degree))
            if self._chance(0.9):
                pitch = self._degree(degree) + up + self._up
                self._note(channel, at, length * self._of.length, pitch, 8)
            at += length

    def _held(self, channel: int, up: int, *, a_bar: int = 1, more: float = 0.0) -> None:
        """Chords, so many a bar."""
        step = self._meter / a_bar
        for at in self._each(step):
            short = 0.4 if a_bar > self._meter - 1 else step
            for pitch in self._chord(at):
                self._note(channel, at, short, pitch + up + self._up, more)

    def _bass(self, channel: int, beats: Sequence[float], up: int = -24) -> None:
        for bar in range(self._bars):
            for beat in beats:
                at = bar * self._meter + beat
                if beat < self._meter:
                    fifth = 7 if beat == 2 and self._chance(0.5) else 0
                    self._note(channel, at, 0.9, self._degree(self._root(at)) + up + fifth, 6)

    def _kit(self, kind: Kit) -> None:
        """Drums: by General MIDI 35 and 36 are bass drums, 38 snare, 42 and 46 hi-hat, 49 crash."""
        self._drums = True
        for at in self._each(0.25):
            beat, bar = at % self._meter, int(at // self._meter)
            on, even, odd = beat % 1 == 0, beat % 2 == 0, beat % 2 == 1
            eighth = beat % 0.5 == 0
            hits: list[tuple[bool, int, float]] = {
                "brushes": [(on, 42, -18.0), (odd, 37, -14)],
                "march": [
                    (on or self._chance(0.35), 38, -8.0),
                    (even, 35, 4),
                    (beat == 0 and bar % 4 == 0, 49, 0),
                ],
                "pop": [(eighth, 42, -14.0), (even, 36, 0), (odd, 38, 0)],
                "dance": [(on, 36, 8.0), (beat % 1 == 0.5, 46, -6), (odd, 39, 0)],
                "rock": [
                    (eighth, 42, -10.0),
                    (even, 36, 0),
                    (odd, 38, 6),
                    (beat == 0 and bar % 2 == 0, 49, 0),
                ],
                "metal": [(True, 36, -10.0), (odd, 38, 6), (beat == 0, 49, 0)],
                "pulse": [(on, 41, -8.0)],
            }[kind]
            for strikes, drum, more in hits:
                if strikes:
                    self._note(DRUMS, at, 0.1, drum, more)

    def _arpeggio(self) -> None:
        channel, step = self._player(_KEYS), self._one((0.5, 0.5, 1.0, 1 / 3))
        for place, at in enumerate(self._each(step)):
            high = 12 if place % 6 >= 3 else 0
            pitch = self._one(self._chord(at)) if self._chance(0.2) else self._chord(at)[place % 3]
            self._note(channel, at, step * 2 * self._of.length, pitch + high + self._up)
        if self._chance(0.6):
            self._bass(channel, (0,), -12)
        if self._chance(0.45):
            self._melody(self._player(_LEADS), (1, 1, 2, 3), 12)
        if self._chance(0.35):
            self._held(self._player(_HELD), 0, more=-12)

    def _pad(self) -> None:
        self._held(self._player(_HELD), 0)
        if self._chance(0.5):
            self._held(self._player(_HELD), -12, more=-8)
        if self._chance(0.55):
            self._melody(self._player(_KEYS + _LEADS), (2, 3, 4), 12)

    def _solo(self) -> None:
        channel = self._player((*_KEYS, "piano", "guitar", "violin", "cello", "flute"))
        self._melody(channel, (1, 1, 2, 3), 0)
        if self._players[0] in _KEYS:
            self._held(channel, -12, a_bar=self._one((1, 2)), more=-8)

    def _duo(self) -> None:
        channel, a_bar = self._player(_KEYS), self._one((1, 2, self._meter))
        self._held(channel, self._one((-12, 0)), a_bar=a_bar, more=-6)
        self._melody(self._player(_LEADS), (1, 1, 2, 3), 12)
        if self._of.kit and self._chance(0.35):
            self._kit(self._of.kit)

    def _waltz(self) -> None:
        channel = self._player((*_KEYS, "strings"))
        self._bass(channel, (0,))
        for at in self._each(1):
            if at % 3:
                for pitch in self._chord(at):
                    self._note(channel, at, 0.5, pitch - 12, -8)
        self._melody(self._player(_LEADS + _KEYS), (1, 1, 2), 0)

    def _chorale(self) -> None:
        a_bar = self._one((1, 2, 4 if self._of.bpm[1] < 77 else 2))
        players = ("organ", "choir", "strings", "piano", "horn", "brass", "synth pad")
        channel = self._player(players)
        self._held(channel, 0, a_bar=a_bar)
        self._bass(channel, (0, 2) if a_bar > 1 else (0,))
        if self._chance(0.5):
            self._held(self._player(("choir", "strings", "organ", "brass")), -12, a_bar=a_bar)

    def _sparkle(self) -> None:
        channel = self._player(("celesta", "harp", "music box", "vibraphone", "piano"))
        for at in self._each(0.25):
            if self._chance(0.55):
                pitch = self._one(self._chord(at)) + 12 * int(self._rng.integers(0, 3))
                self._note(channel, at, 1.5, pitch, -4)
        self._held(self._player(_HELD), self._up // 2, more=-6)

    def _march(self) -> None:
        channel = self._player(_LOUD)
        for bar in range(self._bars):
            rhythms = ((0, 1, 2, 3), (0, 1.5, 2, 3, 3.5), (0, 0.75, 1, 2, 2.75, 3))
            for beat in self._one(rhythms):
                at = bar * self._meter + beat
                for pitch in self._chord(at):
                    self._note(channel, at, 0.6, pitch + self._up)
        self._bass(self._player(("strings", "brass", "trombone", "cello")), (0, 1, 2, 3))
        leads = ("trumpet", "horn", "brass", "violin", "strings", "choir")
        self._melody(self._player(leads), (0.5, 1, 1, 1.5), 12)
        if self._chance(0.75):
            self._kit("march")

    def _band(self) -> None:
        self._held(self._player(_BAND), -12, a_bar=self._one((4, 8)))
        step = self._one((0.5, 1.0))
        bass = self.score.voice(self._one((33, 34, 35)))
        self._bass(bass, [float(beat) for beat in np.arange(0, 4, step)])
        if self._chance(0.7):
            leads = ("electric guitar", "synthesizer", "saxophone", "hammond organ", "trumpet")
            self._melody(self._player((*leads, "piano", "harmonica")), (0.5, 0.5, 1, 1.5), 0)
        self._kit("rock" if self._of.kit == "march" else self._of.kit)

    def _riff(self) -> None:
        channel = self._player((*("distorted guitar",) * 2, "synthesizer", "electric guitar"))
        riff = [int(self._rng.choice((0, 0, 0, 1, 3, 4, 6))) for _ in range(8)]
        for place, at in enumerate(self._each(0.5)):
            pitch = self._degree(riff[place % 8] + self._root(at)) - 24
            for above in (0, 7, 12):
                self._note(channel, at, 0.45, pitch + above)
        self._bass(self.score.voice(34), [beat / 2 for beat in range(8)])
        self._kit("metal" if self._of.kit == "metal" else "rock")
        if self._chance(0.4):
            leads = ("distorted guitar", "synthesizer", "choir")
            self._melody(self._player(leads), (0.5, 0.5, 1), 0)

    def _dance(self) -> None:
        channel = self._player(("synthesizer",))
        for place, at in enumerate(self._each(0.25)):
            if self._chance(0.75):
                pitch = self._chord(at)[place * 2 % 3] + 12 * (place % 2) + self._up
                self._note(channel, at, 0.2, pitch, -8)
        self._bass(self.score.voice(self._one((38, 39))), (0.5, 1.5, 2.5, 3.5))
        self._held(self._player(("synth pad", "synthesizer", "piano")), 0, a_bar=4, more=-6)
        self._kit("dance")

    def _bounce(self) -> None:
        channel = self._player(_GAY)
        self._bass(channel, (0, 2))
        for at in self._each(1):
            if at % 2:
                for pitch in self._chord(at):
                    self._note(channel, at, 0.3, pitch - 12, -6)
        self._melody(self._player(_GAY), (0.5, 0.5, 1, 1), 12)
        if self._chance(0.4):
            self._kit("pop")

    def _ostinato(self) -> None:
        players = ("cello", "strings", "pizzicato strings", "synthesizer", "piano", "marimba")
        channel, step = self._player(players), self._one((0.25, 0.5))
        riff = [int(self._rng.choice((0, 0, 1, 2, 3, 4))) for _ in range(self._one((3, 4, 5, 8)))]
        for place, at in enumerate(self._each(step)):
            first = place % len(riff) == 0
            pitch = self._degree(riff[place % len(riff)]) - 12 + self._up
            self._note(channel, at, 0.3, pitch, 6 if first else -4)
        if self._chance(0.6):
            self._held(self._player(("tremolo strings", "strings", "brass", "synth pad")), -12)
        if self._chance(0.5):
            self._kit("pulse")

    def _tremolo(self) -> None:
        self._held(self._player(("tremolo strings", "strings")), 0)
        self._bass(self._player(("cello", "strings", "trombone")), (0,))
        channel = self._player(("brass", "piano", "pizzicato strings"))
        for at in self._each(self._one((2, 3))):
            if self._chance(0.5):
                off, pitch = self._one((0.0, 0.5)), int(self._rng.integers(-18, 18))
                self._note(channel, at + off, 0.4, self._tonic + pitch, 14)
        if self._chance(0.4):
            self._kit("pulse")

    def _cluster(self) -> None:
        held = self._player(("strings", "synth pad", "tremolo strings", "choir", "organ"))
        for at in self._each(self._one((2, 4))):
            low = self._tonic + int(self._rng.integers(-14, 14)) + self._up // 2
            for above in (0, 1, self._one((3, 6))):
                self._note(held, at, 4, low + above, -4)
        if self._chance(0.6):
            players = ("piano", "celesta", "music box", "pizzicato strings", "vibraphone", "harp")
            channel = self._player(players)
            for at in self._each(1):
                if self._chance(0.4):
                    above = self._one((0, 1, 3, 6, 8, 11)) + 12 * int(self._rng.integers(-1, 2))
                    self._note(channel, at, 1, self._tonic + above)
