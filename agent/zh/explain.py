"""Replies in Chinese, from evidence alone, as `agent.explain` gives them in English.

Titles, names and what the catalogue tells of an item stay as the catalogue has them. The functions
are pure and give markdown; `seed` chooses among phrasings.
"""

import random
import re
from collections.abc import Mapping, Sequence

from simpatico.agent import explain, phrases
from simpatico.agent.zh import names
from simpatico.agent.zh import phrases as zh
from simpatico.domain import Constraints, Item, Reason, Recommendation, UserState
from simpatico.kinds import kind_name
from simpatico.retrieval.explore import EXPLORED
from simpatico.text import clean

bold = explain.bold


def compose(
    state: UserState,
    recommendations: Sequence[Recommendation],
    *,
    items: Mapping[str, Item] | None = None,
    notes: Sequence[str] = (),
    wanted: int = 0,
    seed: str = "",
) -> str:
    """Present recommendations; see `agent.explain.compose`.

    Raises:
        ValueError: without recommendations; see `nothing_found`.
    """
    if not recommendations:
        raise ValueError("nothing to compose; use nothing_found")
    rng = random.Random(seed)
    known, shown = items or {}, {one.item.id for one in recommendations}
    liked = [known[key] for key in state.mentions.liked if key in known and key not in shown]
    asked, without = wishes(state.constraints), left_out(state.constraints)
    opening = [
        feeling(state, rng),
        rng.choice(zh.OFFERS[state.need]).format(these=counted(recommendations)),
        zh.IN_MIND.format(titles=listing([f"*{explain.label(one)}*" for one in liked[-2:]]))
        if liked
        else "",
        zh.KEPT.format(wishes=asked) if asked else "",
        zh.LEFT_OUT.format(wishes=without) if without else "",
    ]
    ways = explain.two_ways(state, rng)
    closing = rng.choice(zh.CLOSINGS)
    said: set[str] = set()
    blocks = [
        "".join(opening),
        "".join(note(one) for one in notes),
        "\n".join(bullet(one, tuple(known.values()), said=said) for one in recommendations),
        zh.FEW if len(recommendations) < wanted else "",
        closing.format(a=zh.TWEAKS[ways[0]], b=zh.TWEAKS[ways[1]]) if ways else zh.OPEN_END,
    ]
    return "\n\n".join(block for block in blocks if block)


def bullet(
    recommendation: Recommendation, named: Sequence[Item] = (), *, said: set[str] | None = None
) -> str:
    """One item as a markdown list entry: its label, its premise or facts, its best reasons.

    What the entry says anyway is no reason, nor what entries before it had `said`.
    """
    item, told = recommendation.item, explain.premise(recommendation.item)
    known = said if said is not None else set()
    given = (
        reason(one, item, named)
        for one in recommendation.reasons[:4]
        if told or one.kind != "attribute"
    )
    reasons = [one for one in dict.fromkeys(given) if one and one not in known][:2]
    known.update(reasons)
    why = f"{zh.WHY}：{'；'.join(reasons)}。" if reasons else ""
    text = told or facts(item)
    gap = "" if not told else " "
    return f"- {bold(item)}: {text}{gap if why else ''}{why}"


def clarify(state: UserState, *, seed: str = "") -> str:
    """Ask the one question whose answer helps most."""
    rng = random.Random(seed)
    if state.mentions.unlinked:
        unknown = [f"“{explain.clean_prose(one, max_chars=60)}”" for one in state.mentions.unlinked]
        return zh.NOT_HERE.format(titles=listing(unknown[:2]))
    felt = feeling(state, rng)
    if state.need != "unknown" and state.constraints == Constraints():
        return felt + zh.WHICH_KIND
    group = phrases.MOOD_GROUPS.get(explain.felt(state.mood), "")
    return felt + rng.choice(zh.QUESTIONS[group]) + zh.ANCHOR


def acknowledge(state: UserState, items: Sequence[Item], *, stance: str, seed: str = "") -> str:
    """Say what was taken note of; see `agent.explain.acknowledge`."""
    said = state.mentions
    by_stance: dict[str, list[Item]] = {}
    for item in items:
        own = next(
            (
                name
                for name, ids in (
                    ("disliked", said.disliked),
                    ("seen", said.seen),
                    ("liked", said.liked),
                )
                if item.id in ids
            ),
            "none",
        )
        by_stance.setdefault(own if stance == "none" else stance, []).append(item)
    music = by_stance.get("seen", [])
    if music and all(kind_name(item.kind) == "music" for item in music):
        by_stance["heard"] = by_stance.pop("seen")
    return (
        "".join(
            zh.NOTED[each].format(titles=listing([bold(item) for item in some]))
            for each, some in by_stance.items()
            if each in zh.NOTED
        )
        or zh.NOTED_ANYTHING
    )


