"""Pairs from packages that are made here, and a bridge trained on them."""

import csv
import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from simpatico.errors import DataError
from simpatico.finetune import free_pictures
from simpatico.finetune.bridge import Pair
from simpatico.finetune.free_pictures import card_data, words_of, write_pairs
from simpatico.retrieval.debs import Deb, each_file

SVG = """<svg xmlns="http://www.w3.org/2000/svg"><metadata>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cc="http://web.resource.org/cc/">
<cc:Work><dc:title>{title}</dc:title><dc:description>{description}</dc:description>
<dc:subject><rdf:Bag><rdf:li>hash</rdf:li><rdf:li></rdf:li><rdf:li>{subject}</rdf:li></rdf:Bag>
</dc:subject></cc:Work></rdf:RDF></metadata></svg>"""


def drawn(title: str, description: str = "", subject: str = "unsorted") -> bytes:
    return SVG.format(title=title, description=description, subject=subject).encode()


def png(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def package(name: str, files: dict[str, bytes], folder: Path) -> Deb:
    """A package in the folder, as `fetch_deb` leaves it: nothing has to be fetched."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(f"./{path}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    data = packed.getvalue()
    header = f"{'data.tar.gz':<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
    whole = b"!<arch>\n" + header + data
    digest = hashlib.sha256(whole).hexdigest()
    folder.mkdir(exist_ok=True)
    (folder / f"{name}-{digest[:16]}.deb").write_bytes(whole)
    return Deb(package=name, version="1", pool="pool/x.deb", size=len(whole), sha256=digest)


def test_words_of_a_drawing_are_those_that_say_something() -> None:
    assert words_of(drawn("pop_can", "Pop Can", "food")) == "pop can, food"
    assert words_of(drawn("Clipart by Somebody", "a tin", "tin")) == "a tin"
    assert words_of(drawn("Various Cliparts")) == ""
    assert words_of(b"<svg/>") == "" and words_of(b"no drawing") == ""


def test_pairs_are_pictures_with_words_in_the_groups_of_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps, art = "usr/share/tuxpaint/stamps/", "usr/share/openclipart/"
    cache = tmp_path / "cache"
    made = {
        "STAMPS": {
            f"{stamps}animals/cat.txt": b"A cat.\nde.utf8=Eine Katze.\n",
            f"{stamps}animals/cat.png": png((9, 9, 9)),
            f"{stamps}animals/dog.png": png((8, 9, 9)),  # nothing is said of it
            f"{stamps}symbols/math/one.png": png((7, 9, 9)),
            f"{stamps}symbols/math/one.txt": b"One.",
            "usr/share/doc/stamps/copyright": b"free",
        },
        "DRAWINGS": {
            f"{art}png/food/can.png": png((1, 2, 3)),
            f"{art}png/shapes/star.png": png((1, 2, 4)),
            f"{art}png/food/untold.png": png((1, 2, 5)),
        },
        "TITLES": {
            f"{art}svg/food/can.svg": drawn("Can", subject="food"),
            f"{art}svg/shapes/star.svg": drawn("Star"),
            f"{art}svg/food/untold.svg": drawn("Various Cliparts"),
        },
    }
    for name, files in made.items():
        monkeypatch.setattr(free_pictures, name, package(name.lower(), files, cache))
    folder = tmp_path / "pairs"
    assert write_pairs(folder, cache, mirrors=[]) == 2
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    assert rows == [
        ("drawings/food/can.png", "Can, food", "drawings/food"),
        ("stamps/animals/cat.png", "A cat.", "stamps/animals"),
    ]
    assert (folder / rows[0][0]).read_bytes() == png((1, 2, 3))
    (card,) = card_data([Pair(*rows[1])])
    assert (card.n, card.licence) == (1, "GPL-2.0-or-later")


def test_a_package_that_leads_outside_or_is_damaged_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    start = "usr/share/tuxpaint/stamps/"
    empty = package("empty", {}, cache)
    for name in ("DRAWINGS", "TITLES"):
        monkeypatch.setattr(free_pictures, name, empty)
    bad = package("bad", {f"{start}../../../../x.png": png((1, 1, 1))}, cache)
    monkeypatch.setattr(free_pictures, "STAMPS", bad)
    with pytest.raises(ValueError, match="stays inside"):
        write_pairs(tmp_path / "pairs", cache, mirrors=[])
    assert not (tmp_path / "x.png").exists()
    (cache / "cut.deb").write_bytes((cache / f"bad-{bad.sha256[:16]}.deb").read_bytes()[:-40])
    with pytest.raises(DataError, match="cannot be unpacked"):
        list(each_file(cache / "cut.deb", lambda path: True))
