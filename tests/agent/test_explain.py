import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpatico.agent import explain, phrases
from simpatico.agent.relax import without_wishes
from simpatico.domain import (
    MOODS,
    NEEDS,
    Constraints,
    Item,
    Mentions,
    Mood,
    Part,
    Reason,
    Recommendation,
    UserState,
)

BEAR = Item(
    id="bear",
    title="Paddington 2",
    year=2017,
    genres=("Comedy", "Family"),
    creators=("Ben Whishaw", "Hugh Grant"),
    text="A small bear goes to prison for a theft he did not commit. The cooks warm to him.",
)
HARRY = Item(
    id="harry",
    title="When Harry Met Sally...",
    year=1989,
    genres=("Romance", "Comedy"),
    creators=("Billy Crystal", "Meg Ryan"),
)
MASH = Item(id="mash", title="M*A*S*H", year=1970, genres=("Comedy", "War"))
AMELIE = Item(id="amelie", title="Amélie", year=2001)
WARM = Reason(kind="mood", text="It is warm and funny", weight=0.6)
NEAR = Reason(kind="liked_item", text="Close to Amélie (2001), which you liked.", weight=0.3)
WEAK = Reason(kind="attribute", text="It is well known", weight=0.1)
RECOMMENDED = (
    Recommendation(item=BEAR, p_accept=0.8, reasons=(WEAK, WARM, NEAR)),
    Recommendation(item=HARRY, p_accept=0.5),
    Recommendation(item=MASH, p_accept=0.2),
)
SAD = UserState(mood=Mood(label="sadness", confidence=0.9), need="cheer_up")
SEEDS = [str(n) for n in range(40)]


def test_each_item_is_named_once_with_premise_and_strongest_reasons() -> None:
    text = explain.compose(SAD, RECOMMENDED, seed="1")
    for title in ("**Paddington 2 (2017)**", "**When Harry Met Sally... (1989)**"):
        assert text.count(title) == 1
    [bullet] = [line for line in text.splitlines() if "Paddington" in line]
    assert "A small bear goes to prison for a theft he did not commit." in bullet
    assert bullet.endswith(
        ": it's warm and funny, and it's close to Amélie (2001), which you liked."
    )


def test_an_item_without_prose_is_described_by_its_facts() -> None:
    text = explain.compose(SAD, RECOMMENDED, seed="1")
    assert "A romantic comedy by and with Billy Crystal and Meg Ryan." in text


def test_what_an_entry_says_anyway_is_no_reason() -> None:
    first_sentence = Reason(kind="quote", text=BEAR.text.split(". ")[0] + ".", weight=0.9)
    entry = explain.bullet(Recommendation(item=BEAR, p_accept=0.5, reasons=(first_sentence,)))
    assert entry == f"- **Paddington 2 (2017)**: {BEAR.text}"
    fact = Reason(kind="attribute", text="It is a comedy film from 1989", weight=0.9)
    entry = explain.bullet(Recommendation(item=HARRY, p_accept=0.5, reasons=(fact,)))
    assert entry.endswith("A romantic comedy by and with Billy Crystal and Meg Ryan.")


def test_reasons_of_every_shape_read_as_sentences() -> None:
    people = Reason(kind="behaviour", text="People who liked Up (2009) also liked it", weight=0.5)
    cast = Reason(kind="attribute", text="With Hugh Grant", weight=0.4)
    entry = explain.bullet(Recommendation(item=BEAR, p_accept=0.5, reasons=(people, cast)))
    assert entry.endswith("people who liked Up (2009) also liked it, and it has Hugh Grant in it.")


def test_markdown_in_a_title_is_shown_and_not_obeyed() -> None:
    assert r"**M\*A\*S\*H (1970)**: A war comedy." in explain.compose(SAD, RECOMMENDED)


def test_the_same_seed_gives_the_same_words_and_others_vary() -> None:
    texts = [explain.compose(SAD, RECOMMENDED, seed=seed) for seed in SEEDS]
    assert texts == [explain.compose(SAD, RECOMMENDED, seed=seed) for seed in SEEDS]
    assert len(set(texts)) >= 20


def test_feelings_are_guesses_and_silent_when_unsure() -> None:
    unsure = UserState(mood=Mood(label="sadness", confidence=0.2))
    for seed in SEEDS:
        opening = explain.compose(unsure, RECOMMENDED, seed=seed).split("\n")[0]
        assert not any(guess in opening for guess in phrases.FEELINGS["low"])
        assert any(
            guess in explain.compose(SAD, RECOMMENDED, seed=seed)
            for guess in phrases.FEELINGS["low"]
        )
    for group in phrases.FEELINGS.values():
        for guess in group:
            assert re.search(r"sound|seem", guess, re.I)
            assert "You feel" not in guess and "you are " not in guess.casefold()


