"""The values that travel through Simpatico.

All are frozen and closed to unknown fields; sequences are tuples. "Unknown" is a value, never
None and never a guess. Time is timezone-aware, ids are strings.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from simpatico.language import Language

MOODS: tuple[str, ...] = (
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
)
"""The GoEmotions labels in their published order (Demszky et al., ACL 2020)."""

TONES: tuple[str, ...] = (
    "warm",
    "funny",
    "uplifting",
    "gentle",
    "romantic",
    "touching",
    "sad",
    "dark",
    "tense",
    "scary",
    "violent",
    "exciting",
    "epic",
    "dreamy",
    "thoughtful",
    "quirky",
    "nostalgic",
    "kids",
)
"""What an item can feel like. `kids` says it is made for children or families with children."""

NeedName = Literal[
    "cheer_up",
    "calm_down",
    "thrill",
    "cry_it_out",
    "think",
    "laugh",
    "connect",
    "focus",
    "escape",
    "celebrate",
    "unknown",
]
NEEDS: tuple[str, ...] = get_args(NeedName)

IntentName = Literal[
    "seek",
    "refine",
    "reject",
    "accept",
    "seen",
    "ask_why",
    "ask_about",
    "compare",
    "feedback",
    "smalltalk",
    "goodbye",
    "crisis",
    "unknown",
]
INTENTS: tuple[str, ...] = get_args(IntentName)

EventKind = Literal["click", "like", "dislike", "save", "rate", "seen", "skip", "accept", "buy"]
EVENT_KINDS: tuple[str, ...] = get_args(EventKind)

Route = Literal["recommend", "clarify", "explain", "acknowledge", "talk", "care"]

MAX_YEAR = 3000
"""No later year is one."""

MAX_LEFT_OUT = 40
"""How many of a kind can be left out beside what a person says."""

Unit = Annotated[float, Field(ge=0, le=1)]
Signed = Annotated[float, Field(ge=-1, le=1)]
Weight = Annotated[float, Field(ge=0, le=10)]


class Value(BaseModel):
    """Immutable, hashable, closed to unknown fields. Sequences are tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _named(names: Sequence[str]) -> Any:
    """A tuple of numbers in the order of `names`, written to JSON as an object {name: number}.

    The empty tuple means unknown.
    """

    def read(value: object) -> object:
        if not isinstance(value, Mapping):
            if isinstance(value, Sequence) and len(value) not in (0, len(names)):
                raise ValueError(f"wanted {len(names)} numbers or none, got {len(value)}")
            return value
        if strange := sorted(set(value) - set(names)):
            raise ValueError(f"unknown names {strange}; known are {list(names)}")
        return tuple(value.get(name, 0.0) for name in names) if value else ()

    def write(value: tuple[float, ...]) -> dict[str, float]:
        return dict(zip(names, value, strict=True)) if value else {}

    return BeforeValidator(read), PlainSerializer(write)


MoodDistribution = Annotated[tuple[Unit, ...], *_named(MOODS)]
ToneProfile = Annotated[tuple[Unit, ...], *_named(TONES)]


class Media(Value):
    """A picture or a sound that belongs to an item; the bytes stay where `uri` points."""

    kind: Literal["text", "image", "audio"]
    uri: str
    sha256: str = ""


class Item(Value):
    """Something that can be recommended. `text` is prose about it, ours or its owner's."""

    id: str = Field(min_length=1, max_length=200)
    kind: str = "film"
    title: str = Field(min_length=1, max_length=500)
    year: int | None = Field(default=None, ge=0, le=MAX_YEAR)
    creators: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    text: str = Field(default="", max_length=20_000)
    media: tuple[Media, ...] = ()
    tone: ToneProfile = ()
    popularity: Unit = 0.0
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """The title with its year, as people write it."""
        return f"{self.title} ({self.year})" if self.year else self.title

    def tone_of(self, name: str) -> float:
        """Strength of one tone in [0, 1]; 0 when the profile is unknown."""
        return self.tone[TONES.index(name)] if self.tone else 0.0


