"""Pictures under free licences with words, from Debian packages: `train bridge --free`.

Packages are fetched by sha256 and only read: `tuxpaint-stamps-default` has photos and drawings with
a sentence each, `openclipart-png` drawings whose titles and subjects are in the same drawing of
`openclipart-svg`. They become a folder of pairs, as `train bridge --pairs` reads it. A group is a
folder of a package: what is in one is of one kind, often by one hand.
"""

import csv
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from simpatico.errors import DataError
from simpatico.finetune.bridge import Pair
from simpatico.modelsources import Report
from simpatico.protocols import ProgressCallback
from simpatico.retrieval.debs import MIRROR, SNAPSHOT, Deb, each_file, fetch_deb, inside
from simpatico.retrieval.shipped import CardData

MIRRORS: Final = (MIRROR, SNAPSHOT)

STAMPS: Final = Deb(
    package="tuxpaint-stamps-default",
    version="2022.06.04-1",
    pool="pool/main/t/tuxpaint-stamps/tuxpaint-stamps-default_2022.06.04-1_all.deb",
    size=160_880_444,
    sha256="6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
)
DRAWINGS: Final = Deb(
    package="openclipart-png",
    version="1:0.18+dfsg-19",
    pool="pool/main/o/openclipart/openclipart-png_0.18+dfsg-19_all.deb",
    size=130_910_028,
    sha256="f07f1545a2970c2cf3fa339bc2405da1a95cf2b1827bfa05bf73eb1c20291c02",
)
TITLES: Final = Deb(
    package="openclipart-svg",
    version="1:0.18+dfsg-19",
    pool="pool/main/o/openclipart/openclipart-svg_0.18+dfsg-19_all.deb",
    size=24_919_068,
    sha256="989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5",
)

_STAMPS: Final = "usr/share/tuxpaint/stamps/"
_PNG: Final = "usr/share/openclipart/png/"
_SVG: Final = "usr/share/openclipart/svg/"
_LEFT_OUT: Final = (
    *("symbols/alphabets/", "symbols/math/"),
    *(
        "computer/",
        "shapes/",
        "signs_and_symbols/",
        "logos/",
        "buttons/",
        "recreation/games/cards/",
    ),
)
"""Letters, icons of desktops, flags and playing cards: their words are not of what one sees."""
_SAYS_NOTHING: Final = re.compile(
    r"(clipart by|part of the flat|lemon svg|gold-theme|various clipart|aiga)", re.IGNORECASE
)
_NO_SUBJECTS: Final = frozenset(
    ["hash", "unsorted", "clipart", "clip art", "color", "colour", "externalsource", "contour"]
    + ["outline", "colouring book", "line art"]
)
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


_STAMPS_CARD: Final = CardData(
    name=STAMPS.package,
    version=STAMPS.version,
    licence="GPL-2.0-or-later",
    credit="Bill Kendrick and the contributors to Tux Paint Stamps, tuxpaint.org",
    n=1,
)
_DRAWINGS_CARD: Final = CardData(
    name=f"{DRAWINGS.package}, {TITLES.package}",
    version=DRAWINGS.version,
    licence="public domain",
    credit="the contributors to the Open Clip Art Library, openclipart.org",
    n=1,
)


def write_pairs(
    folder: Path,
    cache: Path,
    *,
    mirrors: Sequence[str] = MIRRORS,
    progress: ProgressCallback = lambda label, done, total: None,
) -> int:
    """Fetch the packages and write their pictures and `pairs.csv`; returns how many pairs.

    Args:
        folder: of the pairs; pictures of earlier calls are overwritten.
        cache: of packages; a package stays there.
        mirrors: addresses of Debian archives, the best first.
        progress: told as it goes on.

    Raises:
        DataError: a package cannot be had or read, or the folder not written.
    """
    debs = [
        fetch_deb(deb, cache, mirrors=mirrors, report=_reporting(deb, progress))
        for deb in (STAMPS, DRAWINGS, TITLES)
    ]
    try:
        pairs = [*_stamps(debs[0], folder), *_drawings(debs[1], debs[2], folder)]
        with (folder / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([Pair._fields, *sorted(pairs)])
    except OSError as error:
        raise DataError(f"pairs cannot be written to {folder}: {error}") from error
    return len(pairs)


def card_data(pairs: Sequence[Pair]) -> tuple[CardData, ...]:
    """Whose the pictures of such pairs are, and how many of each."""
    counts = Counter(pair.file.split("/")[0] for pair in pairs)
    return tuple(
        card.model_copy(update={"n": counts[name]})
        for name, card in (("stamps", _STAMPS_CARD), ("drawings", _DRAWINGS_CARD))
        if counts[name]
    )


def _stamps(deb: Path, folder: Path) -> Iterator[Pair]:
    said, files = {}, []
    for path, data in each_file(deb, lambda path: _is_wanted(path, _STAMPS, (".png", ".txt"))):
        name = path.removeprefix(_STAMPS)
        if name.endswith(".txt"):
            said[name[:-4]] = data.decode("utf-8", errors="replace").split("\n")[0].strip()
        else:
            files.append(_kept(folder, f"stamps/{name}", data))
    for file in files:
        if text := said.get(file.removeprefix("stamps/")[:-4]):
            yield Pair(file, text, str(Path(file).parent))


def _drawings(pictures: Path, titles: Path, folder: Path) -> Iterator[Pair]:
    said = {
        path.removeprefix(_SVG)[:-4]: words_of(data)
        for path, data in each_file(titles, lambda path: _is_wanted(path, _SVG, (".svg",)))
    }
    for path, data in each_file(pictures, lambda path: _is_wanted(path, _PNG, (".png",))):
        name = path.removeprefix(_PNG)
        if text := said.get(name[:-4]):
            file = _kept(folder, f"drawings/{name}", data)
            yield Pair(file, text, str(Path(file).parent))


def words_of(svg: bytes) -> str:
    """Title, description and subjects of a drawing, without what says nothing; "" if none is left.

    What is no XML has none.
    """
    try:
        root = ET.fromstring(svg)
    except ET.ParseError:
        return ""
    work = next((each for each in root.iter() if each.tag.endswith("}Work")), None)
    if work is None:
        return ""
    said: list[str] = []
    for tag in ("title", "description"):
        line = " ".join((work.findtext(_DC + tag) or "").replace("_", " ").split())
        known = {each.lower() for each in said}
        if line and not _SAYS_NOTHING.match(line) and line.lower() not in known:
            said.append(line[:200])
    for each in work.iterfind(f"{_DC}subject//{_RDF}li"):
        subject = (each.text or "").replace("_", " ").strip()
        new = subject.lower() not in " ".join(said).lower()
        if subject and new and subject.lower() not in _NO_SUBJECTS:
            said.append(subject)
    return ", ".join(said)


def _is_wanted(path: str, start: str, ends: tuple[str, ...]) -> bool:
    name = path.removeprefix(start)
    return name != path and name.endswith(ends) and not name.startswith(_LEFT_OUT)


def _kept(folder: Path, name: str, data: bytes) -> str:
    """Write a file below the folder, and return its name."""
    path = folder / inside(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name


def _reporting(deb: Deb, progress: ProgressCallback) -> Report:
    return lambda done, total: progress(f"fetching {deb.package}", done, total)