def test_wishes_are_read_back() -> None:
    state = UserState(constraints=Constraints(genres=("Comedy",), not_genres=("Horror",)))
    for seed in SEEDS:
        opening = explain.compose(state, RECOMMENDED, seed=seed).split("\n")[0]
        assert "comedies and left out horror." in opening


def test_a_wish_that_was_let_go_of_is_admitted_and_not_claimed() -> None:
    asked = UserState(constraints=Constraints(year_to=1950, not_tones=("sad",)))
    state = without_wishes(asked, ("year_to",))
    note = "Nothing fits everything at once, so I let go of the years."
    text = explain.compose(state, RECOMMENDED, notes=(note,), seed="3")
    assert note in text
    assert "1950" not in text
    assert "anything too sad" in text


def test_fewer_than_asked_for_is_pointed_out() -> None:
    assert phrases.FEW in explain.compose(SAD, RECOMMENDED, wanted=4)
    assert phrases.FEW not in explain.compose(SAD, RECOMMENDED, wanted=3)


def test_what_they_liked_is_the_starting_point() -> None:
    state = UserState(mentions=Mentions(liked=("amelie", "unknown")))
    text = explain.compose(state, RECOMMENDED, items={"amelie": AMELIE}, seed="2")
    assert "*Amélie (2001)*" in text


def test_the_next_step_is_no_step_already_taken() -> None:
    state = UserState(
        need="laugh", constraints=Constraints(tones=("funny",), year_to=1990, not_tones=("warm",))
    )
    for seed in SEEDS:
        closing = explain.compose(state, RECOMMENDED, seed=seed).split("\n")[-1]
        for word in ("lighter", "funnier", "older", "newer", "warmer"):
            assert word not in closing
        assert closing[-1] in "?."


def test_one_recommendation_is_spoken_of_as_one() -> None:
    for need in NEEDS:
        for seed in SEEDS[:6]:
            text = explain.compose(UserState(need=need), RECOMMENDED[:1], seed=seed)
            assert not re.search(r"\bHere are\b|these one|one films|one of these", text), text


def test_nothing_to_compose_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="nothing_found"):
        explain.compose(SAD, ())


def test_hostile_prose_becomes_harmless_and_short() -> None:
    nasty = (
        "<script>alert(1)</script> ![x](http://evil.com/a.png) **Buy** [now](javascript:x) at "
        "evil.com\u202e. "
    )
    item = Item(id="x", title="X", text=nasty * 30)
    [bullet] = [
        line
        for line in explain.compose(SAD, [Recommendation(item=item, p_accept=0.5)]).splitlines()
        if line.startswith("- ")
    ]
    assert not re.search(r"[<>\[\]]|http|evil\.com|javascript|\u202e|\*\*Buy", bullet)
    assert len(bullet) < explain.MAX_PREMISE + 20


def test_long_prose_ends_at_a_sentence_or_a_word() -> None:
    one = Item(id="1", title="A", text="Short one. " + "Long " * 60 + "end.")
    assert explain.premise(one) == "Short one."
    two = Item(id="2", title="B", text="word " * 100)
    assert explain.premise(two).endswith("word…")
    three = Item(id="3", title="C", text="Mr. Smith meets Dr. No. They talk.")
    assert explain.premise(three) == "Mr. Smith meets Dr. No. They talk."


def test_why_names_what_counted_for_and_against() -> None:
    told = explain.why(
        Recommendation(
            item=BEAR,
            p_accept=0.5,
            reasons=(WARM,),
            parts=(Part(name="tone", value=0.5), Part(name="popularity", value=-0.1)),
        )
    )
    assert told.startswith("Why **Paddington 2 (2017)**: it's warm and funny.")
    assert "What counted most in its score: its tone." in told
    assert "What counted against it: popularity." in told
    assert "no particular reason" in explain.why(RECOMMENDED[1])


def test_a_known_director_is_named_as_such() -> None:
    item = HARRY.model_copy(
        update={
            "creators": ("Rob Reiner", "Billy Crystal", "Meg Ryan", "Carrie Fisher"),
            "extra": (("director", "Rob Reiner"),),
        }
    )
    assert explain.about(item) == (
        "**When Harry Met Sally... (1989)** is a romantic comedy from 1989 directed by Rob Reiner, "
        "with Billy Crystal and Meg Ryan."
    )


