"""Replies in words, from evidence alone: no language model, no fact that is not in an item.

Every function is pure and gives markdown. `seed` chooses among phrasings: the same seed gives
the same words (use the session and the number of the turn).
"""

import html
import math
import random
import re
from collections.abc import Mapping, Sequence, Set

from simpatico.agent import phrases
from simpatico.agent.words import (
    article,
    counted,
    genre_noun,
    kept,
    left_out,
    listing,
    plural,
    pointed_at,
)
from simpatico.domain import (
    MOODS,
    TONES,
    Constraints,
    Item,
    Mood,
    Reason,
    Recommendation,
    UserState,
)
from simpatico.kinds import described, kind_name
from simpatico.orders import is_order
from simpatico.retrieval.explore import EXPLORED
from simpatico.text import clean

SURE_ENOUGH = 0.45
"""How probable a feeling, or one answered like it, has to be for a reply to answer it."""

MAX_PREMISE = 220
"""Characters of an item's prose that one reply shows."""

_MAX_PROSE = 4_000
_URL = re.compile(
    r"(?:https?:|javascript:|www\.)\S*|data:\w+/\S*"
    r"|\b[\w-]+\.(?:com|net|org|io|ly|ru|cn|info|xyz)\b\S*",
    re.I,
)
_ADDRESS = re.compile(r"(?<=\w)(?=://)|(?<=\bwww)(?=\.)|(?<=\bjavascript)(?=:)", re.I)
_TAG = re.compile(r"<[^<>]{0,200}>")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()]{0,500}\)")
_SENTENCE_END = re.compile(
    r"(?<=[.!?。！？])(?<!\b[A-Z]\.)(?<!Mr\.)(?<!Mrs\.)(?<!Dr\.)(?<!St\.)\s+"
)
_LOWER_START = re.compile(
    r"(You|Your|It|Its|People|Those|Close|Because|Matches|Similar|Shares|Liked|Well|Also|From"
    r"|A|An|The|Both|Like|Fits|Has|Is|One|Often|"
    + "|".join(tone.capitalize() for tone in TONES)
    + r")\b(?! [A-Z])"
)


def compose(
    state: UserState,
    recommendations: Sequence[Recommendation],
    *,
    items: Mapping[str, Item] | None = None,
    notes: Sequence[str] = (),
    wanted: int = 0,
    seed: str = "",
) -> str:
    """Present recommendations: an answer to the person, a bullet for each item, a next step.

    Args:
        state: what was understood; its constraints are those that the recommendations meet.
        recommendations: best first, at least one; each is named exactly once.
        items: what the state's mentions are, by id; unknown ids are passed over.
        notes: what has to be admitted, in sentences (a wish that was let go of).
        wanted: how many were asked for; fewer are pointed out. 0: do not compare.
        seed: chooses the phrasing.

    Raises:
        ValueError: without recommendations; see `nothing_found`.
    """
    if not recommendations:
        raise ValueError("nothing to compose; use nothing_found")
    rng = random.Random(seed)
    opening = [_feeling(state, rng), _offer(state, recommendations, rng)]
    opening.append(_starting_points(state, recommendations, items or {}, rng))
    opening.append(_read_back(_besides_kinds(state.constraints), rng))
    lead = rng.choice(phrases.WHY)
    blocks = [
        " ".join(part for part in opening if part),
        " ".join(_sentence(clean_prose(note, max_chars=300)) for note in notes),
        "\n".join(bullet(one, lead=lead) for one in recommendations),
        phrases.FEW if len(recommendations) < wanted else "",
        closing(state, len(recommendations), rng),
    ]
    return "\n\n".join(block for block in blocks if block)


def bullet(recommendation: Recommendation, *, lead: str = phrases.WHY[0]) -> str:
    """One item as a markdown list entry: its label, its premise or facts, its best reasons."""
    item = recommendation.item
    about_it = premise(item)
    text = f"- {bold(item)}: {about_it or facts_of(item)}"
    # What the entry says anyway is no reason.
    fresh = [
        reason
        for reason in recommendation.reasons
        if reason.kind != "quote"
        and (about_it or not reason.text.startswith(("It is a ", "It is an ")))
    ]
    reasons = _strongest(fresh, n=2)
    return f"{text} {lead}: {_joined(reasons)}." if reasons else text


