"""Which words are ordinary, so that "warm" in a sentence is not taken for a film called Warm.

`common_words.npz` holds what people write: the words that occur in lower case three times or more
in the 43,410 training comments of GoEmotions (Demszky et al., 2020; Apache-2.0), and the phrases
of two to four such words that occur there twice or more and happen to be film titles, less those
that were meant as the film.
"""

from functools import cache
from importlib.resources import files

import numpy as np

from simpatico.domain import MOODS, TONES

FUNCTION_WORDS = frozenset(
    "i me my mine you your yours he him his she her hers it its we us our they them their this "
    "that these those who whom what which when where why how a an the and or but if so not no "
    "nor yes of in on at by to for from with without about into onto over under up down out off "
    "near past is am are was were be been being do does did done have has had can could will "
    "would shall should may might must one two three four five six seven eight nine ten some "
    "any all none every each both many much more most less least few other another same such "
    "only own just then than now here there again once ever never always too very also still "
    "yet soon later something anything everything nothing someone anyone everyone nobody "
    "somebody everybody as because while until since like get got go going gone went come let "
    "lets make made take im ive id ill youre dont cant wont isnt thats".split()
)
"""Words that hold sentences together."""

CHAT_WORDS = frozenset(
    "hi hello hey bye goodbye thanks thank please ok okay sure yeah yep nope maybe great good bad "
    "help stop next back skip pass wait start end top best worst new old long short fast slow "
    "light heavy easy hard cosy cozy fun happy cheerful calm quiet loud wholesome feelgood silly "
    "weird smart clever cute nice sweet soft hopeful lonely tired bored stressed anxious angry "
    "kid child children family date night day week weekend today tonight tomorrow morning evening "
    "year time life love work movie movies film films show series watch see seen story ending "
    "drama comedy horror thriller action adventure romance romantic western war crime mystery "
    "fantasy animation animated animals documentary musical music sports sport history historical "
    "classic classics noir superhero spy heist anime indie foreign french english german black "
    "white mom dad mother father friend friends girlfriend boyfriend wife husband people man woman "
    "boy girl god rain summer winter spring home house school dog cat".split()
)
"""Words of talk about films and evenings; as titles they need a clear sign."""

ALWAYS_CAPITAL = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december christmas halloween thanksgiving easter "
    "paris london chicago hollywood texas california nevada america brooklyn manhattan berlin "
    "rome tokyo vienna moscow boston philadelphia nashville tombstone newyork losangeles lasvegas "
    "american italian british irish english french german russian chinese japanese spanish mexican "
    "indian canadian african european asian christian catholic jewish muslim hitler beverlyhills "
    "happynewyear thankyouforyourservice yourname amsterdam pittsburgh detroit miami sydney venice "
    "sanfrancisco neworleans washington australia china india japan mexico france england "
    "oz".split()
)
"""Days, months, places, peoples and greetings: their capital says nothing. No spaces."""

FILM_WORDS = frozenset("movie movies film films show".split())
"""A title of ordinary words that ends in one of these ("Scary Movie") is mostly no title."""

FEELING_WORDS = frozenset(MOODS) | frozenset(TONES)


@cache
def common_words() -> frozenset[str]:
    """Folded words that are ordinary in English chat."""
    return _load("words") | FUNCTION_WORDS | CHAT_WORDS | FEELING_WORDS


@cache
def common_phrases() -> frozenset[str]:
    """Folded titles, without articles, that are ordinary phrases."""
    return _load("phrases")


def _load(name: str) -> frozenset[str]:
    with (
        files("simpatico.retrieval").joinpath("common_words.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as data,
    ):
        return frozenset(str(data[name]).split("\n"))