def test_about_and_compare_state_the_facts() -> None:
    assert explain.about(HARRY) == (
        "**When Harry Met Sally... (1989)** is a romantic comedy from 1989 by and with Billy "
        "Crystal and Meg Ryan."
    )
    assert explain.about(AMELIE) == "**Amélie (2001)** is a film from 2001."
    both = explain.compare([BEAR, HARRY])
    assert both.startswith(
        "Both count as comedies.\n\n- **Paddington 2 (2017)** is a family comedy"
    )
    assert explain.compare([BEAR]) == explain.about(BEAR)
    assert "Name two" in explain.compare([])


@pytest.mark.parametrize("stance", list(phrases.NOTED))
def test_feedback_is_noted_by_name(stance: str) -> None:
    for seed in SEEDS[:6]:
        one = explain.acknowledge(UserState(), [BEAR], stance=stance, seed=seed)
        two = explain.acknowledge(UserState(), [BEAR, HARRY], stance=stance, seed=seed)
        assert "**Paddington 2 (2017)**" in one and "{" not in one + two
        assert "When Harry" in two


def test_feedback_without_a_stance_goes_by_what_was_mentioned() -> None:
    state = UserState(mentions=Mentions(seen=("bear",), liked=("harry",)))
    text = explain.acknowledge(state, [BEAR, HARRY], stance="none", seed="1")
    assert "seen" in text and "like" in text
    assert explain.acknowledge(UserState(), [], stance="seen") == "Noted."


def test_a_question_fits_what_is_missing() -> None:
    assert explain.clarify(UserState()).count("?") == 1
    sad = explain.clarify(UserState(mood=Mood(label="sadness", confidence=0.9)))
    assert "good cry" in sad
    unknown = explain.clarify(UserState(mentions=Mentions(unlinked=("Fooo <b>",))))
    assert "“Fooo”" in unknown
    assert "Any kind" in explain.clarify(UserState(need="laugh"))


def test_small_talk_is_answered_in_kind() -> None:
    assert explain.talk(UserState(intent="goodbye")) in phrases.GOODBYES
    assert explain.talk(UserState(), text="Thank you!") in phrases.THANKS
    assert explain.talk(UserState(), text="hi there") in phrases.HELLOS
    assert explain.talk(UserState(), text="are you human?") == phrases.WHO
    assert explain.talk(UserState(), text="nice weather") in phrases.SMALLTALK


def test_nothing_found_names_what_stands_in_the_way() -> None:
    wishes = Constraints(genres=("Western",), year_to=1920, not_tones=("sad",))
    assert explain.nothing_found(UserState(constraints=wishes), n_items=10_000) == (
        "I found nothing among 10,000 titles that fits all of this: westerns from 1920 or earlier, "
        "leaving out anything too sad. Shall I let go of the years?"
    )
    only_out = UserState(constraints=Constraints(not_genres=("Horror",)))
    assert "after leaving out horror" in explain.nothing_found(only_out)
    assert "empty" in explain.nothing_found(UserState(), n_items=0)
    assert "another direction" in explain.nothing_found(UserState())


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["unknown", *MOODS]),
    st.sampled_from(NEEDS),
    st.integers(1, 3),
    st.text(max_size=5),
)
def test_every_reply_reads_cleanly(mood: str, need: str, n: int, seed: str) -> None:
    state = UserState(mood=Mood(label=mood, confidence=0.9), need=need)
    text = explain.compose(state, RECOMMENDED[:n], seed=seed)
    assert not re.search(r"  |\{|\}|\bNone\b|\.\.(?!\.)(?<!\.\.\.)| ,| \.", text.replace("...", ""))
    assert text.count("!") <= 1
    for sentence in re.split(r"\n+", text):
        assert sentence[0] in "-" or sentence[0].isupper()


@pytest.mark.parametrize(
    ("label", "chances", "answered"),
    [
        ("sadness", {"sadness": 0.5}, "sadness"),
        ("sadness", {"sadness": 0.3, "disappointment": 0.3}, "sadness"),
        ("sadness", {"sadness": 0.3, "joy": 0.3}, "unknown"),
        ("sadness", {"sadness": 0.3, "disappointment": 0.1}, "unknown"),
        ("annoyance", {"annoyance": 0.3, "nervousness": 0.3}, "sadness"),
        ("annoyance", {"annoyance": 0.3, "joy": 0.3}, "unknown"),
        ("neutral", {"neutral": 0.4, "approval": 0.4}, "unknown"),
        ("neutral", {"neutral": 0.9}, "neutral"),
    ],
)
def test_feelings_that_are_answered_alike_are_sure_together(
    label: str, chances: dict[str, float], answered: str
) -> None:
    mood = Mood(
        label=label,
        distribution=tuple(chances.get(one, 0.0) for one in MOODS),
        confidence=chances[label],
    )
    assert explain.felt(mood) == answered