class Turn(Value):
    """One message of a dialogue. `list_id` names the list that came with an answer, if one did."""

    role: Literal["user", "assistant"]
    text: str
    list_id: str = ""


class Heading(Value):
    """A conversation among others of a person.

    Attributes:
        title: what they named it; empty when they did not.
        opening: their first message in it.
        at: when it was last used.
        n_turns: messages and answers in it, at least 1.
    """

    session: str
    title: str = ""
    opening: str = ""
    at: AwareDatetime
    n_turns: int = Field(ge=1)


class Spoken(Value):
    """The words of something said aloud, and nothing else of the voice.

    Attributes:
        text: empty where nobody spoke.
        language: two letters; empty where nobody spoke.
        seconds: how long the sound was.
    """

    text: str
    language: str
    seconds: float = Field(ge=0)


class Mood(Value):
    """How a person seems to feel, as a guess.

    Attributes:
        label: the strongest of `labels`, or "unknown".
        labels: those of `MOODS` that hold, strongest first; empty when unknown.
        distribution: one probability per label of `MOODS`; several may hold, so they need not
            sum to 1. Empty when unknown.
        valence: unpleasant -1 to pleasant 1.
        arousal: calm -1 to excited 1.
        confidence: 0 to 1; 0 when unknown.
    """

    label: str = "unknown"
    labels: tuple[str, ...] = ()
    distribution: MoodDistribution = ()
    valence: Signed = 0.0
    arousal: Signed = 0.0
    confidence: Unit = 0.0


class YearSpan(Value):
    """The years from `first` to `last`, both included."""

    first: int = Field(ge=0, le=MAX_YEAR)
    last: int = Field(ge=0, le=MAX_YEAR)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"wanted the first year before the last, got {self.name}")
        return self

    @property
    def name(self) -> str:
        """Both years: "1980-1989"."""
        return f"{self.first}-{self.last}"

    def meets(self, other: "YearSpan") -> bool:
        """Whether they have a year in common."""
        return self.first <= other.last and other.first <= self.last


class Constraints(Value):
    """What must hold of an item. Empty and None mean "anything".

    Within one field any value will do (`genres`: one of them), across fields all must hold; the
    `not_` fields exclude. `tones` are wishes that rank; `not_tones` exclude what is strongly so.
    """

    genres: tuple[str, ...] = ()
    not_genres: tuple[str, ...] = ()
    tones: tuple[str, ...] = ()
    not_tones: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    not_years: tuple[YearSpan, ...] = ()
    people: tuple[str, ...] = ()
    not_people: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()
    max_minutes: int | None = None
    kinds: tuple[str, ...] = ()
    exclude_ids: tuple[str, ...] = ()


def years_of(constraints: Constraints) -> YearSpan | None:
    """The years that are wished for, if the wish has both ends and they are years in order."""
    first, last = constraints.year_from, constraints.year_to
    if first is None or last is None or not 0 <= first <= last <= MAX_YEAR:
        return None
    return YearSpan(first=first, last=last)


