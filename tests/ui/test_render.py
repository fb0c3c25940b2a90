"""The page's markup: what it says, that it is escaped, and that its colours can be read."""

import asyncio
from collections.abc import AsyncIterator
from html import escape
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from simpatico.agent.explain import bold
from simpatico.agent.known import not_wanting
from simpatico.agent.read.understand import Rules
from simpatico.domain import (
    MOODS,
    TONES,
    CardsReady,
    Constraints,
    Finished,
    Item,
    Media,
    Mentions,
    Mood,
    Part,
    Reason,
    Recommendation,
    Reply,
    StageUpdate,
    TextDelta,
    Update,
    UserState,
    YearSpan,
)
from simpatico.errors import NotAllowed, StoreError
from simpatico.retrieval.titles import TitleIndex
from simpatico.ui.acts import pressed_of
from simpatico.ui.cards import card, markdown
from simpatico.ui.chips import mood_chip, understood, years
from simpatico.ui.mood_words import guess, word_of
from simpatico.ui.profile_sheet import wishes
from simpatico.ui.prose import part, prose
from simpatico.ui.render import block, conversation, empty
from simpatico.ui.strings import strings
from simpatico.ui.strings.moods import PICKS
from simpatico.ui.talk import Exchange, Talk, advance, apology
from simpatico.ui.tiles import cover, palette, poster, strongest_tones, tile

HOSTILE = "</h3><img src=x onerror=alert(1)>\"'`${alert(2)}&amp;<script>alert(3)</script>"


def _item(**values: object) -> Item:
    return Item.model_validate({"id": "film:1", "title": "Paddington", "year": 2014} | values)


def _recommendation(**values: object) -> Recommendation:
    return Recommendation(
        item=_item(**values),
        p_accept=0.824,
        parts=(Part(name="tone_match", value=0.4), Part(name="familiar", value=-0.1)),
        reasons=(Reason(kind="mood", text="Gentle humour"),),
    )


def _exchange(**values: object) -> Exchange:
    return Exchange.model_validate({"asked": "hello", "status": "done"} | values)


def _draw(exchange: Exchange, *, mood: str = "auto", newest: bool = True) -> str:
    return block(exchange, key="x0", newest=newest, title_of=lambda _: "", mood=mood)


