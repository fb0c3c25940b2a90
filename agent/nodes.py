"""The steps of a turn. Each takes the turn's state and gives back what it adds to it.

Every step can be called without a graph: `writer` is any callable that takes an `Update`. A step
whose part is down does its work the plain way and says so in `degraded`; it does not raise.
"""

import asyncio
import logging
import random
import re
from collections.abc import AsyncIterator, Callable, Container, Sequence
from datetime import UTC, datetime

from simpatico.agent import phrases, safety, us
from simpatico.agent.explain import clean_prose, closing
from simpatico.agent.explainer import Explainer
from simpatico.agent.ground import rephrase
from simpatico.agent.learn import events_from, newly_said
from simpatico.agent.mind import (
    Mind,
    Understanding,
    asking,
    leaving_out,
    wanting_more_like,
    with_chosen_mood,
)
from simpatico.agent.mirror import voiced
from simpatico.agent.read.about_us import about_us, asks_elsewhere, is_beyond_us
from simpatico.agent.read.counts import count_of
from simpatico.agent.read.mentions import whole_title
from simpatico.agent.read.reference import Reference
from simpatico.agent.relax import without_wishes
from simpatico.agent.route import choose_route
from simpatico.agent.showing import Looked, apart_from_it
from simpatico.agent.turn import Request, TurnState
from simpatico.agent.undo import with_before
from simpatico.agent.voice import answering, doing, labels, note, voice
from simpatico.agent.zh import phrases as chinese
from simpatico.domain import (
    CardsReady,
    Event,
    Impression,
    Item,
    Mentions,
    Profile,
    Recommendation,
    Reply,
    Route,
    StageUpdate,
    TextDelta,
    Trace,
    Turn,
    Update,
    UserState,
)
from simpatico.errors import LLMError, StoreError, kinds
from simpatico.language import language_of
from simpatico.protocols import LLM, EventLog
from simpatico.retrieval.explore import Draw, policy_name

log = logging.getLogger(__name__)

Writer = Callable[[Update], None]


