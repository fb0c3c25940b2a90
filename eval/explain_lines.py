"""Messages and items to measure the explainer on, made for that alone: a seeded grammar.

None of it was written for training. `messages` leaves out what shares a run of words with given
texts, so that an evaluation can prove its messages unseen.
"""

import random
from collections.abc import Collection, Iterator

from simpatico.domain import Item
from simpatico.text import fold

RUN = 4
"""Messages that share this many words in a row with another text count as seen."""

_STATES = (
    "The boiler packed up and I've been cold since Monday.",
    "My flatmate moved out this morning and the place echoes.",
    "I passed my driving test on the fourth go!",
    "The vet says our old dog has weeks, not months.",
    "Twelve hours on my feet at the clinic.",
    "Someone keyed my bike frame and laughed about it.",
    "My choir got through to the finals, I can't stop grinning.",
    "The landlord is selling, so everything is up in the air.",
    "I burnt the cake, dropped the plates and cried in the pantry.",
    "Proofs are off to the printer, I'm free until spring.",
    "My brother and I haven't spoken since the funeral.",
    "It's been raining sideways for nine days.",
    "They gave my shift to the new guy without a word.",
    "Grandpa turned ninety and danced on the table.",
    "I keep replaying that interview in the shower.",
    "We're snowed in at a hut with one lamp.",
    "The scan came back clear, thank heavens.",
    "Everybody I know seems to be abroad this month.",
    "My students built a bridge out of spaghetti and it held.",
    "I quit smoking eleven days ago and I could chew the curtains.",
    "The train stood still for three hours between two fields.",
    "I've just hung up on my father.",
    "Our little one finally sleeps in her own bed.",
    "The garden is out, the bees are back.",
    "I was left off the invitation list, again.",
    "My thesis is bound and it smells of glue.",
    "The neighbours are drilling into what must be my skull.",
    "He texted me back after two years.",
    "I miss the sea more than I miss people.",
    "Tax season has eaten me alive.",
)
_WISHES = (
    "Find me a picture that makes me giggle.",
    "I fancy a slow-burning mystery with rain in it.",
    "Could you dig up a tear-jerker?",
    "Give me swords, horses and a wide sky.",
    "I'd welcome a tender tale about strangers.",
    "Bring on spaceships and big ideas.",
    "Is there a courtroom drama worth my evening?",
    "A western would hit the spot.",
    "Let me have a musical with proper tunes.",
    "I'm after a ghost story that isn't bloody.",
    "A true-crime sort of puzzle, perhaps.",
    "Got an animated gem for grown-ups?",
    "Lift me up a bit, would you.",
    "Help me wind down.",
    "I could use some company on screen.",
    "Put me on the edge of my chair.",
    "Take me a long way from here.",
    "Make me ponder, I've energy left.",
    "Let's toast to it with a film.",
    "I need a good weep and no advice.",
    "Show me underdogs who come out on top.",
    "A romance with grown-up people in it.",
    "Some daft slapstick, the dafter the better.",
    "A documentary on people who make things.",
    "A war picture, but a humane one.",
    "Friendship, old houses, that kind of mood.",
    "Whatever keeps my hands still.",
    "Fantasy, with a map on the first page.",
    "A spy yarn with trench coats.",
    "Sport, even though I never watch sport.",
)
_LIMITS = (
    "Skip anything scary.",
    "Made after 2005 if you can.",
    "From the seventies or eighties, ideally.",
    "No cartoons.",
    "Leave out the war films.",
    "I'd rather not see animals hurt.",
    "Nothing longer than two hours.",
    "Older than 1960 is fine by me.",
    "French would be lovely.",
    "No musicals, I beg you.",
    "Not too gloomy.",
    "Gran is watching along.",
    "Between 1990 and 1999.",
    "Without romance this once.",
    "Something with Meryl Streep maybe.",
    "Please no superheroes.",
    "In black and white even.",
    "Nothing violent.",
)
_LIKED = (
    "Groundhog Day always works on me.",
    "I adored Amelie back then.",
    "Casablanca is the house favourite.",
    "Alien bored me, sorry.",
    "I've worn out my copy of Spirited Away.",
    "The Big Lebowski is my comfort blanket.",
    "I couldn't stand Titanic.",
    "Paddington won me over.",
    "Rear Window is about perfect to me.",
    "I've sat through Inception twice already.",
)
_OPENINGS = ("Evening.", "Hey you.", "Listen:", "So then.", "Right.", "Greetings!")