class Mentions(Value):
    """Items the person spoke of, by id.

    `named` carry no stance; `unlinked` are titles that the catalogue does not have.
    """

    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    unlinked: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All linked items, each once, in the order liked, disliked, seen, named."""
        return tuple(dict.fromkeys(self.liked + self.disliked + self.seen + self.named))


class UserState(Value):
    """What was understood of the person so far. They can see and correct it.

    `language` is that of their newest message: they are answered in it.
    """

    mood: Mood = Mood()
    need: NeedName = "unknown"
    intent: IntentName = "unknown"
    constraints: Constraints = Constraints()
    mentions: Mentions = Mentions()
    query: str = ""
    confidence: Unit = 0.0
    language: Language = "en"


class Hit(Value):
    """One source's verdict on one item. Scores compare only within one source.

    `liked` is closeness to what the person liked, `behaviour` what others liked beside it,
    `learned` the best of a trained ranker. `shown` says that it was found by a picture or a sound
    that came with the message, not by words or by what is known of the person. `heard` are
    adjectives for how the item sounds. `weight` is what the person has count of what it was found
    by (see `Weights`).
    """

    source: Literal[
        "text", "image", "audio", "lexical", "tone", "liked", "behaviour", "learned", "popular"
    ]
    rank: int = Field(ge=1)
    score: float
    shown: Literal["", "image", "audio"] = ""
    heard: tuple[str, ...] = ()
    weight: float = Field(default=1.0, ge=0)


class Candidate(Value):
    """An item that retrieval found, with every source that found it."""

    item: Item
    hits: tuple[Hit, ...]
    score: float = Field(ge=0, description="reciprocal rank fusion over the hits")


class Reason(Value):
    """A piece of evidence, in words that may be shown. `weight` is its share of the score."""

    kind: Literal["quote", "mood", "liked_item", "attribute", "behaviour", "media"]
    text: str
    weight: float = 0.0


class Part(Value):
    """One term of a ranker's score: positive speaks for the item, negative against."""

    name: str
    value: float