def why(recommendation: Recommendation) -> str:
    """Answer "why this one?" with what really moved the score, against it included."""
    item = recommendation.item
    said = dict.fromkeys(reason(one, item) for one in recommendation.reasons)
    reasons = [one for one in said if one]
    text = (
        zh.BECAUSE.format(title=bold(item), reasons="；".join(reasons[:4]))
        if reasons
        else zh.NO_REASON.format(title=bold(item))
    )
    parts = sorted(recommendation.parts, key=lambda part: (-part.value, part.name))
    pushes = [part_name(part.name) for part in parts[:2] if part.value > 0]
    if pushes:
        text += zh.COUNTED.format(parts=listing(pushes))
    if parts and parts[-1].value < 0:
        text += zh.AGAINST.format(part=part_name(parts[-1].name))
    if any(part.name == EXPLORED for part in parts):
        text += zh.EXPLORED
    chance = recommendation.p_accept
    return text + (zh.LIKELY if chance >= 0.7 else zh.MAYBE if chance >= 0.35 else zh.LONG_SHOT)


def about(item: Item) -> str:
    """What the catalogue knows of an item."""
    told = explain.premise(item)
    return f"{bold(item)}：{facts(item)}" + (f" {told}" if told else "")


def compare(items: Sequence[Item]) -> str:
    """Set items side by side: what they share, then each in its own line."""
    if len(items) < 2:
        return about(items[0]) if items else zh.WHICH_TWO
    shared = [one for one in items[0].genres if all(one in other.genres for other in items)]
    opening = zh.SHARED.format(genres=listing([genre(one) for one in shared])) if shared else ""
    return (f"{opening}\n\n" if opening else "") + "\n".join(f"- {about(item)}" for item in items)


def talk(state: UserState, *, text: str = "", seed: str = "") -> str:
    """Answer a greeting, thanks, a goodbye, a question about us, or other small talk."""
    rng = random.Random(seed)
    if re.search(
        r"你是(?:谁|誰|什么|什麼|机器人|機器人|真人|人吗)|你(?:能|会|會)(?:做|干)?(?:什么|什麼|啥)",
        text,
    ):
        return zh.WHO
    if state.intent == "goodbye" or re.search(r"再见|再見|拜拜|晚安", text):
        return rng.choice(zh.GOODBYES)
    if re.search(r"谢|謝|感激", text):
        return rng.choice(zh.THANKS)
    if state.intent == "accept":
        return rng.choice(zh.ENJOY)
    if re.match(r"\W*(?:你好|您好|嗨|哈[喽囉]|早上好|晚上好|hi|hello)", text, re.I):
        return rng.choice(zh.HELLOS)
    return rng.choice(zh.SMALLTALK)


def nothing_found(state: UserState, *, n_items: int | None = None) -> str:
    """Say that nothing fits, which wishes stand in the way, and offer to let one go."""
    if n_items == 0:
        return zh.EMPTY
    asked, without = wishes(state.constraints), left_out(state.constraints)
    if not asked and not without:
        return zh.NOTHING_NEW
    both = "，".join(filter(None, (asked, f"不要{without}" if without else "")))
    return zh.NOTHING_FITS.format(n=f"{n_items:,}" if n_items else "所有", wishes=both)


def feeling(state: UserState, rng: random.Random) -> str:
    """A feeling mirrored as a guess; "" where none is sure enough."""
    group = phrases.MOOD_GROUPS.get(explain.felt(state.mood), "")
    return rng.choice(zh.FEELINGS[group]) if group else ""


def counted(recommendations: Sequence[Recommendation]) -> str:
    """Items counted kind by kind: "三部电影", "一部电影和两首音乐"."""
    groups: dict[str, int] = {}
    for one in recommendations:
        groups[one.item.kind.casefold()] = groups.get(one.item.kind.casefold(), 0) + 1
    return listing([f"{number(n)}{measured(kind)}" for kind, n in groups.items()])


def measured(kind: str) -> str:
    """A kind behind its measure word; one that we do not know as "个推荐"."""
    return "".join(names.KINDS[kind]) if kind in names.KINDS else "个推荐"


def number(n: int) -> str:
    """A number up to ten in characters, as it stands before a measure word."""
    return "零一两三四五六七八九十"[n] if 0 <= n <= 10 else f" {n} "