def clarify(state: UserState, *, seed: str = "") -> str:
    """Ask the one question whose answer helps most."""
    rng = random.Random(seed)
    group = _group(state)
    parts = []
    if state.mentions.unlinked:
        names = [f"“{clean_prose(name, max_chars=60)}”" for name in state.mentions.unlinked[:2]]
        parts.append(f"I don't have {listing(names, last='or')} here.")
        parts.append("What did you like about it: the story, the people in it, or the mood?")
        return " ".join(parts)
    if group:
        parts.append(rng.choice(phrases.FEELINGS[group]))
    if state.need != "unknown" and state.constraints == Constraints():
        parts.append(
            "Gladly. Any kind in particular, or one you loved before that I could start from?"
        )
        return " ".join(parts)
    parts.append(rng.choice(phrases.QUESTIONS[group]))
    parts.append(rng.choice(phrases.ANCHOR))
    return " ".join(parts)


def acknowledge(state: UserState, items: Sequence[Item], *, stance: str, seed: str = "") -> str:
    """Say what was taken note of. Promises only what is done with such feedback.

    Args:
        state: what was understood.
        items: which items the person spoke of.
        stance: accepted, disliked, rejected (not now), seen or liked; "none" goes by the state's
            mentions; anything else is just noted.
        seed: chooses the phrasing.
    """
    by_stance: dict[str, list[Item]] = {}
    for item in items:
        by_stance.setdefault(_stance(state, item) if stance == "none" else stance, []).append(item)
    rng = random.Random(seed)
    parts = []
    for each, about_these in by_stance.items():
        if each not in phrases.NOTED:
            continue
        if each == "seen" and all(kind_name(item.kind) == "music" for item in about_these):
            each = "heard"
        last = "or" if each in ("disliked", "rejected") else "and"
        titles = listing([bold(item) for item in about_these], last=last)
        it = "it" if len(about_these) == 1 else "them"
        parts.append(rng.choice(phrases.NOTED[each]).format(titles=titles, it=it))
    return " ".join(parts) or phrases.NOTED_ANYTHING


def why(recommendation: Recommendation) -> str:
    """Answer "why this one?" with what really moved the score, against it included."""
    item = recommendation.item
    reasons = _strongest([one for one in recommendation.reasons if one.kind != "quote"], n=4)
    if reasons:
        text = f"Why {bold(item)}: {_joined(reasons)}."
    else:
        text = phrases.NO_REASON.format(title=bold(item))
    parts = sorted(recommendation.parts, key=lambda part: (-part.value, part.name))
    pushes = [_part(part.name) for part in parts[:2] if part.value > 0]
    if pushes:
        text += f" What counted most in its score: {listing(pushes)}."
    if parts and parts[-1].value < 0:
        text += f" What counted against it: {_part(parts[-1].name)}."
    if any(part.name == EXPLORED for part in parts):
        text += f" {phrases.EXPLORED}"
    chance = recommendation.p_accept
    if chance >= 0.7:
        return f"{text} It scored high, though that's only an estimate."
    if chance >= 0.35:
        return f"{text} That's an estimate, not a promise."
    return f"{text} It's a long shot, and I may well be wrong."


def about(item: Item) -> str:
    """What the catalogue knows of an item."""
    text = premise(item)
    return f"{bold(item)} is {facts_of(item, start=False)}" + (f" {text}" if text else "")


def compare(items: Sequence[Item]) -> str:
    """Set items side by side: what they share, then each in its own line."""
    if len(items) < 2:
        return about(items[0]) if items else "I'm not sure which ones you mean. Name two of them?"
    shared = [genre for genre in items[0].genres if all(genre in one.genres for one in items)]
    both = "Both" if len(items) == 2 else "All of them"
    opening = f"{both} count as {listing([genre_noun(genre) for genre in shared])}.\n\n"
    return (opening if shared else "") + "\n".join(f"- {about(item)}" for item in items)


