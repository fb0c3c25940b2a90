from simpatico.finetune.premises import copied, faults, unsupported

LEAD = "In 1993 the American soldier Ann Lee is stranded on Mars with 300 Spartans."


def test_five_words_in_a_row_are_copied_four_are_not() -> None:
    assert copied("Ann Lee is stranded on a star.", LEAD) == ["ann lee is stranded on"]
    assert copied("Lee is stranded on a star.", LEAD) == []


def test_names_and_numbers_must_be_in_the_lead() -> None:
    assert unsupported("On Mars, Ann leads 300 Spartans in 1993.", LEAD) == []
    assert unsupported("On Venus, Bob leads 400 men.", LEAD) == ["Venus", "Bob", "400"]
    assert unsupported("Two Americans are stranded.", LEAD) == []  # a count, an adjective's noun
    assert unsupported("He waits for five years.", "He waits 5 years.") == []


def test_a_premise_is_one_plain_sentence() -> None:
    assert faults("A man waits for a train.") == []
    assert len(faults("a man | waits")) == 3