class Recommendation(Value):
    """A ranked item. `p_accept` is the estimated probability that the person takes it."""

    item: Item
    p_accept: Unit
    parts: tuple[Part, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def score(self) -> float:
        """What the parts add up to, in logits."""
        return math.fsum(part.value for part in self.parts)


class Event(Value):
    """Something a person did with an item. The same `id` twice is the same event."""

    version: Literal[1] = 1
    id: str = Field(min_length=1, max_length=200)
    at: AwareDatetime
    user: str = Field(min_length=1, max_length=200)
    session: str = Field(default="", max_length=200)
    list_id: str = Field(default="", max_length=200)
    item_id: str = Field(min_length=1, max_length=200)
    kind: EventKind
    value: float | None = Field(default=None, description="stars 1 to 5 for `rate`, else None")

    @field_validator("at")
    @classmethod
    def _in_a_year_of_utc(cls, value: datetime) -> datetime:
        try:
            value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("wanted a time in the years 1 to 9999 of UTC") from error
        return value


class Choice(Value):
    """An item that could have stood at a position, with its chance of it.

    `p_accept` is what the ranker that chose thought of it.
    """

    item_id: str
    propensity: float = Field(gt=0, le=1)
    p_accept: Unit = 0.0


class Impression(Value):
    """A list that was shown. `items[i]` stood at `positions[i]` (from 1).

    Attributes:
        propensities: the chance that the policy put that item at that position, given what stood
            before it; empty: not logged, as in rows from before it was.
        choices: all that could have stood at the last position, what stood there among them; their
            chances add up to 1. Empty: not logged.
        scores: what the parts of each item added up to then, in logits; empty: not logged.
    """

    version: Literal[1] = 1
    list_id: str
    at: AwareDatetime
    user: str
    session: str
    items: tuple[str, ...]
    positions: tuple[int, ...]
    policy: str
    propensities: tuple[Annotated[float, Field(gt=0, le=1)], ...] = ()
    choices: tuple[Choice, ...] = ()
    scores: tuple[float, ...] = ()


class Profile(Value):
    """What a person's events say, newest last within each field; ids of items."""

    user: str = ""
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    saved: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    n_events: int = 0


class Weights(Value):
    """What counts how much where a message comes with a picture or a sound.

    Only their proportion does: of what came their mean is made 1.

    Attributes:
        text: what the words are found by. Limits, genres and the mood in them hold all the same.
        image: the picture.
        audio: the sound.
    """

    text: Weight = 1.0
    image: Weight = 1.0
    audio: Weight = 1.0

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        for name in value:
            if name not in cls.model_fields:
                names = ", ".join(cls.model_fields)
                raise ValueError(f"wanted weights of {names}; got one of {str(name)[:50]!r}")
        return {name: weight for name, weight in value.items() if weight is not None}


class TurnOptions(Value):
    """What a person sets for a turn, beside what they say.

    Attributes:
        k: how many recommendations; None takes the setting's.
        mood: "auto" reads it from the words, "off" leaves it unread, or the label of `MOODS`
            that the person chose themselves.
        personal: use what is known of the person from earlier (events). Off still keeps the
            session's own constraints.
        adventurous: 0 keeps to the safe and known, 1 to the varied and new; None takes the
            settings'.
        keep_mood: let the mood be stored with what else was understood, where the session is
            kept; None takes the settings'. Off removes what an earlier turn stored.
        popular: 0 favours the little known, 1 the well known, .5 neither; None leaves it to
            `adventurous` and the settings.
        not_genres, not_years, not_languages: left out, but for what is asked for by name.
        weights: of the words beside a picture or a sound that comes with them; None: all alike.
            Without either they change nothing.
    """

    k: int | None = Field(default=None, ge=1, le=20)
    mood: str = "auto"
    personal: bool = True
    adventurous: Unit | None = None
    keep_mood: bool | None = None
    popular: Unit | None = None
    not_genres: tuple[str, ...] = Field(default=(), max_length=MAX_LEFT_OUT)
    not_years: tuple[YearSpan, ...] = Field(default=(), max_length=MAX_LEFT_OUT)
    not_languages: tuple[str, ...] = Field(default=(), max_length=MAX_LEFT_OUT)
    weights: Weights | None = None

    @field_validator("mood")
    @classmethod
    def _known_mood(cls, value: str) -> str:
        if value not in ("auto", "off", *MOODS):
            # Not which: it may be what somebody said of themselves, and this is told to logs.
            raise ValueError(f"wanted auto, off or one of {', '.join(MOODS)}; got another word")
        return value


class Consent(Value):
    """What a person decided once, for all their turns.

    Attributes:
        personal: False: nothing known of them is used, and nothing is learned from what they say.
        keep_moods: whether their moods may be stored; None: they have not said.
        read_moods: False: no mood is read from their words; one that they choose themselves counts.
    """

    personal: bool = True
    keep_moods: bool | None = None
    read_moods: bool = True

    def over(self, options: TurnOptions) -> TurnOptions:
        """The options of a turn, as far as this lets them be."""
        keep = options.keep_mood if self.keep_moods is None else self.keep_moods
        mood = "off" if options.mood == "auto" and not self.read_moods else options.mood
        own = {"personal": self.personal and options.personal, "keep_mood": keep, "mood": mood}
        return options.model_copy(update=own)


class Stage(Value):
    """One step of a turn: how long it took and what it counted."""

    name: str
    ms: float = Field(ge=0)
    counts: tuple[tuple[str, int], ...] = ()


class Trace(Value):
    """How a turn went, stage by stage."""

    stages: tuple[Stage, ...] = ()


class Reply(Value):
    """The whole answer to one turn.

    `let_go` are the fields of `Constraints` that not all recommendations meet. `degraded` names, in
    plain words, each part that ran on its fallback; empty when all is well.
    """

    text: str
    route: Route
    state: UserState
    recommendations: tuple[Recommendation, ...] = ()
    let_go: tuple[str, ...] = ()
    list_id: str = ""
    trace: Trace = Trace()
    degraded: tuple[str, ...] = ()


class StageUpdate(Value):
    """Sent while a turn runs: a stage began. `detail` may be shown to the person."""

    name: str
    detail: str


class TextDelta(Value):
    """Sent while a turn runs: the next piece of the reply's text."""

    text: str


class CardsReady(Value):
    """Sent while a turn runs: the recommendations are settled, the words still come."""

    recommendations: tuple[Recommendation, ...]
    list_id: str
    state: UserState


class Finished(Value):
    """Sent last: the whole reply, its text equal to the deltas joined."""

    reply: Reply


Update = StageUpdate | TextDelta | CardsReady | Finished


class Token(Value):
    """A generated token with its log-probability and the likeliest alternatives (nats)."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Completion(Value):
    """What a language model answered."""

    text: str
    tokens: tuple[Token, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reason: str = "stop"