def talk(state: UserState, *, text: str = "", seed: str = "") -> str:
    """Answer a greeting, thanks, a goodbye, a question about us, or other small talk."""
    rng = random.Random(seed)
    said = text.casefold()
    if re.search(
        r"who are you|what are you|are you (?:a |an )?(?:human|real|bot|ai|person)|你是谁", said
    ):
        return phrases.WHO
    if re.search(r"what (?:can|do) you do|how do(?:es)? (?:this|you) work|\bhelp\b", said):
        return phrases.WHO
    if state.intent == "goodbye" or re.search(r"\b(?:good ?bye|bye|good ?night)\b|再见|晚安", said):
        return rng.choice(phrases.GOODBYES)
    if re.search(r"\b(?:thanks?|thank you|thx|cheers)\b|谢谢", said):
        return rng.choice(phrases.THANKS)
    if state.intent == "accept":
        return rng.choice(phrases.ENJOY)
    if re.match(r"\W*(?:hi|hello|hey|good (?:morning|evening|afternoon)|你好)(?![a-z])", said):
        return rng.choice(phrases.HELLOS)
    return rng.choice(phrases.SMALLTALK)


def nothing_found(state: UserState, *, n_items: int | None = None) -> str:
    """Say that nothing fits, which wishes stand in the way, and offer to let one go."""
    if n_items == 0:
        return "The catalogue is empty, so I have nothing to choose from yet."
    constraints = state.constraints
    asked, without = kept(constraints), left_out(constraints)
    if not asked and not without:
        return (
            "I found nothing new to suggest: you have seen or turned down what would fit. Shall I "
            "look in another direction?"
        )
    among = f" among {n_items:,} titles" if n_items else ""
    if not asked:
        return f"I found nothing{among} after leaving out {without}. Shall I let some of that in?"
    wishes = f"{asked}, leaving out {without}" if without else asked
    return (
        f"I found nothing{among} that fits all of this: {wishes}. Shall I let go of "
        f"{_loosest(constraints)}?"
    )


def premise(item: Item) -> str:
    """The first sentences of an item's prose, cleaned and at most `MAX_PREMISE` long; or "".

    Sentences that are meant for a program (`orders.is_order`) are passed over.
    """
    told = (one for one in _SENTENCE_END.split(item.text[:_MAX_PROSE]) if not is_order(one))
    text = clean_prose(" ".join(told), max_chars=4 * MAX_PREMISE)
    chosen = ""
    for sentence in _SENTENCE_END.split(text):
        if chosen and len(chosen) + len(sentence) + 1 > MAX_PREMISE:
            break
        chosen = f"{chosen} {sentence}".strip()
    if len(chosen) > MAX_PREMISE:
        chosen = chosen[:MAX_PREMISE].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
    return _sentence(chosen)


def clean_prose(text: str, *, max_chars: int) -> str:
    """Prose from outside as one harmless line: no markup, no links, no hidden characters."""
    text = clean(html.unescape(text), max_chars=4 * max_chars)
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _URL.sub("", _TAG.sub("", text))
    return clean(re.sub(r"[*_`<>\[\]|\\#]+|&(?=\w+;)", "", text), max_chars=max_chars)


def label(item: Item) -> str:
    """An item's title and year, its markdown characters escaped, and addresses no links."""
    return escaped(item.label, max_chars=300)


def escaped(text: str, *, max_chars: int) -> str:
    """A text as one line, its markdown characters escaped, and addresses no links."""
    plain = re.sub(r"([\\*_`<>\[\]])", r"\\\1", clean(text, max_chars=max_chars))
    return _ADDRESS.sub(r"\\", plain)


def bold(item: Item) -> str:
    """An item's label as it stands in a reply."""
    return f"**{label(item)}**"


def _stance(state: UserState, item: Item) -> str:
    said = state.mentions
    for stance, ids in (("disliked", said.disliked), ("seen", said.seen), ("liked", said.liked)):
        if item.id in ids:
            return stance
    return "none"


