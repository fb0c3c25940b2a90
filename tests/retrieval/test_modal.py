from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import ModelError, StoreError
from simpatico.retrieval.bridge import Bridge, unit
from simpatico.retrieval.modal import Medium, Modality, ModalStore, Query, Shown
from simpatico.retrieval.store import MemoryStore

Array = NDArray[np.float32]

IDS = ("both", "neither", "picture", "sound")
X, Y, Z = np.eye(3, dtype=np.float32)
NONE = np.full(3, np.nan, dtype=np.float32)

TEXTS = np.stack([X, Y, Z, unit((X + Y)[None])[0]])
PICTURES = np.stack([X, NONE, Y, NONE])
SOUNDS = np.stack([Z, NONE, NONE, Y])


def plain(source: str) -> Bridge:
    """A bridge that leaves everything as it is."""
    nothing = np.zeros(3, np.float32)
    return Bridge(
        source, "words", centre=nothing, weights=np.eye(3, dtype=np.float32), middle=nothing
    )


def text_store() -> MemoryStore:
    store = MemoryStore(3)
    store.upsert(IDS, TEXTS)
    return store


def in_memory(rows: Array) -> MemoryStore:
    store = MemoryStore(3)
    known = [at for at, row in enumerate(rows) if not np.isnan(row).any()]
    store.upsert([IDS[at] for at in known], rows[known])
    return store


def on_disk(folder: Path, *, bridges: bool) -> None:
    media: dict[Medium, Modality] = {
        "image": Modality("eyes", PICTURES),
        "audio": Modality("ears", SOUNDS),
    }
    if bridges:
        media = {
            "image": Modality("eyes", PICTURES, plain("eyes"), PICTURES),
            "audio": Modality("ears", SOUNDS, plain("ears"), SOUNDS),
        }
    ModalStore.build(folder, IDS, media)


