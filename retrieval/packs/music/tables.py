"""The tables of the music pack, and the items they stand for.

Sounds and pictures lie in the folder `media/music` of a home; an item's media name them relative
to `media`.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter

from simpatico.domain import TONES, Item, Media, Value
from simpatico.modelsources import Sha256
from simpatico.retrieval.debs import Deb, Member

NAME = "music"
MOODS_PACKAGE = "immich-memories-music"
MOODS_CREDIT = "Immich Memories Contributors; generated with ACE-Step 1.5"
MOODS_LICENCE = "MIT"

_LABEL_TONES = {
    "calm": "gentle",
    "energetic": "exciting",
    "happy": "uplifting",
    "nostalgic": "nostalgic",
    "tender": "touching",
}
_LABELLED = 0.8  # strength of the tone that stands for a label of the makers

T = TypeVar("T")
Names = Annotated[tuple[str, ...], BeforeValidator(lambda cell: [n for n in cell.split("|") if n])]
Year = Annotated[int | None, BeforeValidator(lambda cell: cell or None)]


class Package(Value):
    """A Debian package, and our words on the game that its music belongs to."""

    package: str
    version: str
    pool: str
    size: int = Field(gt=0)
    sha256: str = Sha256
    copyright_size: int = Field(gt=0)
    copyright_sha256: str = Sha256
    game: str = Field(min_length=1)
    note: str

    @property
    def deb(self) -> Deb:
        """What to fetch."""
        facts = ("package", "version", "pool", "size", "sha256")
        return Deb.model_validate({name: getattr(self, name) for name in facts})

    @property
    def copyright(self) -> Member:
        """The file in which the package says whose it is and how it may be used."""
        return Member(
            path=f"usr/share/doc/{self.package}/copyright",
            file=f"{self.package}/copyright",
            size=self.copyright_size,
            sha256=self.copyright_sha256,
        )

    @property
    def source(self) -> str:
        """The package with its version, as one says it."""
        return f"Debian package {self.package} {self.version}"


class Packed(Value):
    """A file of a Debian package that the pack takes out. `file` is below `media/music`."""

    id: str = Field(min_length=1)
    package: str
    path: str
    file: str
    size: int = Field(gt=0)
    sha256: str = Sha256
    licence: str = Field(min_length=1)
    credit: str = Field(min_length=1)

    @property
    def member(self) -> Member:
        """What to take out."""
        return Member(path=self.path, file=self.file, size=self.size, sha256=self.sha256)


class Track(Packed):
    """A piece of music. `picture` names a row of the pictures, or none."""

    title: str = Field(min_length=1)
    creators: Names
    year: Year
    seconds: int = Field(gt=0)
    genres: Names
    keywords: Names
    picture: str


class MoodTrack(Value):
    """A piece of the mood-labelled collection; `path` is inside its wheel."""

    id: str = Field(min_length=1)
    path: str
    file: str
    size: int = Field(gt=0)
    sha256: str = Sha256
    mood: str
    style: str
    bpm: int
    key: str
    seed: int
    seconds: int = Field(gt=0)

    @property
    def member(self) -> Member:
        """What to take out."""
        return Member(path=self.path, file=self.file, size=self.size, sha256=self.sha256)


@dataclass(frozen=True)
class Tables:
    """All that the pack knows.

    Attributes:
        packages: Debian packages by name; one of them holds pictures only.
        tracks: their pieces, sorted by id.
        pictures: covers by id, several tracks to one.
        moods: the pieces of the mood-labelled collection.
    """

    packages: dict[str, Package]
    tracks: tuple[Track, ...]
    pictures: dict[str, Packed]
    moods: tuple[MoodTrack, ...]

    def attribution(self, file: Packed, what: str) -> str:
        """One line that gives credit for a file of a package."""
        source = self.packages[file.package]
        return f"{what}: {file.credit}; from {source.game} ({source.source}); {file.licence}"

    def track_item(self, track: Track, *, picture: Packed | None) -> Item:
        """The item of a track, with the picture that is there."""
        package = self.packages[track.package]
        extra = [
            ("game", package.game),
            ("seconds", str(track.seconds)),
            ("minutes", f"{track.seconds / 60:.1f}"),
            ("licence", track.licence),
            ("attribution", self.attribution(track, f'"{track.title}"')),
            ("source", package.source),
        ]
        media = [_media("audio", track.file, track.sha256)]
        if picture:
            media.append(_media("image", picture.file, picture.sha256))
            extra += [
                ("picture_licence", picture.licence),
                ("picture_attribution", self.attribution(picture, "Picture")),
            ]
        return Item(
            id=track.id,
            kind="music",
            title=track.title,
            year=track.year,
            creators=track.creators,
            genres=("Game music", *track.genres),
            keywords=track.keywords,
            text=package.note,
            media=tuple(media),
            extra=tuple(extra),
        )

    def mood_item(self, track: MoodTrack) -> Item:
        """The item of a mood-labelled track. Its tone is what its label says, nothing more."""
        alike = [m.id for m in self.moods if (m.mood, m.style) == (track.mood, track.style)]
        title = f"{track.mood.title()} {track.style} {alike.index(track.id) + 1}"
        tone = _LABEL_TONES[track.mood]
        return Item(
            id=track.id,
            kind="music",
            title=title,
            genres=("Background music", track.style.title()),
            keywords=(track.mood, track.style, f"{track.bpm} bpm", track.key, "AI-generated"),
            text=f"Background music that its makers label {track.mood}: {track.style}, "
            f"{track.bpm} beats a minute, in {track.key}. It was generated by a computer "
            "(ACE-Step 1.5), not played by people.",
            media=(_media("audio", track.file, track.sha256),),
            tone=tuple(_LABELLED if name == tone else 0.0 for name in TONES),
            extra=(
                ("mood", track.mood),
                ("bpm", str(track.bpm)),
                ("key", track.key),
                ("generated_by", f"ACE-Step 1.5, seed {track.seed}"),
                ("seconds", str(track.seconds)),
                ("minutes", f"{track.seconds / 60:.1f}"),
                ("licence", MOODS_LICENCE),
                ("attribution", f'"{title}": {MOODS_CREDIT}; {MOODS_LICENCE}'),
                ("source", f"wheel {MOODS_PACKAGE} 0.1.0"),
            ),
        )


def _media(kind: str, file: str, sha256: str) -> Media:
    return Media.model_validate({"kind": kind, "uri": f"{NAME}/{file}", "sha256": sha256})


@cache
def load_tables() -> Tables:
    """Read the tables that ship with the pack."""
    packages = _read("packages.tsv", TypeAdapter(tuple[Package, ...]))
    pictures = _read("pictures.tsv", TypeAdapter(tuple[Packed, ...]))
    return Tables(
        packages={package.package: package for package in packages},
        tracks=_read("tracks.tsv", TypeAdapter(tuple[Track, ...])),
        pictures={picture.id: picture for picture in pictures},
        moods=_read("moods.tsv", TypeAdapter(tuple[MoodTrack, ...])),
    )


def _read(name: str, adapter: TypeAdapter[T]) -> T:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return adapter.validate_python(list(rows))
