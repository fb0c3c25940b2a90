"""Pictures of a catalogue from files to hits, with an encoder that sees the mean colour."""

import hashlib
import http.server
import io
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from simpatico.domain import Candidate, Item, Media, Profile, UserState
from simpatico.errors import DataError, ModelError, StoreError
from simpatico.retrieval.bridge import Bridge, unit
from simpatico.retrieval.catalog import Catalog, Catalogs
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.index import Index
from simpatico.retrieval.media import decode_image
from simpatico.retrieval.media_index import (
    MediaIndex,
    MediaReport,
    build_media,
    media_stale,
    read_media_manifest,
)
from simpatico.retrieval.modal import Medium, Modality, ModalStore, Query
from simpatico.retrieval.shipped import BridgeCard
from simpatico.retrieval.store import MemoryStore

Array = NDArray[np.float32]
TEXTS = HashEncoder(64)
COLOURS = {"red": (220, 20, 20), "green": (20, 220, 20), "blue": (20, 20, 220)}


class Eyes:
    """See the mean colour; `named` says its strongest."""

    name = "eyes"
    named_by = "eyes' names"
    dim = 3

    def __init__(self) -> None:
        self.kept = self
        self.n_seen = 0

    def encode(self, inputs: Sequence[NDArray[np.uint8]]) -> Array:
        self.n_seen += len(inputs)
        means = np.array([picture.mean(axis=(0, 1)) for picture in inputs]).reshape(-1, 3)
        return unit(means + 1)

    def decode(self, data: bytes) -> NDArray[np.uint8]:
        return decode_image(data)

    def own(self, rows: Array) -> Array:
        return rows

    def named(self, rows: Array) -> Array:
        names = ["red", "green", "blue"]
        return TEXTS.encode([names[int(row.argmax())] for row in rows])

    def said(self, rows: Array) -> list[tuple[str, ...]]:
        return [()] * len(rows)

    def words(self, text: str) -> None:
        return None


class OnlyEyes:
    """Stands for `Senses`: pictures are seen, sounds are not heard."""

    def __init__(self) -> None:
        self.eyes = Eyes()
        self.texts = TEXTS
        self.n_fetched = 0

    def name(self, medium: Medium) -> str:
        return "eyes" if medium == "image" else ""

    def fetch(self, medium: Medium, *, progress: Any) -> None:
        self.n_fetched += 1

    def of(self, medium: Medium) -> Eyes:
        return self.eyes


def picture(colour: str, *, side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), COLOURS[colour]).save(file, "PNG")
    return file.getvalue()


def item(name: str, *uris: str, text: str = "a thing") -> Item:
    media = tuple(Media(kind="image", uri=uri) for uri in uris)
    return Item(id=name, title=name, text=text, media=media)


ITEMS = (
    item("coat", "coat.png"),
    item("dress", "dress.png"),
    item("far", "https://example.org/far.png"),
    item("scarf", "scarf.png", text="a red scarf"),
    item("words", text="a red hat without a picture"),
)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    for name, colour in (("coat", "blue"), ("dress", "red"), ("scarf", "green")):
        (folder / f"{name}.png").write_bytes(picture(colour))
    return folder


class Home:
    """A catalogue with its index, and what looks at its media."""

    def __init__(
        self, tmp_path: Path, items: Sequence[Item] = ITEMS, *, name: str = "things"
    ) -> None:
        self.catalog = Catalog(name=name, items=tuple(items))
        self.root = tmp_path / "indexes" / name
        self.root.mkdir(parents=True, exist_ok=True)
        self.media, self.keep = tmp_path / "media", tmp_path / "keep"
        self.senses: Any = OnlyEyes()
        self.eyes = f"{Eyes.name} + {Eyes.named_by}"
        self.store = MemoryStore(TEXTS.dim)
        self.store.upsert([i.id for i in items], TEXTS.encode([i.text for i in items]))

    def look(self, **options: Any) -> MediaReport:
        return build_media(
            self.root,
            self.catalog,
            self.store,
            self.senses,
            media=self.media,
            keep=self.keep,
            progress=lambda label, done, total: None,
            **options,
        )

    def open(self) -> Index:
        opened = MediaIndex.open(self.root, self.store, self.senses)
        return Index(self.catalog, TEXTS, self.store, media=opened)


