"""What is said of the titles in a message."""

import pytest

from simpatico.agent.read.mentions import excepted, merge_mentions, stances, unlinked, whole_title
from simpatico.agent.read.reference import Reference
from simpatico.domain import Item, Mentions
from simpatico.retrieval.titles import TitleIndex

ITEMS = [
    Item(id=title.lower(), title=title, year=2000, popularity=0.9)
    for title in ("Shrek", "Jaws", "Casablanca", "Titanic", "Amelie")
]
TITLES = TitleIndex(ITEMS)

LINES: list[tuple[str, dict[str, str]]] = [
    ("I loved Shrek", {"shrek": "liked"}),
    ("Casablanca is my favourite", {"casablanca": "liked"}),
    ("something like Jaws", {"jaws": "liked"}),
    ("movies similar to Titanic please", {"titanic": "liked"}),
    ("I loved Shrek, Jaws and Titanic", {"shrek": "liked", "jaws": "liked", "titanic": "liked"}),
    ("I loved Shrek but hated Jaws", {"shrek": "liked", "jaws": "disliked"}),
    ("I didn't like Titanic", {"titanic": "disliked"}),
    ("I don't really like Titanic", {"titanic": "disliked"}),
    ("Titanic was boring", {"titanic": "disliked"}),
    ("something funny but not Jaws", {"jaws": "disliked"}),
    ("nothing like Jaws", {"jaws": "disliked"}),
    ("I've seen Shrek", {"shrek": "seen"}),
    ("I have already seen Shrek and Jaws", {"shrek": "seen", "jaws": "seen"}),
    ("I saw Amelie and loved it", {"amelie": "liked"}),
    ("I haven't seen Casablanca", {"casablanca": "named"}),
    ("what is Casablanca about?", {"casablanca": "named"}),
    ("who directed Jaws?", {"jaws": "named"}),
    ("Shrek and Jaws are my favourites", {"shrek": "liked", "jaws": "liked"}),
]


@pytest.mark.parametrize(("text", "expected"), LINES, ids=[text for text, _ in LINES])
def test_a_title_is_taken_as_this(text: str, expected: dict[str, str]) -> None:
    assert stances(text, TITLES.link(text)) == expected


def test_titles_that_the_catalogue_lacks_are_kept_by_name() -> None:
    text = 'I loved "Space Truckers" and a film called Zorgon Rising, not Shrek'
    assert unlinked(text, TITLES.link(text)) == ("Space Truckers", "Zorgon Rising")


def test_quoted_words_that_are_no_title_are_left_alone() -> None:
    assert unlinked('I need a "good cry"', ()) == ()


def test_a_text_that_is_written_as_titles_are_is_one() -> None:
    assert whole_title("Who's Afraid of Virginia Woolf?") == "Who's Afraid of Virginia Woolf"
    for text in (
        "Who's afraid of what comes?",
        "Is It Good?",
        "Why Am I So Sad?",
        "What should I cook?",
        "?",
    ):
        assert whole_title(text) == ""


def test_the_newest_word_on_an_item_counts() -> None:
    before = Mentions(liked=("shrek",), seen=("jaws",), unlinked=("X",))
    after = merge_mentions(before, {"shrek": "disliked", "jaws": "named"}, Reference(), ("Y",))
    assert after == Mentions(disliked=("shrek",), seen=("jaws",), unlinked=("X", "Y"))


def test_pointing_at_a_shown_item_counts_as_naming_it() -> None:
    reference = Reference(item_ids=("jaws",), stance="seen")
    assert merge_mentions(Mentions(), {"jaws": "named"}, reference, ()).seen == ("jaws",)


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("anything with a shark that isn't Jaws", ("jaws",)),
        ("a love story other than Titanic", ("titanic",)),
        ("animated, except for Shrek", ("shrek",)),
        ("something like Jaws", ()),
        ("I've not seen Casablanca", ()),
    ],
)
def test_titles_named_to_be_left_out_are(text: str, left_out: tuple[str, ...]) -> None:
    assert excepted(text, TITLES.link(text)) == left_out