@pytest.fixture(params=["memory", "chroma"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ModalStore]:
    """Both ways to have one, with bridges."""
    if request.param == "memory":
        yield ModalStore(
            text_store(),
            {"image": in_memory(PICTURES), "audio": in_memory(SOUNDS)},
            about={"image": in_memory(PICTURES), "audio": in_memory(SOUNDS)},
            bridges={"image": plain("eyes"), "audio": plain("ears")},
        )
        return
    on_disk(tmp_path / "modal", bridges=True)
    opened = ModalStore.open(
        tmp_path / "modal",
        text_store(),
        target="words",
        encoders={"image": "eyes", "audio": "ears"},
    )
    yield opened
    opened.close()


def sources(found: Sequence[object]) -> list[str]:
    return [hit.source for hit in found]  # type: ignore[attr-defined]  # they are hits


def test_a_picture_finds_what_looks_like_it(store: ModalStore) -> None:
    found = store.search(Query(image=Shown(Y)), k=4)
    assert [one.item_id for one in found] == ["picture", "both"]
    assert sources(found[0].hits) == ["image"] and found[0].hits[0].score == pytest.approx(1)
    assert found[0].score == pytest.approx(1 / 61) and found[1].score == pytest.approx(1 / 62)


def test_a_sound_finds_what_sounds_like_it(store: ModalStore) -> None:
    found = store.search(Query(audio=Shown(Y)), k=4)
    assert [one.item_id for one in found] == ["sound", "both"]


def test_a_picture_with_its_meaning_finds_items_without_a_picture(store: ModalStore) -> None:
    found = store.search(Query(image=Shown(Y, about=Y)), k=4)
    by_id = {one.item_id: one for one in found}
    assert set(by_id) == set(IDS)
    assert sources(by_id["neither"].hits) == ["text"]
    assert by_id["neither"].score == pytest.approx(0.5 / 61)
    assert sources(by_id["sound"].hits) == ["audio"]
    assert found[0].item_id == "picture"


def test_words_find_pictures_and_sounds_through_the_bridges(store: ModalStore) -> None:
    found = store.search(Query(text=Y), k=4)
    by_id = {one.item_id: one for one in found}
    # text: neither, sound, both, picture (ties by id); best tenth of image: picture, audio: sound
    assert by_id["sound"].score == pytest.approx(1 / 62 + 0.5 / 61)
    assert by_id["picture"].score == pytest.approx(1 / 64 + 0.5 / 61)
    assert by_id["both"].score == pytest.approx(1 / 63)
    assert by_id["neither"].score == pytest.approx(1 / 61)
    assert [one.item_id for one in found] == ["sound", "picture", "neither", "both"]


def test_a_mixed_query_adds_up_its_parts_by_their_weights(store: ModalStore) -> None:
    words, shown = Query(text=Y), Query(image=Shown(Y))
    apart = [{one.item_id: one.score for one in store.search(q, k=4)} for q in (words, shown)]
    mixed = store.search(Query(text=Y, image=Shown(Y), weights={"text": 0.25, "image": 2}), k=4)
    for one in mixed:
        expected = 0.25 * apart[0].get(one.item_id, 0) + 2 * apart[1].get(one.item_id, 0)
        assert one.score == pytest.approx(expected)
    assert mixed[0].item_id == "picture"
    scores = [one.score for one in mixed]
    assert scores == sorted(scores, reverse=True)
    assert all(len(set(sources(one.hits))) == len(one.hits) for one in mixed)


def test_of_two_hits_of_one_source_the_better_rank_is_told(store: ModalStore) -> None:
    found = store.search(Query(text=Z, image=Shown(X, about=X)), k=4)
    both = next(one for one in found if one.item_id == "both")
    assert {hit.source: hit.rank for hit in both.hits} == {"text": 1, "image": 1, "audio": 1}


def test_having_a_sound_is_no_merit_where_few_have_one() -> None:
    rng = np.random.default_rng(0)
    ids = [f"{at:03}" for at in range(200)]
    texts, sounds = MemoryStore(8), MemoryStore(8)
    texts.upsert(ids, unit(rng.normal(size=(200, 8))))
    sounds.upsert(ids[:30], unit(rng.normal(size=(30, 8))))
    nothing = np.zeros(8, np.float32)
    bridge = Bridge(
        "ears", "words", centre=nothing, weights=np.eye(8, dtype=np.float32), middle=nothing
    )
    store = ModalStore(texts, {"audio": sounds}, about={"audio": sounds}, bridges={"audio": bridge})
    found = store.search(Query(text=rng.normal(size=8).astype(np.float32)), k=200)
    assert sum("audio" in sources(one.hits) for one in found) == 3


def test_words_that_say_only_what_all_texts_do_find_no_picture() -> None:
    nothing = np.zeros(3, np.float32)
    bridge = Bridge("eyes", "words", centre=nothing, weights=np.eye(3, dtype=np.float32), middle=Y)
    pictures = in_memory(PICTURES)
    store = ModalStore(
        text_store(), {"image": pictures}, about={"image": pictures}, bridges={"image": bridge}
    )
    found = store.search(Query(text=Y, image=Shown(X, about=NONE), weights={"image": 0}), k=4)
    assert {source for one in found for source in sources(one.hits)} == {"text"}


def test_a_part_of_weight_nothing_finds_nothing(store: ModalStore) -> None:
    assert store.search(Query(), k=4) == []
    assert store.search(Query(image=Shown(Y), weights={"image": 0}), k=4) == []


def test_only_the_allowed_are_found(store: ModalStore) -> None:
    assert store.ids() == list(IDS)
    flags = np.array([False, True, False, True])
    found = store.search(Query(text=Y, image=Shown(Y, about=Y)), k=4, allowed=flags)
    assert {one.item_id for one in found} == {"neither", "sound"}
    assert store.search(Query(text=Y), k=4, allowed=np.zeros(4, bool)) == []


def test_k_is_kept_and_wrong_arguments_are_refused(store: ModalStore) -> None:
    assert len(store.search(Query(text=Y), k=2)) == 2
    with pytest.raises(ValueError, match="k of 1"):
        store.search(Query(text=Y), k=0)
    with pytest.raises(ValueError, match="weights of 0"):
        store.search(Query(text=Y, weights={"text": -1}), k=1)
    with pytest.raises(ValueError, match="flags"):
        store.search(Query(text=Y), k=1, allowed=np.ones(3, bool))
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        store.search(Query(image=Shown(np.ones(2, np.float32))), k=1)


def test_without_a_bridge_words_find_texts_alone(tmp_path: Path) -> None:
    on_disk(tmp_path, bridges=False)
    encoders: dict[Medium, str] = {"image": "eyes", "audio": "ears"}
    store = ModalStore.open(tmp_path, text_store(), target="words", encoders=encoders)
    found = store.search(Query(text=Y), k=4)
    assert {hit.source for one in found for hit in one.hits} == {"text"}
    assert store.bridge("image") is None
    store.close()
    store.close()


def test_a_catalogue_without_any_picture_has_an_empty_collection(tmp_path: Path) -> None:
    nothing = np.stack([NONE] * 4)
    ModalStore.build(tmp_path, IDS, {"image": Modality("eyes", nothing)})
    store = ModalStore.open(tmp_path, text_store(), target="words", encoders={"image": "eyes"})
    found = store.search(Query(image=Shown(Y), text=Y), k=4)
    assert [hit.source for hit in found[0].hits] == ["text"]
    assert store.search(Query(image=Shown(Y)), k=4) == []
    store.close()


def test_collections_of_other_encoders_do_not_open(tmp_path: Path) -> None:
    on_disk(tmp_path, bridges=True)
    right: dict[Medium, str] = {"image": "eyes", "audio": "ears"}
    with pytest.raises(StoreError, match="'eyes'"):
        ModalStore.open(
            tmp_path, text_store(), target="words", encoders={**right, "image": "lenses"}
        )
    with pytest.raises(ModelError, match="to 'words'"):
        ModalStore.open(tmp_path, text_store(), target="signs", encoders=right)
    with pytest.raises(StoreError, match="do not fit"):
        ModalStore.open(tmp_path, MemoryStore(7), target="words", encoders=right)
    ModalStore.open(tmp_path, text_store(), target="words", encoders=right).close()


def test_what_is_missing_or_half_built_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no collections"):
        ModalStore.open(tmp_path, text_store(), target="words", encoders={})
    wrong: dict[Medium, Modality] = {
        "image": Modality("eyes", PICTURES),
        "audio": Modality("ears", SOUNDS[:2]),
    }
    with pytest.raises(ValueError, match="wanted 4 rows of audio"):
        ModalStore.build(tmp_path, IDS, wrong)
    with pytest.raises(StoreError, match="no collections"):
        ModalStore.open(tmp_path, text_store(), target="words", encoders={})
    (tmp_path / "modal.json").write_text("{")
    with pytest.raises(StoreError, match="no collections"):
        ModalStore.open(tmp_path, text_store(), target="words", encoders={})
    with pytest.raises(StoreError, match="has some"):
        on_disk(tmp_path, bridges=False)


def test_a_bridge_and_its_collection_come_together() -> None:
    with pytest.raises(ValueError, match="wanted a bridge"):
        ModalStore(text_store(), {}, about={"image": in_memory(PICTURES)})


def test_progress_counts_the_items_that_have_the_modality(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    ModalStore.build(
        tmp_path,
        IDS,
        {"image": Modality("eyes", PICTURES)},
        progress=lambda *step: told.append(step),
    )
    assert told == [("storing image", 0, 2), ("storing image", 2, 2)]