_OTHERS: tuple[tuple[str, str, str, str, int | None, str], ...] = (
    ("book", "The Lantern Ferry", "Ida Moss", "gentle", 2012, "A ferryman's widow keeps the lamp "
     "lit for boats that no longer come."),
    ("book", "Notes on a Quiet Murder", "P. R. Vane", "tense", 1987, "A librarian finds a "
     "confession between the pages of a cookery book."),
    ("book", "Eleven Ways to Lose a Hat", "Cosmo Bell", "funny", 2003, "A hat maker pursues one "
     "runaway bowler across half of Europe."),
    ("book", "What the Ice Kept", "Runa Holm", "thoughtful", 2019, "Two sisters read their "
     "grandmother's diaries in a melting village."),
    ("album", "Kitchen Windows", "The Small Hours", "warm", 2016, "Twelve songs about neighbours, "
     "recorded in a stairwell with one microphone."),
    ("album", "Copper Rain", "Aldo Trent", "dreamy", 1979, "Slow guitar pieces that drift in and "
     "out of a thunderstorm."),
    ("album", "Brass for Breakfast", "Harbour Street Band", "uplifting", 2021, "A marching band "
     "plays dance tunes at sunrise."),
    ("recipe", "Midnight Lentils", "", "warm", None, "A pot of lentils with lemon and burnt onions "
     "that looks after itself."),
    ("recipe", "Pear and Walnut Crumble", "", "gentle", None, "Soft pears under a crust of walnuts "
     "and brown sugar."),
    ("recipe", "Seven-Minute Noodles", "", "exciting", None, "Noodles with chilli, peanuts and "
     "whatever is green in the fridge."),
    ("board game", "Tidewater", "Lena Orr", "thoughtful", 2018, "Players share one lighthouse and "
     "bargain over who gets the beam."),
    ("board game", "Goat Parliament", "Mikkel Dahl", "funny", 2020, "Goats vote on laws, eat the "
     "ballots and vote again."),
    ("podcast", "Second Platform", "", "touching", 2022, "People waiting at small stations tell "
     "whom they are waiting for."),
    ("podcast", "The Bolt Drawer", "", "quirky", 2020, "Two retired mechanics repair one broken "
     "thing in each episode."),
    ("walk", "Old Mill Loop", "", "gentle", None, "Four miles along a stream, past a mill and a "
     "tea garden."),
    ("walk", "Gallows Ridge", "", "exciting", None, "A steep climb with ropes near the top and a "
     "view over three valleys."),
    ("course", "Bread from Scratch", "Osei Mensah", "warm", 2023, "Six evenings of flour, water "
     "and patience in a community kitchen."),
    ("course", "Stars for Beginners", "Dr. Pia Lund", "thoughtful", 2022, "Four clear nights in a "
     "field with a borrowed telescope."),
    ("exhibition", "Maps That Lied", "", "quirky", 2024, "Old maps with islands that were never "
     "there, and the sailors who looked for them."),
    ("exhibition", "Paper Gardens", "", "dreamy", 2021, "Rooms full of flowers folded from "
     "railway timetables."),
    ("play", "The Understudy's Umbrella", "Noor Haddad", "funny", 2015, "An understudy waits ten "
     "years for a cold that never comes."),
    ("play", "Salt Letters", "Jonas Weil", "touching", 1998, "A fisherman dictates love letters to "
     "the only neighbour who can write."),
    ("video game", "Moss Post", "", "gentle", 2021, "A snail delivers letters in a forest where "
     "nobody hurries."),
    ("video game", "Nightshift at Pier 9", "", "tense", 2017, "A guard listens to the harbour "
     "radio and must decide whom to believe."),
)  # fmt: skip


def messages(n: int, *, seed: int, unlike: Collection[str] = ()) -> list[str]:
    """Draw distinct messages that share no run of `RUN` words with the texts in `unlike`.

    Raises:
        ValueError: the grammar does not give so many.
    """
    rng = random.Random(seed)
    seen = {run for text in unlike for run in runs(text)}
    drawn: dict[str, None] = {}
    for _ in range(60 * n):
        if len(drawn) == n:
            break
        text = _message(rng)
        if not seen & runs(text):
            drawn[text] = None
    if len(drawn) < n:
        raise ValueError(f"wanted {n} messages unlike those given, the grammar gave {len(drawn)}")
    return list(drawn)


def runs(text: str) -> frozenset[tuple[str, ...]]:
    """Every run of `RUN` words in a text, case and punctuation aside."""
    words = fold(text).split()
    return frozenset(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def other_items() -> Iterator[Item]:
    """Items of catalogues that are not about films, each with its strongest tone in `extra`."""
    for number, (kind, title, by, tone, year, text) in enumerate(_OTHERS):
        yield Item(
            id=f"other-{number}",
            kind=kind,
            title=title,
            year=year,
            creators=(by,) if by else (),
            text=text,
            extra=(("tone", tone),),
        )


def _message(rng: random.Random) -> str:
    parts = [rng.choice(_STATES)] if rng.random() < 0.7 else []
    if not parts or rng.random() < 0.85:
        parts.append(rng.choice(_WISHES))
    if rng.random() < 0.45:
        parts.append(rng.choice(_LIMITS))
    if rng.random() < 0.2:
        parts.insert(rng.randrange(len(parts) + 1), rng.choice(_LIKED))
    if rng.random() < 0.15:
        parts.insert(0, rng.choice(_OPENINGS))
    text = " ".join(parts)
    style = rng.random()
    if style < 0.2:
        return text.lower()
    if style < 0.3:
        return text.lower().replace(".", ",").rstrip(",")
    return text
