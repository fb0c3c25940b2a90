import re
from collections import Counter, defaultdict

import pytest

from simpatico.domain import INTENTS, MOODS, NEEDS
from simpatico.finetune.examples import Example
from simpatico.finetune.own_needs import NEED_PHRASES
from simpatico.finetune.own_parts import needs, phrases, split
from simpatico.finetune.own_phrases import FEELINGS, FOLLOW_UPS, TITLES
from simpatico.finetune.own_turns import own_examples
from simpatico.reading import MAX_NEWEST_CHARS, Reading, grammar, parse

QUERY = re.compile(r"(?:[a-z0-9'-]+(?: [a-z0-9'-]+){0,5})?")


def _read(example: Example) -> Reading:
    """The example's answer, parsed for as many titles as it gives stances."""
    answer = "".join(piece.text for piece in example.answer)
    reading = parse(answer, len(answer.split(" |")[1].split()))
    assert reading is not None, answer
    return reading


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return own_examples(4000, seed=0)


@pytest.fixture(scope="module")
def readings(examples: list[Example]) -> list[Reading]:
    return [_read(example) for example in examples]


def test_the_same_seed_gives_the_same_turns() -> None:
    assert own_examples(50, seed=3) == own_examples(50, seed=3)
    assert own_examples(50, seed=3) != own_examples(50, seed=4)


def test_every_example_reads_back_as_it_was_meant(
    examples: list[Example], readings: list[Reading]
) -> None:
    for example, reading in zip(examples, readings, strict=True):
        assert reading.mood in MOODS
        assert reading.need in NEEDS
        assert reading.intent in INTENTS and reading.intent != "crisis"
        assert QUERY.fullmatch(reading.query), reading.query
        assert len(reading.wants) <= 4 and len(reading.avoids) <= 4
        assert not set(reading.wants) & set(reading.avoids), example.prompt
        assert not any(re.search(r"\d", name) for name in reading.avoids)
        mood = example.answer[0]
        assert not mood.shares or sum(share for _, share in mood.shares) == pytest.approx(1)
        for piece in example.answer[:3]:
            assert re.fullmatch(r" [a-z]+", piece.text)
            assert f'"{piece.text.strip()}"' in grammar(0)


def test_prompts_are_whole(examples: list[Example]) -> None:
    for example in examples:
        lines = example.prompt.split("\n")
        assert lines[-1] == "read:" and lines[-2].startswith("them: ")
        assert [line.split(":")[0] for line in lines[:-2]] in ([], ["them", "us"])
        assert not re.search("[\ue000{}|]", example.prompt), example.prompt
        assert 6 < len(lines[-2]) < MAX_NEWEST_CHARS


def test_titles_named_have_a_stance_each(examples: list[Example], readings: list[Reading]) -> None:
    known = {title for block in TITLES.values() for title in split(block)}
    long = [title for title in known if len(title) > 12]
    with_titles = 0
    for example, reading in zip(examples, readings, strict=True):
        newest = example.prompt.split("\n")[-2]
        found = [title for title in long if title in newest]
        assert len(found) <= len(reading.stances), newest
        with_titles += bool(reading.stances)
    assert len(known) >= 115
    assert with_titles > 400


def test_many_distinct_turns_tell_a_need(examples: list[Example], readings: list[Reading]) -> None:
    told = {
        example.prompt
        for example, reading in zip(examples, readings, strict=True)
        if reading.need != "unknown"
    }
    assert len(told) >= 1500


def test_needs_and_intents_are_balanced(readings: list[Reading]) -> None:
    by_need = Counter(reading.need for reading in readings)
    told = [by_need[need] for need in NEEDS if need != "unknown"]
    assert min(told) > 0.6 * max(told)
    assert 0.3 < by_need["unknown"] / len(readings) < 0.6
    by_intent = Counter(reading.intent for reading in readings)
    assert set(by_intent) == set(INTENTS) - {"crisis"}
    assert min(by_intent.values()) >= 25
    assert set(MOODS) == {reading.mood for reading in readings}


def test_a_mood_does_not_give_the_need_away(readings: list[Reading]) -> None:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for reading in readings:
        if reading.need != "unknown":
            table[reading.mood][reading.need] += 1
    for mood in ("sadness", "nervousness", "anger", "annoyance", "joy", "excitement", "neutral"):
        needs_of_it = table[mood]
        assert len(needs_of_it) >= 8, mood
        assert max(needs_of_it.values()) < 0.6 * needs_of_it.total(), mood
    assert set(table["sadness"]) >= {"cry_it_out", "laugh", "think", "escape", "cheer_up"}


def test_a_bare_feeling_tells_no_need() -> None:
    feelings = {line for block in FEELINGS.values() for line in split(block)}
    assert not feelings & {part.text for parts in needs().values() for part in parts}


def test_each_need_has_sixty_phrases_of_its_own() -> None:
    assert set(NEED_PHRASES) == set(NEEDS) - {"unknown"}
    everything = [phrase for block in NEED_PHRASES.values() for phrase in split(block)]
    assert len(set(everything)) == len(everything)
    for need, block in NEED_PHRASES.items():
        assert len(split(block)) >= 60, need


def test_labels_in_the_tables_are_known() -> None:
    assert set(FEELINGS) == set(MOODS)
    assert set(FOLLOW_UPS) == set(INTENTS) - {"seek", "crisis"}
    for parts in needs().values():
        for part in parts:
            assert set(part.moods) <= set(MOODS), part.text
    assert len(set(phrases())) > 1200


@pytest.mark.parametrize(
    ("phrase", "wants", "avoids"),
    [
        ("something warm and funny", ("warm", "funny"), ()),
        ("nothing intense, I beg you", (), ("tense",)),
        ("scare me silly", (), ()),
        ("quiet my head", (), ()),
        ("a horror game to play in the dark", ("Horror",), ()),
    ],
)
def test_wishes_in_a_phrase_for_a_need_are_heard(
    phrase: str, wants: tuple[str, ...], avoids: tuple[str, ...]
) -> None:
    part = next(part for parts in needs().values() for part in parts if part.text == phrase)
    assert (part.wants, part.avoids) == (wants, avoids)
