"""Several catalogues as one: their items, their index, and lists across kinds."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.domain import Candidate, Item, Mentions, Profile, Reason, Recommendation, UserState
from simpatico.errors import DataError
from simpatico.kinds import described, kind_name, piece_of
from simpatico.retrieval.build import estimated_tones, roots_with
from simpatico.retrieval.catalog import Catalogs
from simpatico.retrieval.encoders.hash import HashEncoder
from simpatico.retrieval.index import Index
from simpatico.retrieval.mixed import ProposerOfSome, RankerByKind
from simpatico.retrieval.packs.music import load_tables
from simpatico.retrieval.rerank import rerank
from simpatico.retrieval.tone import ToneModel
from simpatico.settings import RetrievalSettings

TABLES = load_tables()
MUSIC = [TABLES.track_item(track, picture=None) for track in TABLES.tracks[::30]]
FILMS = [Item(id=f"f{place}", title=f"Film {place}", text="Rain falls.") for place in range(12)]


class Counting(HashEncoder):
    """Counts what it encodes."""

    n_texts = 0

    def encode(self, inputs: Sequence[str]) -> NDArray[np.float32]:
        """Encode and count."""
        self.n_texts += len(inputs)
        return super().encode(inputs)


@pytest.fixture
def catalogs(tmp_path: Path) -> Catalogs:
    catalogs = Catalogs(tmp_path, packs={})
    catalogs.upsert("shelf", FILMS)
    catalogs.upsert("music", MUSIC)
    return catalogs


def test_catalogues_together_hold_the_items_of_all(catalogs: Catalogs) -> None:
    both = catalogs.load("shelf, music")
    assert both.name == "shelf,music"
    assert [item.id for item in both.items] == sorted(item.id for item in (*FILMS, *MUSIC))
    assert both.get("f3") == FILMS[3]
    assert both.digest == catalogs.load("music,shelf").digest


def test_ids_that_clash_and_a_name_given_twice_are_refused(catalogs: Catalogs) -> None:
    catalogs.upsert("other", [item.model_copy(update={"kind": "book"}) for item in FILMS[:5]])
    with pytest.raises(DataError, match=r"shelf and other have .* 'f0', 'f1', 'f2' and 2 more;"):
        catalogs.load("shelf,music,other")
    with pytest.raises(DataError, match="each catalogue once, got music, shelf, music"):
        catalogs.load("music,shelf,music")
    with pytest.raises(DataError, match="wanted a catalogue, got 'games'"):
        catalogs.load("music,games")
    for name in ("music,", "music,../x", ","):
        with pytest.raises(ValueError, match="wanted a catalogue name"):
            catalogs.load(name)
    with pytest.raises(ValueError, match="wanted a catalogue name"):
        catalogs.upsert("shelf,music", FILMS)


def test_nothing_is_encoded_twice_in_either_direction(catalogs: Catalogs, tmp_path: Path) -> None:
    encoder = Counting()
    Index.build(tmp_path, "music", encoder).close()
    assert encoder.n_texts == len(MUSIC)
    both = Index.build(tmp_path, "shelf,music", encoder)
    assert encoder.n_texts == len(MUSIC) + len(FILMS)
    alone = Index.build(tmp_path, "shelf", encoder)
    assert encoder.n_texts == len(MUSIC) + len(FILMS)
    ids = [item.id for item in FILMS]
    np.testing.assert_array_equal(alone.vectors(ids), both.vectors(ids))
    assert not np.isnan(both.vectors([item.id for item in MUSIC])).any()
    both.close()
    alone.close()
    assert [root.name for root in roots_with(tmp_path, "music")] == ["music", "shelf,music"]


def test_a_changed_part_makes_the_index_of_both_stale(catalogs: Catalogs, tmp_path: Path) -> None:
    encoder = Counting()
    Index.build(tmp_path, "shelf,music", encoder).close()
    catalogs.upsert("music", [MUSIC[0].model_copy(update={"text": "Another note."})])
    encoder.n_texts = 0
    Index.build(tmp_path, "shelf,music", encoder).close()
    assert encoder.n_texts == 1
    shutil.rmtree(tmp_path / "indexes" / "shelf,music")
    Index.build(tmp_path, "shelf,music", encoder).close()
    assert encoder.n_texts == 1 + len(FILMS) + len(MUSIC)


def test_a_kind_goes_by_several_names_and_its_pieces_are_described() -> None:
    assert kind_name("Movies") == kind_name("film") == "film"
    assert (piece_of("film"), piece_of("Music")) == ("film", "piece of music")
    assert described("film", ["crime", "thriller"]) == "crime thriller film"
    assert described("music", ["game music", "orchestral"]) == "piece of orchestral game music"
    assert described("music", ["electronic"]) == "piece of electronic music"
    assert described("music", []) == "piece of music"


def test_what_a_game_is_about_is_no_tone_of_its_music() -> None:
    model = ToneModel.load()
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    tones = estimated_tones([FILMS[0], MUSIC[0]], vectors, encoder=model.encoder)
    assert not np.isnan(tones[0]).any() and np.isnan(tones[1]).all()


def test_a_thing_of_which_nothing_is_told_has_no_story_to_feel_like() -> None:
    model = ToneModel.load()
    vector = np.full((1, 384), 384**-0.5, dtype=np.float32)
    skirt = Item(id="a", title="A White Skirt", kind="product", keywords=("White", "Summer"))
    told = skirt.model_copy(update={"text": "She wore it the summer they met."})
    known = {
        one.kind + one.text[:1]: not np.isnan(
            estimated_tones([one], vector, encoder=model.encoder)
        ).any()
        for one in (skirt, told, skirt.model_copy(update={"kind": "novel"}),
                    skirt.model_copy(update={"kind": "film"}))
    }  # fmt: skip
    assert known == {"product": False, "productS": True, "novel": True, "film": True}


def shown(kinds: Sequence[str], *, k: int, asked: Sequence[str], diversity: float) -> list[str]:
    """Ids chosen from a list of these kinds, best first: "film0", "film1", "music2"..."""
    ranked = [
        Recommendation(
            item=Item(id=f"{kind}{place}", kind=kind, title=f"{'abcdefghijkl'[place]} {kind}"),
            p_accept=0.9 - place / 20,
        )
        for place, kind in enumerate(kinds)
    ]
    vectors = np.eye(len(kinds), dtype=np.float32)
    settings = RetrievalSettings(diversity=diversity, novelty=0)
    chosen = rerank(ranked, k=k, vectors=vectors, settings=settings, profile=Profile(), kinds=asked)
    return [one.item.id for one in chosen]


@pytest.mark.parametrize("diversity", [0.0, 0.25])
def test_kinds_that_were_asked_for_take_turns(diversity: float) -> None:
    films_first = ["film"] * 6 + ["music"] * 3

    def few(asked: Sequence[str], k: int = 4) -> list[str]:
        return shown(films_first, k=k, asked=asked, diversity=diversity)

    assert few(["film", "music"]) == ["film0", "music6", "film1", "music7"]
    assert few(["music", "movie"]) == ["music6", "film0", "music7", "film1"]
    assert few(["film", "music"], k=3) == ["film0", "music6", "film1"]
    assert few(["film", "music"], k=1) == ["film0"]
    assert few(["film", "music"], k=8) == [
        *("film0", "music6", "film1", "music7", "film2", "music8", "film3", "film4"),
    ]
    assert few([]) == few(["film"]) == few(["film", "book"]) == [f"film{n}" for n in range(4)]
    assert few(["film", "music"], k=0) == []


class Told:
    """A ranker that remembers whom it ranked what for."""

    name = "told"

    def __init__(self, p_accept: float) -> None:
        self.p_accept = p_accept
        self.asked: list[tuple[list[str], Mentions, Profile]] = []

    def rank(
        self, candidates: Sequence[Candidate], *, state: UserState, profile: Profile
    ) -> list[Recommendation]:
        """All alike."""
        self.asked.append(([each.item.id for each in candidates], state.mentions, profile))
        return [Recommendation(item=each.item, p_accept=self.p_accept) for each in candidates]

    def explain(
        self,
        chosen: Sequence[Recommendation],
        candidates: Sequence[Candidate],
        *,
        state: UserState,
        profile: Profile,
    ) -> list[Recommendation]:
        """By who asked."""
        reason = Reason(kind="mood", text=f"{self.p_accept} {profile.liked}", weight=1.0)
        return [one.model_copy(update={"reasons": (reason,)}) for one in chosen]


def test_each_kind_is_ranked_by_its_own_and_told_of_its_own(catalogs: Catalogs) -> None:
    films, others = Told(0.7), Told(0.4)
    ranker = RankerByKind(catalogs.load("shelf,music"), {"film": films}, others)
    assert ranker.name == "told"
    tune, other = MUSIC[0].id, MUSIC[1].id
    candidates = [Candidate(item=item, hits=(), score=0) for item in (MUSIC[2], FILMS[1], FILMS[0])]
    state = UserState(mentions=Mentions(liked=("f5", tune), unlinked=("Nothing",)))
    profile = Profile(liked=(other, "f6"), disliked=("f7",), seen=("f8", tune), shown=("f1",))
    ranked = ranker.rank(candidates, state=state, profile=profile)
    assert [one.item.id for one in ranked] == ["f0", "f1", MUSIC[2].id]
    (of_films,), (of_music,) = films.asked, others.asked
    assert of_films[0] == ["f1", "f0"] and of_films[1].liked == ("f5",)
    assert (of_films[2].liked, of_films[2].disliked) == (("f6",), ("f7",))
    assert of_music[1].liked == (tune,) and of_music[1].unlinked == ("Nothing",)
    assert (of_music[2].liked, of_music[2].disliked) == ((other,), ())
    assert of_music[2].shown == ("f1",)
    explained = ranker.explain(ranked[::-1], candidates, state=state, profile=profile)
    assert [(one.item.id, one.reasons[0].text) for one in explained] == [
        (MUSIC[2].id, f"0.4 {(other,)}"),
        ("f1", "0.7 ('f6',)"),
        ("f0", "0.7 ('f6',)"),
    ]


def test_a_proposer_of_some_items_is_asked_for_these_alone() -> None:
    class Every:
        def propose(
            self, state: UserState, profile: Profile, *, k: int, allowed: NDArray[np.bool_]
        ) -> list[tuple[str, float]]:
            """Whatever is allowed."""
            return [("abc"[place], 1.0) for place in np.flatnonzero(allowed)][:k]

    some = ProposerOfSome(Every(), np.array([1, 4, 5]))
    allowed = np.array([True, False, True, True, True, True])
    found = some.propose(UserState(), Profile(), k=5, allowed=allowed)
    assert [item_id for item_id, _ in found] == ["b", "c"]
