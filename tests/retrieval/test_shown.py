import pytest

from simpatico.domain import Candidate, Hit, Item, Profile, UserState
from simpatico.retrieval.rank import LinearRanker
from simpatico.retrieval.shown import media_amounts, media_words


def test_a_picture_that_is_shown_counts_twice_what_words_do_and_less_with_the_rank() -> None:
    first = media_amounts([Hit(source="image", rank=1, score=0.9, shown="image")])
    later = media_amounts([Hit(source="image", rank=11, score=0.2, shown="image")])
    words = media_amounts([Hit(source="image", rank=1, score=0.9)])
    assert first == {"looks": 1.0} and later == {"looks": 0.5} and words == {"looks": 0.5}


def test_words_are_looked_for_among_pictures_where_the_text_does_not_answer_them() -> None:
    hit = Hit(source="image", rank=1, score=0.9)
    assert media_amounts([hit], told=0.8) == {"looks": pytest.approx(0.1)}
    shown = Hit(source="image", rank=1, score=0.9, shown="image")
    assert media_amounts([shown], told=0.8) == {"looks": 1.0}

    fits = Hit(source="text", rank=1, score=0.6)
    near = Hit(source="text", rank=2, score=0.45)
    both = [
        Candidate(item=Item(id="a", title="A"), hits=(fits,), score=0),
        Candidate(item=Item(id="b", title="B"), hits=(near, hit), score=0),
        Candidate(item=Item(id="c", title="C"), hits=(hit,), score=0),
        Candidate(item=Item(id="d", title="D"), hits=(), score=0),
    ]
    ranked = LinearRanker().rank(both, state=UserState(query="x"), profile=Profile())
    order = [one.item.id for one in ranked]
    assert order[0] == "a" and order.index("c") < order.index("d")


def test_a_picture_that_did_not_count_is_no_reason() -> None:
    hit = Hit(source="image", rank=1, score=0.9)
    said = {}
    for cosine in (0.3, 0.7):
        text = Hit(source="text", rank=1, score=cosine)
        one = [Candidate(item=Item(id="a", title="A"), hits=(text, hit), score=0)]
        ranker, asked = LinearRanker(), UserState(query="x")
        ranked = ranker.rank(one, state=asked, profile=Profile())
        (explained,) = ranker.explain(ranked, one, state=asked, profile=Profile())
        said[cosine] = [reason.text for reason in explained.reasons if reason.kind == "media"]
    assert said == {0.3: ["Its picture fits your words"], 0.7: []}


def test_words_and_picture_count_in_the_ranking_as_they_are_told_to() -> None:
    def hits(words: float, picture: float) -> list[tuple[Hit, ...]]:
        fits = Hit(source="text", rank=1, score=0.6, weight=words)
        said = Hit(source="lexical", rank=1, score=3, weight=words)
        alike = Hit(source="image", rank=1, score=0.9, shown="image", weight=picture)
        return [(fits, said), (alike,)]

    def parts(words: float, picture: float) -> list[tuple[str, dict[str, float]]]:
        pair = [
            Candidate(item=Item(id=name, title=name), hits=found, score=0)
            for name, found in zip(("said", "alike"), hits(words, picture), strict=True)
        ]
        ranked = LinearRanker().rank(pair, state=UserState(query="x"), profile=Profile())
        return [(one.item.id, {part.name: part.value for part in one.parts}) for one in ranked]

    plain = dict(parts(1, 1))
    assert parts(1, 1)[0][0] == "alike" and plain["said"] == {"match": 1.4, "words": 0.25}
    assert parts(2, 0.5) == [
        ("said", {"match": 2.8, "words": 0.5}),
        ("alike", {"looks": plain["alike"]["looks"] / 2}),
    ]
    assert dict(parts(0, 1)) == {"said": {}, "alike": plain["alike"]}


def test_of_two_hits_the_better_counts_and_texts_only_for_what_is_shown() -> None:
    hits = [
        Hit(source="audio", rank=1, score=0.1),
        Hit(source="audio", rank=1, score=0.1, shown="audio"),
        Hit(source="text", rank=1, score=0.4),
        Hit(source="text", rank=1, score=0.4, shown="audio"),
        Hit(source="lexical", rank=1, score=4),
    ]
    assert media_amounts(hits) == {"sounds": 1.0}
    assert media_amounts(hits[2:]) == {"about": 0.5}
    assert media_amounts(hits[2:3]) == {}


@pytest.mark.parametrize(
    ("hit", "said"),
    [
        (Hit(source="image", rank=2, score=0, shown="image"), "Its picture looks like yours"),
        (Hit(source="image", rank=2, score=0), "Its picture fits your words"),
        (Hit(source="audio", rank=2, score=0, heard=("calm",)), "It sounds calm"),
        (
            Hit(source="audio", rank=2, score=0, shown="audio", heard=("calm", "sad")),
            "It sounds like yours: calm and sad",
        ),
    ],
)
def test_what_is_said_names_what_found_it(hit: Hit, said: str) -> None:
    assert [text for _, text in media_words([hit])] == [said]


def test_a_hit_far_down_is_not_spoken_of() -> None:
    assert media_words([Hit(source="image", rank=21, score=0, shown="image")]) == ()


def test_the_ranker_puts_what_looks_alike_first_and_says_so() -> None:
    plain = Candidate(item=Item(id="a", title="A", popularity=1.0), hits=(), score=0)
    alike = Candidate(
        item=Item(id="b", title="B"),
        hits=(Hit(source="image", rank=1, score=0.8, shown="image"),),
        score=0,
    )
    ranker, asked = LinearRanker(), UserState()
    ranked = ranker.rank([plain, alike], state=asked, profile=Profile())
    assert [one.item.id for one in ranked] == ["b", "a"]
    first, _ = ranker.explain(ranked, [plain, alike], state=asked, profile=Profile())
    assert [(reason.kind, reason.text) for reason in first.reasons] == [
        ("media", "Its picture looks like yours")
    ]
    shown_text = alike.model_copy(
        update={"hits": (Hit(source="text", rank=1, score=0.9, shown="image"),)}
    )
    (only,) = LinearRanker().rank([shown_text], state=UserState(), profile=Profile())
    assert {part.name for part in only.parts} == {"about"}


def test_a_sound_found_by_a_picture_is_not_said_to_sound_like_it() -> None:
    hit = Hit(source="audio", rank=1, score=0.3, shown="image", heard=("calm",))
    assert media_amounts([hit]) == {"about": 0.5}
    assert media_words([hit]) == (("about", "What it is about fits your picture"),)
    own = Hit(source="image", rank=11, score=0.3, shown="image")
    assert media_amounts([hit, own]) == {"looks": 0.5}
