"""Answers in Chinese to questions about items; `agent.answers` says what each of them is."""

from collections.abc import Sequence

from simpatico.agent import answers, explain
from simpatico.agent.question import asked, foremost, strength
from simpatico.agent.zh import explain as chinese
from simpatico.agent.zh import names
from simpatico.agent.zh import phrases as zh
from simpatico.domain import Item


def answer(item: Item, text: str) -> str:
    """Answer a question about an item; see `agent.answers.answer`."""
    question, title = asked(text), explain.bold(item)
    what = "year" if question.what in ("newest", "oldest") else question.what
    if not what:
        return chinese.about(item)
    more = explain.premise(item)
    if what == "tone":
        said = zh.MADE_FOR if question.tone == "kids" else zh.HAS_TONE
        if has := strength(item, question.tone):
            line = said[has].format(title=title, tone=names.tone(question.tone))
            return f"{line}{more}"
    elif fact := answers.fact_of(item, what):
        if what == "language":
            fact = names.LANGUAGES.get(fact, fact)
        return zh.TELLS[what].format(title=title, fact=fact.replace(" and ", "、"))
    return f"{zh.UNTOLD[what].format(title=title)}{chinese.facts(item)}{more}"


def compare(items: Sequence[Item], text: str = "") -> str:
    """Set items side by side; see `agent.answers.compare`."""
    question = asked(text)
    first, said = foremost(items, text), ""
    if first and question.what == "tone" and question.tone == "kids":
        said = zh.MADE_FOR["much"]
    elif first:
        said = zh.MOST if question.what == "tone" else zh.FIRST_BY[question.what]
    elif question.what == "length" and len(items) > 1:
        said = zh.LENGTHS_UNTOLD
    tone = names.tone(question.tone) if question.tone else ""
    lead = said.format(title=explain.bold(first), tone=tone) if first else said
    return "\n\n".join(part for part in (lead, chinese.compare(items)) if part)