def asked(index: Index, query: str = "", colour: str = "") -> dict[str, Candidate]:
    shown = Query()
    if colour:
        shown = Query(image=index.show("image", decode_image(picture(colour, side=9))))
    state, profile = UserState(query=query), Profile()
    found = index.candidates(state=state, profile=profile, n=9, shown=shown)
    return {one.item.id: one for one in found}


def pictured(found: dict[str, Candidate]) -> list[str]:
    """Items by the rank of their pictures, the best first."""
    ranks = [(h.rank, i) for i, one in found.items() for h in one.hits if h.source == "image"]
    return [item_id for _, item_id in sorted(ranks)]


def test_a_picture_finds_what_looks_like_it(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    (count,) = home.look().counts
    assert (count.medium, count.n_items, count.n_vectors, count.n_made) == ("image", 3, 3, 3)
    index = home.open()
    assert index.has_media("image") and not index.has_media("audio")
    found = asked(index, colour="red")
    assert pictured(found)[0] == "dress"
    (hit,) = [hit for hit in found["dress"].hits if hit.source == "image"]
    assert hit.shown == "image" and hit.rank == 1 and hit.score == pytest.approx(1, abs=0.01)
    assert set(found) == {"coat", "dress", "far", "scarf", "words"}  # known by others, too
    index.close()


def test_words_find_pictures_through_the_names_of_what_is_seen(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    home.look()
    index = home.open()
    found = asked(index, query="red")
    hits = {(hit.source, hit.shown): hit for hit in found["dress"].hits}
    assert hits["image", ""].rank == 1  # its text says nothing of red
    assert not any(hit.source == "image" for hit in found["words"].hits)
    assert any(hit.source == "text" for hit in found["words"].hits)
    index.close()


def test_a_picture_finds_items_without_one_by_what_it_is_about(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    home.look()
    index = home.open()
    both = asked(index, query="hat", colour="red")
    shown = [hit for one in both.values() for hit in one.hits if hit.source == "text" and hit.shown]
    assert len(shown) == 1  # the best tenth of five, rounded up
    plain = [hit for hit in both["words"].hits if hit.source == "text" and not hit.shown]
    assert len(plain) == 1  # the words' own verdict stays beside it
    index.close()


def test_words_and_picture_weigh_as_they_are_told_to(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    home.look()
    index = home.open()
    shown = index.show("image", decode_image(picture("green")))

    def words_are_before_the_picture(words: float, picture: float) -> bool:
        weights: dict[Any, float] = {"text": words, "image": picture}
        query = Query(image=shown, weights=weights)
        state = UserState(query="a red hat")
        found = index.candidates(state=state, profile=Profile(), n=9, shown=query)
        order = [one.item.id for one in found]
        return order.index("words") < order.index("scarf")

    assert words_are_before_the_picture(9, 0.1)
    assert not words_are_before_the_picture(0.1, 9) and not words_are_before_the_picture(0, 1)
    index.close()


def test_without_media_nothing_is_different(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    plain = Index(home.catalog, TEXTS, home.store)
    before = asked(plain, query="red hat")
    assert not plain.has_media("image")
    with pytest.raises(ValueError, match="has none"):
        plain.show("image", decode_image(picture("red")))
    home.look()
    index = home.open()
    after = asked(index, query="hat")
    assert list(asked(plain, query="hat")) and set(after) == set(before)
    index.close()


def test_what_was_looked_at_is_not_looked_at_again(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    home.look()
    assert not media_stale(home.root, home.catalog)
    more = (*ITEMS, item("tie", "tie.png"))
    (media / "tie.png").write_bytes(picture("blue"))  # the coat's bytes
    (media / "dress.png").write_bytes(picture("green", side=12))
    later = Home(tmp_path, sorted(more, key=lambda one: one.id))
    assert media_stale(later.root, later.catalog)
    (count,) = later.look().counts
    assert (count.n_vectors, count.n_made) == (4, 1)
    assert set(pictured(asked(later.open(), colour="green"))[:2]) == {"dress", "scarf"}
    assert len(list(later.root.glob("media-*"))) == 2  # one process may still read the other


def test_what_an_older_version_made_is_made_anew(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    home.look()
    file = home.root / "media.json"
    told = json.loads(file.read_text())
    del told["made"]  # as it was before
    file.write_text(json.dumps(told))
    assert media_stale(home.root, home.catalog) and not home.open().has_media("image")
    home.look()
    assert not media_stale(home.root, home.catalog) and home.open().has_media("image")


def test_files_that_are_broken_or_gone_are_told_and_the_others_found(
    tmp_path: Path, media: Path
) -> None:
    (media / "dress.png").write_bytes(b"no picture")
    (media / "scarf.png").unlink()
    home = Home(tmp_path)
    report = home.look()
    assert {problem.item_id for problem in report.problems} == {"dress", "scarf"}
    assert report.counts[0].n_vectors == 1


class Host(http.server.ThreadingHTTPServer):
    """Has pictures by path, until it has others."""

    def __init__(self) -> None:
        self.pictures = {"/red.png": picture("red"), "/blue.png": picture("blue")}
        self.asked: list[str] = []
        self.status: dict[str, int] = {}
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status.get(self.path, 200))
        self.end_headers()
        self.wfile.write(self.server.pictures.get(self.path, b""))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def test_pictures_of_another_host_are_fetched_once_and_outlast_it(
    tmp_path: Path, host: Host
) -> None:
    far = [item(name, f"http://{host.name}/{name}.png") for name in ("red", "blue")]
    home = Home(tmp_path, far)
    allowed = frozenset({host.name})
    assert home.look(hosts=allowed).counts[0].n_vectors == 2
    assert home.look(hosts=allowed).problems == () and len(host.asked) == 2
    host.pictures["/blue.png"] = b"<html>moved"
    host.pictures["/red.png"] = picture("green")
    again = home.look(hosts=allowed, again=True)
    assert again.counts[0].n_vectors == 2 and again.counts[0].n_made == 1
    assert [one.item_id for one in again.stale] == ["blue"]
    index = home.open()
    assert pictured(asked(index, colour="green"))[0] == "red"
    assert pictured(asked(index, colour="blue"))[0] == "blue"
    index.close()
    host.shutdown()
    host.server_close()
    more = Home(tmp_path, [*far, item("new", f"http://{host.name}/new.png")])
    gone = more.look(hosts=allowed)
    assert gone.counts[0].n_vectors == 2
    assert [one.item_id for one in gone.problems] == ["new"] and gone.stale == ()
    unreached = more.look(hosts=allowed, again=True)
    assert unreached.counts[0].n_vectors == 2
    assert [one.item_id for one in unreached.stale] == ["red", "blue"]
    no_longer = home.look()  # of hosts that are not allowed nothing is fetched, nor forgotten
    assert no_longer.counts[0].n_vectors == 2 and no_longer.problems == ()
    (more.keep / "fetched.txt").write_bytes(b"rubbish\n\xff")
    assert home.look().counts == ()


def hours_pass(home: Home, hours: float) -> None:
    """As if the media had been looked at that much earlier."""
    file = home.root / "media.json"
    told = json.loads(file.read_text())
    then = datetime.fromisoformat(told["at"]) - timedelta(hours=hours)
    file.write_text(json.dumps(told | {"at": then.isoformat()}))


def test_a_host_that_is_silent_is_asked_once_and_again_at_a_start_hours_later(
    tmp_path: Path, host: Host
) -> None:
    uris = [f"http://{host.name}/{name}.png" for name in ("red", "blue")]
    home = Home(tmp_path, [item("red", uris[0]), item("blue", uris[1]), item("same", uris[0])])
    with socket.socket() as silent:  # takes no connection, so that the other is a host of its own
        silent.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{silent.getsockname()[1]}"
        down = Home(tmp_path, [item(name, f"http://{nobody}/{name}") for name in ("a", "b")])
        missed = down.look(hosts=frozenset({nobody}))
    assert [one.why.startswith("not asked") for one in missed.problems] == [False, True]
    assert not media_stale(down.root, down.catalog)
    hours_pass(down, 2.9)
    assert not media_stale(down.root, down.catalog)
    hours_pass(down, 0.2)
    assert media_stale(down.root, down.catalog)
    hours_pass(down, -24)  # the clock was set back
    assert media_stale(down.root, down.catalog)
    assert down.look() == MediaReport() and not media_stale(down.root, down.catalog)
    host.status["/red.png"] = 503
    allowed = frozenset({host.name})
    assert home.look(hosts=allowed).counts[0].n_vectors == 1
    assert sorted(host.asked) == ["/blue.png", "/red.png"]
    assert not media_stale(home.root, home.catalog) and home.open().has_media("image")
    hours_pass(home, 3)
    assert media_stale(home.root, home.catalog)
    host.status.clear()
    assert home.look(hosts=allowed).counts[0].n_vectors == 3
    assert not media_stale(home.root, home.catalog)


def test_what_a_host_says_is_gone_is_dropped_when_all_is_fetched_again(
    tmp_path: Path, host: Host
) -> None:
    names = ("red", "blue", "red-too")
    uris = [f"http://{host.name}/{name.removesuffix('-too')}.png" for name in names]
    home = Home(tmp_path, [item(name, uri) for name, uri in zip(names, uris, strict=True)])
    allowed = frozenset({host.name})
    assert home.look(hosts=allowed).counts[0].n_vectors == 3
    host.asked.clear()
    host.status["/red.png"] = 404
    again = home.look(hosts=allowed, again=True)
    assert sorted(host.asked) == ["/blue.png", "/red.png"]
    assert again.counts[0].n_vectors == 1 and again.stale == ()
    assert [one.item_id for one in again.problems] == ["red", "red-too"]
    assert not media_stale(home.root, home.catalog)
    assert home.look().counts[0].n_vectors == 1
    assert home.look(again=True).counts[0].n_vectors == 0  # its host is allowed no more
    assert home.look().counts == ()


def test_a_catalogue_without_media_on_this_machine_needs_no_weights(tmp_path: Path) -> None:
    home = Home(tmp_path, (ITEMS[2], ITEMS[4]))
    assert home.look() == MediaReport()
    assert home.senses.n_fetched == 0
    assert MediaIndex.open(home.root, home.store, home.senses) is None


def test_a_bridge_of_ones_own_is_used_from_then_on(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    weights = np.concatenate([TEXTS.encode(["hat"]), np.zeros((2, TEXTS.dim), np.float32)])
    nothing = np.zeros(TEXTS.dim, np.float32)
    bridge = Bridge(
        "eyes", TEXTS.name, centre=np.zeros(3, np.float32), weights=weights, middle=nothing
    )
    bridge.save(tmp_path / "own.npz")
    assert home.look(bridges={"image": tmp_path / "own.npz"}).counts[0].bridge == "eyes"
    (tmp_path / "own.npz").unlink()
    assert home.look().counts[0].bridge == "eyes"
    index = home.open()
    assert len(pictured(asked(index, query="hat"))) == 1  # the best tenth
    index.close()


def test_a_bridge_between_others_is_refused(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    nothing = np.zeros(3, np.float32)
    other = Bridge("ears", "texts", centre=nothing, weights=np.eye(3, dtype=np.float32),
                   middle=nothing)  # fmt: skip
    other.save(tmp_path / "own.npz")
    with pytest.raises(ModelError, match="wanted a bridge from 'eyes'"):
        home.look(bridges={"image": tmp_path / "own.npz"})
    assert read_media_manifest(home.root) is None
    assert not list(home.root.glob("media-*"))


def ship(folder: Path, source: str) -> Path:
    """A bridge that says "green" of what is red, as one that ships."""
    folder.mkdir(exist_ok=True)
    weights = np.zeros((3 + TEXTS.dim, TEXTS.dim), np.float32)
    weights[0] = TEXTS.encode(["green"])[0] - TEXTS.encode(["red"])[0]
    centre = np.eye(1, len(weights), dtype=np.float32)[0] / 2
    Bridge(source, TEXTS.name, centre=centre, weights=weights,
           middle=np.zeros(TEXTS.dim, np.float32)).save(folder / "image.npz")  # fmt: skip
    card = BridgeCard(
        source=source,
        target=TEXTS.name,
        sha256=hashlib.sha256((folder / "image.npz").read_bytes()).hexdigest(),
        n=1,
        penalty=1,
        names=0,
        seed=0,
        command="none",
        made=date(2026, 1, 1),
        data=(),
        figures={},
    )
    (folder / "image.json").write_text(card.model_dump_json())
    return folder


def test_the_bridge_that_ships_goes_before_names_and_after_the_persons_own(
    tmp_path: Path, media: Path
) -> None:
    home = Home(tmp_path)
    shipped = ship(tmp_path / "shipped", home.eyes)
    (count,) = home.look(shipped=shipped).counts
    assert count.bridge == home.eyes
    assert pictured(asked(home.open(), query="green")) == ["dress"]  # names would say the scarf
    own = Bridge("eyes", TEXTS.name, centre=np.zeros(3, np.float32),
                 weights=np.ones((3, TEXTS.dim), np.float32),
                 middle=np.zeros(TEXTS.dim, np.float32))  # fmt: skip
    own.save(home.root / "bridges" / "image.npz")
    (count,) = home.look(shipped=shipped).counts
    assert count.bridge == "eyes"


@pytest.mark.parametrize("file", ["image.npz", "image.learnt.npz"])
def test_catalogues_together_go_by_the_bridge_of_the_one_that_has_the_pictures(
    tmp_path: Path, media: Path, file: str
) -> None:
    alone = Home(tmp_path)
    its = alone.root / "bridges" / file
    its.parent.mkdir()
    catalogs = Catalogs(tmp_path)
    catalogs.upsert("things", ITEMS)
    catalogs.upsert("books", [item("book", text="a green book")])
    both = Home(tmp_path, catalogs.load("books,things").items, name="books,things")

    def look() -> tuple[str, bool, bool, list[str]]:
        assert media_stale(both.root, both.catalog, shipped=tmp_path / "none")
        (count,) = both.look(shipped=tmp_path / "none").counts
        assert not media_stale(both.root, both.catalog, shipped=tmp_path / "none")
        index = both.open()
        found = pictured(asked(index, query="green"))
        index.close()
        return count.bridge, count.own, count.learnt, found

    alone.look()  # then those of both are worth a look, too
    by_names = both.senses.eyes.named_by, False, False, ["scarf"]
    assert look() == by_names
    its.write_bytes((ship(tmp_path / "made", both.eyes) / "image.npz").read_bytes())
    assert look() == (both.eyes, True, file == "image.learnt.npz", ["dress"])

    (media / "book.png").write_bytes(picture("blue"))  # of which that bridge learnt nothing
    catalogs.upsert("books", [item("book", "book.png", text="a green book")])
    both.catalog = catalogs.load("books,things")
    assert look() == by_names
    catalogs.upsert("books", [item("book", text="a green book")])
    both.catalog = catalogs.load("books,things")
    assert look()[1]
    its.unlink()
    assert look() == by_names


@pytest.mark.parametrize("wrong", ["another encoder", "other bytes", "no card"])
def test_a_shipped_bridge_that_does_not_fit_leaves_the_names(
    tmp_path: Path, media: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(tmp_path)
    shipped = ship(tmp_path / "shipped", "ears" if wrong == "another encoder" else home.eyes)
    if wrong == "other bytes":
        (shipped / "image.npz").write_bytes(b"of another time")
    elif wrong == "no card":
        (shipped / "image.json").write_text("{")
    (count,) = home.look(shipped=shipped).counts
    assert count.bridge == home.senses.eyes.named_by
    assert ("names alone" in caplog.text) == (wrong != "another encoder")


def test_collections_stay_in_use_and_are_worth_another_look_when_other_bridges_ship(
    tmp_path: Path, media: Path
) -> None:
    home = Home(tmp_path)
    home.look(shipped=tmp_path / "none")
    assert not media_stale(home.root, home.catalog, shipped=tmp_path / "none")
    shipped = ship(tmp_path / "shipped", home.eyes)
    assert media_stale(home.root, home.catalog, shipped=shipped)
    assert home.open().has_media("image")
    (count,) = home.look(shipped=shipped).counts
    assert (count.n_made, count.bridge) == (0, home.eyes)
    assert not media_stale(home.root, home.catalog, shipped=shipped)
    assert home.open().has_media("image")


def test_a_bridge_that_no_longer_fits_is_told_with_what_to_do(
    tmp_path: Path, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(tmp_path)
    nothing = np.zeros(3, np.float32)
    old = Bridge("eyes + eyes by older names", TEXTS.name, centre=nothing,
                 weights=np.zeros((3, 3), np.float32), middle=nothing)  # fmt: skip
    old.save(home.root / "bridges" / "image.npz")
    (count,) = home.look().counts
    assert count.bridge == home.senses.eyes.named_by
    assert "older names" in count.refused and "`simpatico train bridge`" in count.refused
    assert count.refused in caplog.text


@pytest.mark.parametrize("damage", ["manifest", "collections", "another encoder"])
def test_what_does_not_fit_is_left_aside_and_search_goes_on(
    tmp_path: Path, media: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(tmp_path)
    home.look()
    manifest = read_media_manifest(home.root)
    assert manifest is not None
    if damage == "manifest":
        (home.root / "media.json").write_text("{")
    elif damage == "collections":
        (home.root / manifest.folder / "modal.json").unlink()
    else:
        home.senses.name = lambda medium: "other eyes"
    index = home.open()
    assert not index.has_media("image") and "searched" in caplog.text
    assert asked(index, query="hat")


def test_two_who_look_at_once_are_told(tmp_path: Path, media: Path) -> None:
    from filelock import FileLock

    home = Home(tmp_path)
    with FileLock(home.root / "media.lock"), pytest.raises(StoreError, match="another process"):
        home.look()


def test_a_picture_that_nothing_can_be_made_of_is_refused(tmp_path: Path, media: Path) -> None:
    home = Home(tmp_path)
    home.look()
    index = home.open()
    home.senses.eyes.encode = lambda inputs: np.full((1, 3), np.nan, np.float32)
    with pytest.raises(DataError, match="something to go by"):
        index.show("image", decode_image(picture("red")))
    index.close()


class GoneEyes(OnlyEyes):
    """The encoder is of a hub, and is no longer to be had."""

    n_asked = 0

    def name(self, medium: Medium) -> str:
        return "hub:gone" if medium == "image" else ""

    def of(self, medium: Medium) -> Any:
        self.n_asked += 1
        raise ModelError("it is gone")


def test_words_find_the_rest_when_an_encoder_is_gone(tmp_path: Path) -> None:
    texts = MemoryStore(TEXTS.dim)
    texts.upsert(["a"], TEXTS.encode(["red"]))
    ModalStore.build(tmp_path, ["a"], {"image": Modality("hub:gone", np.eye(1, 3, dtype="f4"))})
    store = ModalStore.open(tmp_path, texts, target=TEXTS.name, encoders={"image": "hub:gone"})
    senses: Any = GoneEyes()
    media = MediaIndex(store, senses)
    assert media.captions("red") == media.captions("blue") == {}
    assert senses.n_asked == 1
    media.close()
