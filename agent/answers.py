"""Answers to questions about items: what is asked of one first, or that it is not known.

Every answer begins with the item's name in bold, so that a dialogue that is read again knows it
from a list (`agent.mind`), and what "it" is afterwards. Pure functions.
"""

from collections.abc import Sequence

from simpatico.agent import explain, phrases
from simpatico.agent.question import asked, foremost, strength, told
from simpatico.agent.words import listing
from simpatico.domain import Item


def answer(item: Item, text: str) -> str:
    """Answer a question about an item with what the catalogue knows, or say that it does not."""
    question, title = asked(text), explain.bold(item)
    what = "year" if question.what in ("newest", "oldest") else question.what
    if not what:
        return explain.about(item)
    if what == "tone":
        said = phrases.MADE_FOR if question.tone == "kids" else phrases.HAS_TONE
        if has := strength(item, question.tone):
            more = explain.premise(item)
            return said[has].format(title=title, tone=question.tone) + (f" {more}" if more else "")
    elif fact := fact_of(item, what):
        return phrases.TELLS[what].format(title=title, fact=fact)
    facts = explain.facts_of(item, start=False)
    more = f"It is {facts} {explain.premise(item)}".strip()
    return f"{phrases.UNTOLD[what].format(title=title)} {more}"


def compare(items: Sequence[Item], text: str = "") -> str:
    """Set items side by side, before them which is first in what was asked, if that is known."""
    question = asked(text)
    first, said = foremost(items, text), ""
    if first and question.what == "tone" and question.tone == "kids":
        said = phrases.MADE_FOR["much"]
    elif first:
        said = phrases.MOST if question.what == "tone" else phrases.FIRST_BY[question.what]
    elif question.what == "length" and len(items) > 1:
        said = phrases.LENGTHS_UNTOLD
    most = phrases.MOST_OF.get(question.tone, f"most {question.tone}")
    lead = said.format(title=explain.bold(first), most=most) if first else said
    return "\n\n".join(part for part in (lead, explain.compare(items)) if part)


def fact_of(item: Item, what: str) -> str:
    """A fact of an item in words, or ""."""
    directors = explain.directors_of(item)
    if what == "director":
        return listing([explain.clean_prose(name, max_chars=60) for name in directors[:3]])
    if what == "cast":
        if not directors:  # then any of its people may be
            return ""
        others = [name for name in item.creators if name not in directors]
        return listing([explain.clean_prose(name, max_chars=60) for name in others[:4]])
    if what == "year":
        return str(item.year) if item.year is not None else ""
    if what == "length":
        minutes = told(item, "minutes").removesuffix("min").rstrip()
        return minutes if minutes.isdecimal() else ""
    return explain.clean_prose(told(item, "language"), max_chars=60) if what == "language" else ""