def felt(mood: Mood) -> str:
    """The label that a reply may answer: one that is sure enough, by itself or with its like.

    Where only so much is sure, that it is not an easy time, that is "sadness": its answers fit all.
    """
    group = phrases.MOOD_GROUPS.get(mood.label, "")
    if max(mood.confidence, _any_of(mood, {group})) >= SURE_ENOUGH:
        return mood.label
    if group in phrases.HARD_GROUPS and _any_of(mood, phrases.HARD_GROUPS) >= SURE_ENOUGH:
        return "sadness"
    return "unknown"


def _any_of(mood: Mood, groups: Set[str]) -> float:
    """The probability of at least one label of some groups, as if each came by itself."""
    chances = zip(MOODS, mood.distribution, strict=False)
    return 1 - math.prod(
        1 - chance for label, chance in chances if phrases.MOOD_GROUPS.get(label) in groups
    )


def _group(state: UserState) -> str:
    return phrases.MOOD_GROUPS.get(felt(state.mood), "")


def _feeling(state: UserState, rng: random.Random) -> str:
    group = _group(state)
    return rng.choice(phrases.FEELINGS[group]) if group else ""


def _offer(state: UserState, recommendations: Sequence[Recommendation], rng: random.Random) -> str:
    items = [one.item for one in recommendations]
    offer = rng.choice(phrases.OFFERS[state.need])
    return offer.format(
        here=f"Here {'is' if len(items) == 1 else 'are'} {counted(items)}",
        these=pointed_at(items),
    )


def _starting_points(
    state: UserState,
    recommendations: Sequence[Recommendation],
    items: Mapping[str, Item],
    rng: random.Random,
) -> str:
    shown = {one.item.id for one in recommendations}
    liked = [items[key] for key in state.mentions.liked if key in items and key not in shown]
    if not liked:
        return ""
    titles = listing([f"*{label(item)}*" for item in liked[-2:]])
    return rng.choice(phrases.WITH_IN_MIND).format(titles=titles)


def _besides_kinds(constraints: Constraints) -> Constraints:
    """The wishes without the kinds where they hold no other: the offer has named them already."""
    bare = constraints.model_copy(update={"kinds": ()})
    return constraints if kept(bare) else bare


def _read_back(constraints: Constraints, rng: random.Random) -> str:
    asked, without = kept(constraints), left_out(constraints)
    if asked:
        tail = f" and left out {without}" if without else ""
        return rng.choice(phrases.READ_BACK).format(kept=asked, and_left_out=tail)
    return rng.choice(phrases.READ_BACK_OUT).format(left_out=without) if without else ""


def closing(state: UserState, n: int, rng: random.Random) -> str:
    """A question about where to go from n items, never to what was asked for already."""
    if not (ways := two_ways(state, rng)):
        return "Tell me what's missing, and I'll look again."
    closings = phrases.CLOSINGS if n > 1 else phrases.CLOSINGS_ONE
    return rng.choice(closings).format(a=ways[0], b=ways[1])


def two_ways(state: UserState, rng: random.Random) -> tuple[str, str] | None:
    """Two directions of `phrases.TWEAKS` that were not asked for, if so many are left."""
    constraints = state.constraints
    asked = {*constraints.tones, state.need, *(f"avoid_{tone}" for tone in constraints.not_tones)}
    if constraints.year_from is not None or constraints.year_to is not None:
        asked.add("years")
    if "Comedy" in constraints.not_genres:
        asked.add("avoid_funny")
    if constraints.not_tones:
        asked -= {"avoid_dark"}
    open_ways = [word for word, closed_by in phrases.TWEAKS if not closed_by & asked]
    if len(open_ways) < 2:
        return None
    a, b = rng.sample(open_ways, 2)
    if {a, b} in ({"lighter", "funnier"}, {"calmer", "lighter"}):  # no choice at all
        b = next(word for word in (*open_ways[::-1], "older") if word not in ("lighter", a))
    return a, b


def _strongest(reasons: Sequence[Reason], *, n: int) -> list[str]:
    ordered = sorted(reasons, key=lambda reason: -reason.weight)
    texts = [clean_prose(reason.text, max_chars=200).rstrip(" .;,") for reason in ordered]
    return [_inside(text) for text in dict.fromkeys(texts) if text][:n]