class Nodes:
    """The steps, bound to what they work with.

    With `explainer`, it writes the replies; else with `llm`, that says composed ones in its own
    words, of which those that no evidence has must be `ordinary` (`ground.Gate`); with neither
    they stay as composed. `keep_moods` is for those who do not say whether theirs may be stored.
    """

    def __init__(
        self,
        *,
        mind: Mind,
        events: EventLog,
        llm: LLM | None = None,
        explainer: Explainer | None = None,
        keep_moods: bool = False,
        ordinary: Container[str] | None = None,
    ) -> None:
        self.mind = mind
        self.events = events
        self.llm = llm
        self.explainer = explainer
        self.keep_moods = keep_moods
        self.ordinary = ordinary

    async def read(self, state: TurnState, writer: Writer) -> TurnState:
        """Understand the newest message and decide what to do with it."""
        request = state["request"]
        looked = state.get("media", Looked())
        language = language_of(request.text) or "en"
        writer(StageUpdate(name="read", detail=doing("read", language)))
        kept: TurnState = {"degraded": state.get("degraded", ())}
        if not request.revise and safety.is_crisis(request.text):
            crisis = UserState(intent="crisis", confidence=1.0, language=language)
            return {**kept, "understood": crisis, "route": "care"}
        previous = UserState.model_validate(state["state"]) if state.get("state") else None
        shown = self.mind.items(state.get("shown", ()))
        if request.revise:
            understanding = Understanding(state=previous or UserState())
        else:
            text = apart_from_it(request.text) if looked.came else request.text
            turns = (*request.said, Turn(role="user", text=text))
            understanding = await self.mind.understand(turns, previous, shown)
        understood = with_chosen_mood(understanding.state, request.options.mood)
        if liked := self.mind.items([request.like]):
            understood = wanting_more_like(understood, liked[0], previous)
        reference = understanding.reference
        profile, forgotten = await self._profile(request)
        said = newly_said(understood.mentions, (previous or UserState()).mentions)
        route = choose_route(
            understood,
            points_at_items=_points_at_items(
                understood, reference, said, shown or self.mind.named_in(_last(request))
            ),
            surprise=request.revise or reference.stance == "surprise",
        )
        route = _in_talk(route, understood, previous, request.text, listed=bool(shown))
        if looked.anything and route in ("clarify", "talk"):
            route = "recommend"  # what is shown is wish enough
        corrected = request.options.mood != "auto"
        keep_mood = request.options.keep_mood
        keeps_mood = self.keep_moods if keep_mood is None else keep_mood
        return {
            "understood": understood,
            "voiced": understood if corrected else voiced(understood, previous, request.text),
            "reference": reference,
            "said": said,
            "profile": profile,
            "route": route,
            "degraded": kept["degraded"] + understanding.degraded + forgotten,
            "state": understood.model_dump(mode="json", exclude=None if keeps_mood else {"mood"}),
            "n_turns": state.get("n_turns", 0) + 1,
            "taught": [],
            "before": with_before(state, n_said=len(request.said), moods=keeps_mood),
        }

    async def retrieve(self, state: TurnState, writer: Writer) -> TurnState:
        """Find candidates; when nothing fits, let go of one wish after another and say so."""
        profile, unlogged = state["profile"], state["degraded"]
        taught = state.get("taught", [])
        if state["route"] != "acknowledge":  # which has taken its lessons already
            lessons = self._lessons(state)
            unlogged += await self._record(state["request"], lessons)
            taught = [event.id for event in lessons]
            if lessons:
                profile, forgotten = await self._profile(state["request"])
                unlogged += forgotten
        size = len(self.mind.index.catalog)
        detail = doing("retrieve", state["understood"].language, n=size)
        writer(StageUpdate(name="retrieve", detail=detail))
        media = state.get("media", Looked())
        options = state["request"].options
        wanted = leaving_out(asking(state["understood"], options), options)
        found = await self.mind.find(wanted, profile, shown=media.query)
        return {
            "candidates": found.candidates,
            "let_go": found.let_go,
            "notes": (*self._not_here(state), *found.notes),
            "profile": profile,
            "taught": taught,
            "degraded": unlogged + found.degraded,
        }

    def _not_here(self, state: TurnState) -> tuple[str, ...]:
        """What to admit where the message named a title that the catalogue has not."""
        unlinked = state.get("voiced", state["understood"]).mentions.unlinked[:1]
        titles = (clean_prose(title, max_chars=60) for title in unlinked)
        return tuple(phrases.NOT_HERE.format(title=title) for title in titles if title)

    async def rank(self, state: TurnState, writer: Writer) -> TurnState:
        """Order the candidates, choose the few to show, and log that they are shown."""
        request, understood = state["request"], state["understood"]
        candidates = state["candidates"]
        detail = doing("rank", understood.language, n=len(candidates))
        writer(StageUpdate(name="rank", detail=detail))
        options = request.options
        if n := self.mind.count_in(request.text):
            options = options.model_copy(update={"k": options.k or n})
        if state["reference"].stance == "surprise" and options.adventurous is None:
            options = options.model_copy(update={"adventurous": 1.0})
        list_id = f"{request.session}:{state.get('n_turns', 1)}"
        weighed = (candidates, asking(understood, options), state["profile"], options)
        unlogged: tuple[str, ...] = ()
        if request.options.personal:
            draw = await asyncio.to_thread(self.mind.draw, *weighed, list_id=list_id)
            chosen = draw.shown
            unlogged = await self._impress(request, list_id, draw)
        else:  # what is not logged teaches nothing, so nothing is tried
            chosen = await asyncio.to_thread(self.mind.choose, *weighed)
        shown = [one.item.id for one in chosen]
        if chosen:
            writer(CardsReady(recommendations=chosen, list_id=list_id, state=understood))
        return {
            "recommendations": chosen,
            "shown": shown,
            "reasons": [one.model_dump(mode="json", exclude={"item"}) for one in chosen],
            "list_id": list_id,
            "degraded": state["degraded"] + self.mind.ranked_plainly() + unlogged,
        }

    async def explain(self, state: TurnState, writer: Writer) -> TurnState:
        """Say why these, from evidence."""
        understood = without_wishes(state.get("voiced", state["understood"]), state["let_go"])
        recommendations = state["recommendations"]
        language, lead = understood.language, state.get("lead", "")
        writer(StageUpdate(name="explain", detail=doing("explain", language)))
        speak = voice(language)
        if not recommendations:
            text = speak.nothing_found(understood, n_items=len(self.mind.index.catalog))
            text = _joined(" ".join(note(one, language) for one in state["notes"]), text)
            return self._say(state, writer, _joined(lead, text))
        k = state["request"].options.k or self.mind.count_in(state["request"].text)
        wanted = min(3, k or self.mind.settings.k)
        named = self._named(understood)
        draft = speak.compose(
            understood,
            recommendations,
            items=named,
            notes=state["notes"],
            wanted=wanted,
            seed=_seed(state),
        )
        said, others = state["request"].text, list(named.values())
        dropped: list[str] = []
        if language != "en":  # the models that ship write English alone
            return self._say(state, writer, _joined(lead, draft))
        if self.explainer is not None:
            pieces = self.explainer.reply(
                draft,
                understood,
                recommendations,
                said=said,
                others=others,
                notes=state["notes"],
                after=phrases.FEW if len(recommendations) < wanted else "",
                closing=closing(understood, len(recommendations), random.Random(_seed(state))),
                seed=_seed(state),
                find_titles=self.mind.index.titles.link,
                dropped=dropped,
            )
        elif self.llm is not None:
            pieces = rephrase(
                self.llm,
                draft,
                understood,
                recommendations,
                others=others,
                said=[said],
                notes=state["notes"],
                find_titles=self.mind.index.titles.link,
                dropped=dropped,
                ordinary=self.ordinary,
            )
        else:
            return self._say(state, writer, _joined(lead, draft))
        added = await self._pass_on(pieces, state, writer, lead=lead)
        return {**added, "n_ungrounded": len(dropped)}

    async def answer(self, state: TurnState, writer: Writer) -> TurnState:
        """Answer a question about items: why these, what is that one, which of the two."""
        intent, reference = state["understood"].intent, state["reference"]
        shown = tuple(state.get("shown", ()))
        asked = reference.item_ids or state["said"].ids or shown[:1]
        if intent == "compare" and not (reference.item_ids or state["said"].ids):
            asked = tuple(item.id for item in self.mind.named_in(_last(state["request"]))) or shown
        items = self.mind.items(asked)
        if not items:
            return await self.clarify(state, writer)
        language, question = state["understood"].language, state["request"].text
        speak, tell = voice(language), answering(language)
        if intent == "compare" and len(items) > 1:
            text = tell.compare(items, question)
        elif intent == "ask_why":
            text = "\n\n".join(
                speak.why(one) for one in await self._explained(state, asked)
            ) or speak.about(items[0])
        else:
            text = "\n\n".join(tell.answer(item, question) for item in items[:3])
        return self._say(state, writer, text)

    async def acknowledge(self, state: TurnState, writer: Writer) -> TurnState:
        """Take feedback in words as the events it is; go on to recommend unless all is settled."""
        request = state["request"]
        events = self._lessons(state)
        unlogged = await self._record(request, events)
        kinds = {event.kind for event in events}
        text = self._noted(state, events)
        added: TurnState = {
            "degraded": state["degraded"] + unlogged,
            "taught": [event.id for event in events],
        }
        if kinds and kinds <= {"accept", "like"}:
            return {**added, **self._say({**state, **added}, writer, text)}
        writer(TextDelta(text=text + "\n\n"))
        profile, forgotten = await self._profile(request)
        added["degraded"] += forgotten
        return {**added, "profile": profile, "lead": text}

    async def clarify(self, state: TurnState, writer: Writer) -> TurnState:
        """Ask the one question that helps most."""
        understood, said = state["understood"], state["request"].text
        asked = state.get("voiced", understood)
        calm = asked.mood.label in _CALM and understood.intent != "ask_about"
        title = whole_title(said) if asks_elsewhere(said) else ""
        if title:
            mentions = asked.mentions.model_copy(update={"unlinked": (title,)})
            asked = asked.model_copy(update={"mentions": mentions})
        text = voice(understood.language).clarify(asked, seed=_seed(state))
        if calm and not title and is_beyond_us(said):
            cannot = chinese.NOT_FOR_ME if understood.language == "zh" else phrases.NOT_FOR_ME
            text = f"{cannot} {text}"
        return self._say(state, writer, text)

    async def talk(self, state: TurnState, writer: Writer) -> TurnState:
        """Answer small talk, thanks and goodbyes."""
        understood, said = state["understood"], state["request"].text
        told, profile = understood.mentions, state["profile"]
        text = us.answer(
            said,
            understood,
            liked=self.mind.items(dict.fromkeys((*profile.liked, *told.liked))),
            disliked=self.mind.items(dict.fromkeys((*profile.disliked, *told.disliked))),
            seen=self.mind.items(dict.fromkeys((*profile.seen, *told.seen))),
            seed=_seed(state),
        )
        text = text or voice(understood.language).talk(understood, text=said, seed=_seed(state))
        return self._say(state, writer, text)

    async def care(self, state: TurnState, writer: Writer) -> TurnState:
        """Stop recommending and show help. Nothing is learned from this turn."""
        return self._say(state, writer, safety.care_reply(state["understood"].language))

    async def _pass_on(
        self, pieces: AsyncIterator[str], state: TurnState, writer: Writer, *, lead: str
    ) -> TurnState:
        """Send what the model writes, checked already, after a lead that was sent; and reply."""
        said: list[str] = []
        degraded = state["degraded"]
        try:
            async for piece in pieces:
                said.append(piece)
                writer(TextDelta(text=piece))
        except LLMError as error:
            log.warning("the reply is not the model's: %s", kinds(error))
            log.debug("why", exc_info=error)  # may quote what the person said
            degraded += ("The language model did not answer; these words are from templates.",)
        return self._reply({**state, "degraded": degraded}, _joined(lead, "".join(said)))

    def _say(self, state: TurnState, writer: Writer, text: str) -> TurnState:
        """Send a finished text in readable pieces, but for what was sent before it, and reply."""
        already = state.get("lead", "")
        rest = text[len(already) + 2 :] if already and text.startswith(already) else text
        for paragraph in rest.splitlines(keepends=True):
            writer(TextDelta(text=paragraph))
        return self._reply(state, text)

    def _reply(self, state: TurnState, text: str) -> TurnState:
        return {
            "degraded": state["degraded"],
            "reply": Reply(
                text=text,
                route=state["route"],
                state=state["understood"],
                recommendations=state.get("recommendations", ()),
                let_go=state["let_go"] if state.get("recommendations") else (),
                list_id=state["list_id"] if state.get("recommendations") else "",
                trace=Trace(stages=state.get("stages", ())),
                degraded=labels(state["degraded"], state["understood"].language),
            ),
        }

    async def _profile(self, request: Request) -> tuple[Profile, tuple[str, ...]]:
        if not request.options.personal:
            return Profile(user=request.user), ()
        try:
            return await asyncio.to_thread(self.events.profile, request.user), ()
        except StoreError as error:
            log.warning("no profile: %s", error)
            return Profile(user=request.user), ("What you liked before could not be read.",)

    def _noted(self, state: TurnState, events: tuple[Event, ...]) -> str:
        """What was taken note of, one sentence for each way of speaking of items."""
        stances = {"skip": "rejected", "dislike": "disliked", "like": "liked", "accept": "accepted"}
        told: dict[str, dict[str, None]] = {}
        speak = voice(state["understood"].language)
        for event in events:
            told.setdefault(stances.get(event.kind, event.kind), {})[event.item_id] = None
        return " ".join(
            speak.acknowledge(
                state["understood"], self.mind.items(ids), stance=stance, seed=_seed(state)
            )
            for stance, ids in told.items()
        ) or speak.acknowledge(state["understood"], (), stance="none", seed=_seed(state))

    def _lessons(self, state: TurnState) -> tuple[Event, ...]:
        if state["request"].revise:
            return ()
        return events_from(
            state["said"],
            state["reference"],
            state["request"],
            n_turn=state["n_turns"],
            at=datetime.now(UTC),
        )

    async def _record(self, request: Request, events: tuple[Event, ...]) -> tuple[str, ...]:
        """Store what a message teaches, unless its person wants nothing kept. Twice is once."""
        if not (request.stored and request.options.personal):
            return ()
        try:
            for event in events:
                await asyncio.to_thread(self.events.append, event)
        except StoreError as error:
            log.warning("feedback not stored: %s", error)
            return ("Your feedback counts for this conversation, but could not be stored.",)
        return ()

    async def _impress(self, request: Request, list_id: str, draw: Draw) -> tuple[str, ...]:
        if not draw.shown:
            return ()
        impression = Impression(
            list_id=list_id,
            at=datetime.now(UTC),
            user=request.user,
            session=request.session,
            items=tuple(one.item.id for one in draw.shown),
            positions=tuple(range(1, len(draw.shown) + 1)),
            policy=policy_name(self.mind.ranker.name, self.mind.settings.explore),
            propensities=draw.propensities,
            choices=draw.choices,
            scores=tuple(one.score for one in draw.shown),
        )
        try:
            await asyncio.to_thread(self.events.impress, impression)
        except StoreError as error:
            log.warning("list not logged: %s", error)
            return ("This list could not be stored.",)
        return ()

    async def _explained(self, state: TurnState, item_ids: tuple[str, ...]) -> list[Recommendation]:
        """The items with the reasons they were shown for; scored anew where those are not kept."""
        kept = dict(zip(state.get("shown", ()), state.get("reasons", ()), strict=False))
        items = self.mind.items(item_ids)
        if all(item.id in kept for item in items):
            return [
                Recommendation.model_validate({"item": item, **kept[item.id]}) for item in items
            ]
        asked = asking(state["understood"], state["request"].options)
        # That they were shown in this very list is nothing against them.
        profile = state["profile"].model_copy(update={"shown": ()})
        return await asyncio.to_thread(self.mind.weigh_items, items, asked, profile)

    def _named(self, understood: UserState) -> dict[str, Item]:
        return {item.id: item for item in self.mind.items(understood.mentions.ids)}