class _Tags(HTMLParser):
    """Every tag with its attributes, and whether tags close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def _luminance(hue: float, saturation: float, lightness: float) -> float:
    """Relative luminance of an HSL colour (WCAG 2.2), hue in degrees, the rest in percent."""
    chroma = (1 - abs(2 * lightness / 100 - 1)) * saturation / 100
    channels = []
    for shift in (0, 8, 4):
        k = (shift + hue / 30) % 12
        value = lightness / 100 - chroma / 2 * max(-1, min(k - 3, 9 - k, 1))
        channels.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def test_a_card_says_a_sentence_once() -> None:
    said = "A bear from Peru needs a home."
    one = _recommendation(text=f"{said} He likes marmalade.")
    reasons = (Reason(kind="quote", text=said), Reason(kind="mood", text="It is warm"))
    drawn = card(one.model_copy(update={"reasons": reasons}), list_id="list", key="c0")
    shown, _, why = drawn.partition('<div class="card-foot">')
    assert shown.count(said) == 1 and "It is warm" in shown
    assert said in why


def test_luminance_agrees_with_published_values() -> None:
    assert _luminance(0, 0, 100) == pytest.approx(1)
    assert _luminance(0, 100, 50) == pytest.approx(0.2126)
    assert _luminance(120, 100, 50) == pytest.approx(0.7152)


@pytest.mark.parametrize("tone", TONES)
def test_a_tiles_title_can_be_read_on_its_ground_whatever_the_item(tone: str) -> None:
    cream = _luminance(36, 100, 95)  # #fff6e8
    for n in range(100):
        ground = palette(_item(id=f"film:{n}", tone={tone: 0.9, "sad": 0.3})).ground
        assert (cream + 0.05) / (_luminance(*ground) + 0.05) >= 4.5


def test_the_same_item_always_gets_the_same_tile_and_others_get_others() -> None:
    one, other = _item(tone={"warm": 1}), _item(id="film:2", tone={"warm": 1})
    assert tile(one) == tile(one)
    assert tile(one) != tile(other)


def test_tones_come_strongest_first_and_unknown_tone_has_none() -> None:
    assert strongest_tones(_item(tone={"sad": 0.2, "warm": 0.9, "epic": 0.5}), k=2) == (
        "warm",
        "epic",
    )
    assert strongest_tones(_item(), k=2) == ()
    assert "<svg" in tile(_item())


@pytest.mark.parametrize(
    "uri",
    [
        "http://upload.wikimedia.org/a.jpg",
        "https://upload.wikimedia.org.evil.example/a.jpg",
        "https://upload.wikimedia.org:444/a.jpg",
        "https://me@upload.wikimedia.org/a.jpg",
        "javascript:alert(1)",
        "//upload.wikimedia.org/a.jpg",
        "https://[",
    ],
)
def test_only_the_one_poster_host_is_ever_loaded_from(uri: str) -> None:
    assert poster(_item(media=[Media(kind="image", uri=uri)])) == ""


def test_a_poster_is_shown_only_when_wanted_and_tells_nobody_where_it_was() -> None:
    item = _item(media=[Media(kind="image", uri="https://upload.wikimedia.org/a.jpg?x=1&y=2")])
    assert "<img" not in cover(item, posters=False)
    [picture] = [attrs for tag, attrs in _Tags(cover(item, posters=True)).tags if tag == "img"]
    assert picture["src"] == "https://upload.wikimedia.org/a.jpg?x=1&y=2"
    assert picture["referrerpolicy"] == "no-referrer"
    assert picture["loading"] == "lazy"
    assert "tile-title" in cover(item, posters=True)  # below, for when it does not load


def test_a_cover_has_a_text_alternative() -> None:
    tags = _Tags(cover(_item(), posters=False)).tags
    assert tags[0][1]["aria-label"] == "Poster of Paddington (2014)"


def test_a_card_says_what_it_must() -> None:
    html = card(_recommendation(genres=["Comedy"], text="A bear."), list_id="l1", key="k")
    words = _Tags(html).words
    for wanted in ("Paddington", "2014 · Comedy", "82% match", "A bear.", "Gentle humour"):
        assert wanted in words
    for name in ("Like", "Not for me", "Save", "Seen it", "Why this one?"):
        assert name in words
    assert "+0.40" in words and "-0.10" in words
    assert "tone match" in words


def test_a_cards_buttons_carry_the_item_and_show_what_was_pressed() -> None:
    html = card(_recommendation(), list_id="l1", key="k", pressed={"save"})
    buttons = [attrs for tag, attrs in _Tags(html).tags if tag == "button"]
    assert {button["data-item"] for button in buttons} == {"film:1"}
    [more] = [button for button in buttons if button["data-act"] == "like"]
    events = [button for button in buttons if button is not more]
    assert {button["data-list"] for button in events} == {"l1"}
    plain = [button for button in events if button["data-kind"] != "rate"]
    assert {button["data-kind"]: button["aria-pressed"] for button in plain} == {
        "like": "false",
        "dislike": "false",
        "save": "true",
        "seen": "false",
    }


def test_a_cards_stars_say_how_many_were_given() -> None:
    html = card(_recommendation(), list_id="l1", key="k", pressed={"rate"}, stars=3)
    stars = [attrs for _, attrs in _Tags(html).tags if attrs.get("data-kind") == "rate"]
    assert [star["data-stars"] for star in stars] == ["1", "2", "3", "4", "5"]
    assert [star["aria-pressed"] == "true" for star in stars] == [False, False, True, False, False]
    assert [star["class"] for star in stars] == ["star lit"] * 3 + ["star"] * 2
    assert "Noted: 3 of 5 stars." in html


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"kind": "like", "item": "a"},
        {"kind": "rate", "item": "a", "list": "l"},
        {"kind": "rate", "item": "a", "list": "l", "stars": "6"},
        {"kind": "like", "item": "a", "list": "l", "stars": "3"},
        {"kind": "buy", "item": "a", "list": "l"},
    ],
)
def test_what_is_no_press_of_a_button_is_none(data: object) -> None:
    assert pressed_of(data) is None


def test_a_press_is_the_event_it_stands_for() -> None:
    pressed = pressed_of({"kind": "rate", "item": "a", "list": "l", "stars": "4"})
    assert pressed is not None
    event = pressed.event(user="ann", session="s")
    assert (event.kind, event.value, event.item_id, event.list_id) == ("rate", 4.0, "a", "l")


def test_nothing_from_outside_becomes_markup() -> None:
    one = _recommendation(
        id=HOSTILE, title=HOSTILE, text=HOSTILE, genres=[HOSTILE], tone={"warm": 1.0}
    )
    state = UserState(constraints=Constraints(people=(HOSTILE,)))
    exchange = _exchange(
        asked=HOSTILE,
        text=HOSTILE,
        problem=HOSTILE,
        degraded=[HOSTILE],
        recommendations=[one.model_copy(update={"reasons": (Reason(kind="quote", text=HOSTILE),)})],
        list_id=HOSTILE,
        state=state,
    )
    page = _Tags(_draw(exchange) + _draw(exchange.with_(status="running", detail=HOSTILE)))
    assert page.open == []
    assert {tag for tag, _ in page.tags}.isdisjoint({"img", "script", "iframe", "style"})
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert page.words.count("<script>alert(3)</script>") >= 8


def test_every_part_of_the_page_closes_its_tags() -> None:
    exchange = _exchange(
        text="One\n\n- a\n- b", recommendations=[_recommendation()], list_id="l", route="recommend"
    )
    for html in (empty(), _draw(exchange), _draw(exchange.with_(status="running"))):
        assert _Tags(html).open == []


def test_prose_knows_strong_soft_and_lists_and_nothing_else() -> None:
    assert prose("**Big** and *soft*\nline") == (
        "<p><strong>Big</strong> and <em>soft</em><br>line</p>"
    )
    assert prose("- a\n- b") == "<ul><li>a</li><li>b</li></ul>"
    assert prose("2 * 3 * 4 [x](javascript:y) <b>") == (
        "<p>2 * 3 * 4 [x](javascript:y) &lt;b&gt;</p>"
    )
    assert prose("M*A*S*H") == "<p>M*A*S*H</p>"


def test_what_a_reply_says_of_an_item_goes_to_its_card_and_no_word_is_lost() -> None:
    text = "For you:\n\n- **Paddington (2014)**: A *small* bear.\n- **Alien**: no.\n\nMore?"
    parted = part(text, [_recommendation()])
    assert parted.before == "For you:"
    assert parted.notes == (("film:1", "A *small* bear."),)
    assert parted.after == "- **Alien**: no.\n\nMore?"
    assert part(text, []).before == text
    html = _draw(_exchange(text=text, recommendations=[_recommendation()], list_id="l"))
    assert html.index("For you:") < html.index("A <em>small</em> bear.") < html.index("More?")


@pytest.mark.parametrize("title", ["M*A*S*H", "Sex* (*But Were Afraid to Ask)", "[REC] <b> `${1}`"])
def test_marks_of_a_title_are_read_as_they_are(title: str) -> None:
    found = _recommendation(title=title)
    text = f"- {bold(found.item)}: A *small* bear.\n\nOr {bold(found.item)}?"
    parted = part(text, [found])
    assert (parted.before, parted.notes) == ("", (("film:1", "A *small* bear."),))
    label = escape(f"{title} (2014)")
    assert prose(parted.after) == f"<p>Or <strong>{label}</strong>?</p>"
    drawn = _draw(_exchange(text=text, recommendations=[found], list_id="l"))
    assert f'data-text="- {label}: A *small* bear.\n\nOr {label}?"' in drawn


def test_markdown_of_a_recommendation_is_not_markup_of_its_title() -> None:
    text = markdown(_recommendation(title="M*A*S*H <b>"))
    assert text == r"- **M\*A\*S\*H \<b\> (2014)**: 82% match. Gentle humour"


@pytest.mark.parametrize("label", MOODS)
def test_a_mood_is_a_question_when_likely_and_nothing_when_not(label: str) -> None:
    likely, unsure = guess(Mood(label=label, confidence=0.8)), Mood(label=label, confidence=0.2)
    assert guess(unsure) == ""
    assert likely.endswith("is that right?") if label != "neutral" else likely == ""


def test_an_unknown_mood_makes_no_claim() -> None:
    assert guess(Mood()) == ""
    assert mood_chip(UserState(), chosen="auto", live=True, key="k") == ""


def test_the_guess_hedges_when_less_sure_and_sees_tiredness() -> None:
    assert guess(Mood(label="joy", confidence=0.5)).startswith("Maybe")
    assert "worn out" in guess(Mood(label="sadness", confidence=0.9, arousal=-0.5))


def test_the_mood_can_be_corrected_in_the_newest_answer_only() -> None:
    state = UserState(mood=Mood(label="joy", confidence=0.9))
    live = mood_chip(state, chosen="auto", live=True, key="k")
    moods = [attrs["data-mood"] for tag, attrs in _Tags(live).tags if tag == "button"]
    assert moods == [*PICKS, "off"]
    assert "90% sure" in live
    assert "button" not in mood_chip(state, chosen="auto", live=False, key="k")


def test_a_chosen_mood_is_said_back_and_off_is_said_too() -> None:
    state = UserState(mood=Mood(label="joy", confidence=0.9))
    assert "stressed" in mood_chip(state, chosen="nervousness", live=True, key="k")
    assert "not reading" in mood_chip(state, chosen="off", live=True, key="k")
    assert set(PICKS) <= set(MOODS)
    assert word_of("nervousness") == "stressed"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (1990, 1999, "the 90s"),
        (2000, 2009, "the 2000s"),
        (1994, 1994, "1994"),
        (1985, 1995, "1985 to 1995"),
        (2010, None, "from 2010"),
        (None, 1989, "until 1989"),
        (None, None, ""),
    ],
)
def test_years_are_said_as_people_say_them(first: int | None, last: int | None, words: str) -> None:
    assert years(first, last) == words


def test_what_was_understood_is_said_shortly_and_once() -> None:
    state = UserState(
        need="laugh",
        constraints=Constraints(tones=("warm",), not_genres=("Horror",), max_minutes=100),
        mentions=Mentions(liked=("1",), disliked=("gone",), unlinked=("Xyzzy",)),
    )
    words = understood(state, title_of=lambda id_: {"1": "Alien"}.get(id_, ""))
    assert words == (
        "a laugh",
        "warm",
        "no horror",
        "at most 100 minutes",
        "you like Alien",
        "I don’t know “Xyzzy”",
    )


def test_refused_years_and_languages_are_said_and_can_be_taken_back_by_hand() -> None:
    spans = (YearSpan(first=1980, last=1989), YearSpan(first=2010, last=2010))
    state = UserState(constraints=Constraints(not_years=spans, not_languages=("French",)))
    said = understood(state, title_of=lambda id_: "")
    assert said == ("not the 80s", "not 2010", "not in French")
    assert [tuple(wish) for wish in wishes(state, strings("zh"))] == [
        ("not_languages", "French", "不要法语的"),
        ("not_years", "1980-1989", "不要80年代"),
        ("not_years", "2010-2010", "不要2010"),
    ]


def test_refused_foreign_films_are_said_and_can_be_taken_back_by_hand() -> None:
    state = Rules(TitleIndex([])).understand("nothing with subtitles").state
    assert understood(state, title_of=lambda id_: "") == ("in English",)
    (wish,) = wishes(state, strings("en"))
    assert tuple(wish) == ("languages", "English", "in English")
    amend = not_wanting(wish.what, wish.value)
    assert amend is not None
    left = UserState.model_validate(amend(state.model_dump(mode="json")))
    assert left.constraints == Constraints()


def test_a_care_reply_shows_help_and_nothing_else() -> None:
    state = UserState(mood=Mood(label="grief", confidence=0.99))
    html = _draw(
        _exchange(
            text="Please call.", route="care", state=state, recommendations=[_recommendation()]
        )
    )
    tags = _Tags(html).tags
    assert "Please call." in html
    assert not [tag for tag, _ in tags if tag in ("button", "article", "details")]
    assert "heavy-hearted" not in html


def test_each_state_of_an_exchange_says_what_it_is() -> None:
    assert "How are you" in conversation([], title_of=lambda _: "")[0]
    running = _draw(_exchange(status="running", step=2, detail="weighing 200 films"))
    assert "weighing 200 films" in running and 'data-act="stop"' in running
    assert 'aria-busy="true"' in running
    assert "Nothing in my catalogue" in _draw(_exchange(route="recommend", text="Hm."))
    assert "Running in a simpler mode" in _draw(_exchange(degraded=["no language model"]))
    failed = _draw(_exchange(status="failed", problem="Sorry."))
    assert 'role="alert"' in failed and 'data-act="again"' in failed
    assert 'data-act="again"' not in _draw(_exchange(status="failed"), newest=False)
    assert "Stopped" in _draw(_exchange(status="stopped"))


def test_updates_build_the_exchange_and_steps_never_go_back() -> None:
    exchange = Exchange(asked="hi")
    exchange = advance(exchange, StageUpdate(name="rank", detail="d"))
    assert exchange.step == 2
    exchange = advance(exchange, StageUpdate(name="read", detail="again"))
    assert exchange.step == 2
    cards = CardsReady(recommendations=(_recommendation(),), list_id="l", state=UserState())
    exchange = advance(advance(exchange, cards), TextDelta(text="a"))
    exchange = advance(exchange, TextDelta(text="b"))
    assert (exchange.text, exchange.list_id, exchange.status) == ("ab", "l", "running")
    done = advance(exchange, Finished(reply=Reply(text="ab", route="talk", state=UserState())))
    assert (done.status, done.recommendations) == ("done", ())


@pytest.mark.parametrize("error", [NotAllowed("x"), StoreError("/secret"), RuntimeError("boom")])
def test_an_apology_gives_away_nothing_of_the_error(error: Exception) -> None:
    assert str(error) not in apology(error).split()


async def _updates(*updates: Update, then: Exception | None = None) -> AsyncIterator[Update]:
    for update in updates:
        await asyncio.sleep(0)
        yield update
    if then:
        raise then
    await asyncio.sleep(60)


def _play(talk: Talk, updates: AsyncIterator[Update]) -> list[Exchange]:
    async def run() -> list[Exchange]:
        return [exchange async for exchange in talk.play(Exchange(asked="hi"), updates)]

    return asyncio.run(run())


def test_a_turn_is_drawn_from_running_to_done() -> None:
    reply = Reply(text="a", route="talk", state=UserState())
    seen = _play(Talk(), _updates(TextDelta(text="a"), Finished(reply=reply), then=None))
    assert [seen[0].status, seen[-1].status] == ["running", "done"]


def test_a_turn_that_breaks_at_once_or_late_ends_as_failed() -> None:
    for updates in (
        _updates(then=RuntimeError("boom")),
        _updates(TextDelta(text="a"), then=StoreError("x")),
    ):
        talk = Talk()
        assert _play(talk, updates)[-1].status == "failed"
        assert talk.exchanges[-1].problem


def test_stopping_ends_the_turn_and_keeps_what_was_said() -> None:
    async def run() -> Exchange:
        talk = Talk()
        async for exchange in talk.play(Exchange(asked="hi"), _updates(TextDelta(text="so far"))):
            if exchange.text:
                await talk.stop()
        return talk.exchanges[-1]

    stopped = asyncio.run(run())
    assert (stopped.status, stopped.text) == ("stopped", "so far")


def test_a_new_message_stops_the_turn_before() -> None:
    async def run() -> list[str]:
        talk = Talk()
        first = talk.play(Exchange(asked="one"), _updates())
        await anext(first)
        second = talk.play(Exchange(asked="two"), _updates(then=StoreError("x")))
        async for _ in second:
            pass
        return [exchange.status for exchange in talk.exchanges]

    assert asyncio.run(run()) == ["stopped", "failed"]


def test_like_and_dislike_take_each_other_back() -> None:
    talk = Talk()
    for kind in ("like", "save", "dislike"):
        talk.mark("1", kind)
    assert talk.marks["1"] == {"save", "dislike"}


def test_a_person_keeps_their_random_id_and_nobody_can_choose_one() -> None:
    mine = str(uuid4())
    assert Talk(mine).user == mine
    for made_up in ("", "admin", "00000000-0000-0000-0000-000000000000"):
        assert Talk(made_up).user != made_up
    assert Talk(mine).session != Talk(mine).session


def test_a_new_session_forgets_what_was_on_the_page() -> None:
    talk = Talk()
    talk.exchanges.append(_exchange())
    talk.mark("1", "like")
    user, session = talk.user, talk.session
    asyncio.run(talk.clear())
    assert (talk.exchanges, talk.marks, talk.user) == ([], {}, user)
    assert talk.session != session
