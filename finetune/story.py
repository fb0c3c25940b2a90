"""The story in an encyclopedia's lead: what a vector should be made of.

A lead opens with credits and ends with money and prizes. A vector of all of it is close to other
films by the same words of trade and, worse, to whatever shares a word with the title.
"""

import re

_TRADE = re.compile(
    r"\b(?:direct(?:ed|or|ion)|produc(?:ed|er|tion)|written by|screenplay|starring|stars|cast|"
    r"distributed|released|premier\w*|box office|gross\w*|budget|reviews?|critics?|critical\w*|"
    r"awards?|nominat\w+|soundtrack|score|sequel|prequel|remake|instal?lment|based on|adapt\w+|"
    r"film series|franchise|debut|festival|dvd|theatrical\w*|filmed|filming|shot (?:in|on)|"
    r"copyright|public domain|video release|streaming)\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“])")
_IS_A = re.compile(r"^.*?\b(?:is|was) (?:an?|the) ")
_CREDITS = re.compile(
    r"\b(?:(?:co-)?(?:directed|written|produced)|starring|based on|adapted|distributed|released|"
    r"from a screenplay)\b.*$"
)


def story_of(lead: str, title: str) -> str:
    """What kind of film it is and what happens in it, without title, credits and reception.

    The whole lead but for the title when nothing of it reads like a story.
    """
    sentences = _SENTENCE.split(lead.strip())
    kind = _CREDITS.sub("", _IS_A.sub("", sentences[0])).strip(" ,.")
    told = [sentence for sentence in sentences[1:] if not _TRADE.search(sentence)]
    text = f"{kind}. {' '.join(told)}" if told else lead
    return " ".join(re.sub(re.escape(title), "the film", text).split()) if title else text