def _joined(lead: str, text: str) -> str:
    return f"{lead}\n\n{text}" if lead and text else lead or text


def _points_at_items(
    understood: UserState, reference: Reference, said: Mentions, shown: Sequence[Item]
) -> bool:
    """Whether the message speaks of items; a question without one is about the list shown last."""
    if reference.stance == "passed":
        return False
    asks = understood.intent in ("ask_why", "ask_about")
    asks = asks or understood.intent == "compare" and len(shown) > 1
    return bool(reference.item_ids or said.ids or (asks and shown))


def _in_talk(
    route: Route, state: UserState, previous: UserState | None, text: str, *, listed: bool
) -> Route:
    """The route in the light of the talk: what is about us, and what goes on from a list."""
    if route == "care":
        return route
    new = _newly_wished(state, previous)
    if about_us(text) and not (route == "recommend" and new):
        return "talk"
    if not listed or new:
        return route
    if route in ("clarify", "talk") and count_of(text):
        return "recommend"  # "just one"
    if route == "clarify" and state.intent in _GOES_ON and not asks_elsewhere(text):
        return "recommend"  # "more": of what the choice was ours
    praises = state.intent == "accept" or state.intent == "feedback" and _THANKS.search(text)
    if route == "recommend" and praises and not count_of(text):
        return "talk"  # "perfect, thanks": nothing more is wanted
    return route


def _last(request: Request) -> str:
    """What we said just before, or ""."""
    last = request.said[-1] if request.said else None
    return last.text if last and last.role == "assistant" else ""


_CALM = frozenset(("unknown", "neutral", "curiosity"))
"""Moods of who asks; who feels something is answered that."""

_THANKS = re.compile(r"\b(?:thanks?|thank you|thx|cheers)\b|谢|謝", re.I)


def _newly_wished(state: UserState, previous: UserState | None) -> bool:
    """Whether a message added a wish to those of before."""
    before = previous or UserState()
    exclude = {"exclude_ids": ()}
    return (state.constraints.model_copy(update=exclude), state.query, state.need) != (
        before.constraints.model_copy(update=exclude),
        before.query,
        before.need,
    )


_GOES_ON = frozenset(("seek", "refine", "reject", "seen", "feedback"))
"""Intents of who has seen a list and did not like it, or wants another."""


def _seed(state: TurnState) -> str:
    return f"{state['request'].session}:{state['n_turns']}"