def listing(parts: Sequence[str]) -> str:
    """Join as people do: "甲", "甲和乙", "甲、乙和丙"."""
    return "和".join(filter(None, ("、".join(parts[:-1]), parts[-1]))) if parts else ""


def genre(name: str) -> str:
    """A genre in Chinese; the catalogue's own name where we have no word."""
    return names.genre(explain.clean_prose(name, max_chars=40))


def facts(item: Item) -> str:
    """What sort of thing an item is, in one sentence."""
    sorts = listing([genre(one) for one in item.genres[:2]])
    year = f"{item.year} 年的" if item.year else ""
    directors, by = explain.directors_of(item), ""
    if directors:
        by = f"，{explain.clean_prose(directors[0], max_chars=60)} 导演"
    elif item.creators:
        by = f"，主创 {explain.clean_prose(item.creators[0], max_chars=60)}"
    what = names.kind(item.kind.casefold())
    return f"{year}{sorts}{what if not sorts.endswith(what) else ''}{by}。"


def wishes(constraints: Constraints) -> str:
    """The wishes that had to hold: "爱情、90年代、有 Tom Hanks"; or ""."""
    people = [clean(name, max_chars=60) for name in constraints.people[:3]]
    spoken = [names.LANGUAGES.get(name, name) for name in constraints.languages[:3]]
    length = constraints.max_minutes
    parts = [
        *(genre(one) for one in constraints.genres[:3]),
        *(names.kind(kind) for kind in constraints.kinds[:2]),
        _years(constraints.year_from, constraints.year_to),
        f"有 {'、'.join(people)}" if people else "",
        f"语言是{'、'.join(spoken)}" if spoken else "",
        f"最多 {length} 分钟" if length else "",
    ]
    return "、".join(part for part in parts if part)


def left_out(constraints: Constraints) -> str:
    """What must not be there: "恐怖、太悲伤的"; or ""."""
    tones = [names.tone(tone) for tone in constraints.not_tones[:4]]
    parts = [genre(one) for one in constraints.not_genres[:4]]
    parts += ["适合孩子的" if one == names.tone("kids") else f"太{one}的" for one in tones]
    parts += [f"{_years(span.first, span.last)}的" for span in constraints.not_years[:3]]
    parts += [f"{names.LANGUAGES.get(one, one)}的" for one in constraints.not_languages[:4]]
    parts += [clean(name, max_chars=60) for name in constraints.not_people[:3]]
    return "、".join(dict.fromkeys(parts))


def _years(first: int | None, last: int | None) -> str:
    if first is not None and last is not None:
        if first == last:
            return f"{first} 年"
        decade = first % 10 == 0 and last == first + 9
        return f"{first}年代" if decade else f"{first} 到 {last} 年"
    if first is not None:
        return f"{first} 年起"
    return f"{last} 年及以前" if last is not None else ""


def part_name(name: str) -> str:
    """A term of the score, as people would say it."""
    return names.PARTS.get(name, name.replace("_", " "))


def reason(one: Reason, item: Item, named: Sequence[Item] = ()) -> str:
    """A reason in Chinese, by its kind; "" for a quotation, which the entry shows by itself.

    The evidence was worded in English: what of it has no sure Chinese is told by its kind alone.
    Of `named` those are named that it names.
    """
    if one.kind == "quote":
        return ""
    if one.kind == "mood":
        tones = [names.tone(tone) for tone in names.TONES if re.search(rf"\b{tone}\b", one.text)]
        return zh.REASON_TONES.format(tones=listing(tones)) if tones else zh.REASON_MOOD
    if one.kind == "attribute":
        return zh.REASON_FACTS.format(facts=facts(item).rstrip("。"))
    if one.kind == "liked_item":
        titles = [f"*{explain.label(other)}*" for other in named if other.label in one.text]
        return zh.REASON_LIKED.format(titles=listing(titles)) if titles else zh.REASON_LIKED_SOME
    return zh.REASONS.get(one.kind, "")


def note(text: str) -> str:
    """What had to be admitted, in Chinese; as it is where we do not know the sentence."""
    for pattern, said in zh.NOTES:
        if match := re.fullmatch(pattern, text.strip()):
            groups = {
                key: value if key == "title" else _named_fields(value)
                for key, value in match.groupdict().items()
            }
            return said.format(**groups)
    return explain.clean_prose(text, max_chars=300)


def _named_fields(words: str) -> str:
    parts = re.split(r", | and | or ", words)
    known = (zh.FIELDS.get(part, names.kind(part)) for part in parts)
    return listing([names.kind(part.removesuffix("s")) for part in known])