def _inside(text: str) -> str:
    """As it stands within a sentence: a plain word at the start loses its capital."""
    for start, inside in (
        ("It is ", "it's "),
        ("Close to ", "it's close to "),
        ("By ", "it's by "),
    ):
        if text.startswith(start):
            return inside + text[len(start) :]
    if text.startswith("With "):
        return f"it has {text.removeprefix('With ')} in it"
    return text[0].lower() + text[1:] if _LOWER_START.match(text) else text


def because(reasons: Sequence[str]) -> str:
    """Reasons as one or more clauses within a sentence: "it's warm, and it has a dog"."""
    return _joined([_inside(text) for text in reasons])


def _joined(reasons: Sequence[str]) -> str:
    """Two whole clauses are joined by "and"; anything else by semicolons."""
    whole = all(
        text.startswith(("it ", "it's ", "its ", "people ", "you "))
        or text.endswith(" speaks for it")
        for text in reasons
    )
    return (", and " if whole and len(reasons) == 2 else "; ").join(reasons)


def facts_of(item: Item, *, start: bool = True) -> str:
    """A sentence's end (or, with `start`, a sentence) from genres, kind, year and people."""
    genres = [clean_prose(genre, max_chars=30).casefold() for genre in item.genres[:2] if genre]
    kind = clean_prose(item.kind, max_chars=30).casefold() or "title"
    genres.sort(key=lambda genre: genre in _NOUNS)  # "family comedy", "crime thriller"
    words = [_ADJECTIVES.get(genre, genre) for genre in genres[:-1]] + genres[-1:]
    if kind == "film" and words and words[-1] in _NOUNS:
        phrase = article(" ".join(words))
    else:
        words[-1:] = [_ADJECTIVES.get(word, word) for word in words[-1:]]
        phrase = article(described(kind, words))
    if item.year and not start:
        phrase += f" from {item.year}"
    phrase += people_of(item, shown=kind in ("film", "series", "show"))
    return f"{phrase[0].upper()}{phrase[1:]}." if start else f"{phrase}."


def directors_of(item: Item) -> list[str]:
    """Who directed it, as far as its catalogue tells."""
    return [name for name in dict(item.extra).get("director", "").split(" | ") if name]


def people_of(item: Item, *, shown: bool) -> str:
    """Who made it: "directed by A, with B and C", or no role claimed where none is known."""
    directors = directors_of(item)
    others = [name for name in item.creators if name not in directors]
    named = [clean_prose(name, max_chars=60) for name in directors[:2]]
    cast = [clean_prose(name, max_chars=60) for name in others[:2]]
    if shown and directors:
        return f" directed by {listing(named)}" + (f", with {listing(cast)}" if cast else "")
    people = [clean_prose(name, max_chars=60) for name in item.creators[:3]]
    return f" {'by and with' if shown else 'by'} {listing(people)}" if people else ""


_NOUNS = {"comedy", "drama", "thriller", "western", "musical", "mystery", "documentary", "satire"}
_ADJECTIVES = {
    "romance": "romantic",
    "biography": "biographical",
    "animation": "animated",
    "satire": "satirical",
}


def _part(name: str) -> str:
    return phrases.PARTS.get(name) or clean_prose(name.replace("_", " "), max_chars=60)


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?…。！？”\"'" else f"{text}."


def _loosest(constraints: Constraints) -> str:
    """The wish that most often stands in the way, in the order a person misses it least."""
    if constraints.max_minutes is not None:
        return "the length"
    if constraints.languages:
        return "the language"
    if constraints.year_from is not None or constraints.year_to is not None:
        return "the years"
    if constraints.people:
        return f"{listing([clean_prose(name, max_chars=60) for name in constraints.people[:2]])}"
    if constraints.genres:
        return "the genre"
    if constraints.kinds:
        return f"the wish for {plural(clean_prose(constraints.kinds[0], max_chars=20).casefold())}"
    return "one of the things you ruled out"
