import pytest

from simpatico.finetune.story import story_of

LEAD = (
    "The Long Haul is a 1957 British drama film directed by Ann Lee and starring Bo Day. A lorry "
    "driver is drawn into theft by a woman he loves. The film premiered in London. It grossed $2 "
    "million. He must choose between her and his child."
)


def test_credits_and_reception_go_and_the_story_stays() -> None:
    assert story_of(LEAD, "The Long Haul") == (
        "1957 British drama film. A lorry driver is drawn into theft by a woman he loves. He must "
        "choose between her and his child."
    )


def test_the_title_is_not_part_of_the_story() -> None:
    lead = "Heat is a crime film. In Heat, a thief and a policeman circle each other."
    assert (
        story_of(lead, "Heat")
        == "crime film. In the film, a thief and a policeman circle each other."
    )


@pytest.mark.parametrize("lead", ["X is a film directed by A B.", "", "No verb here"])
def test_a_lead_without_a_story_stays_as_it_is_but_for_the_title(lead: str) -> None:
    assert story_of(lead, "Zed") == lead
