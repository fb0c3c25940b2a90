"""Conversations with simulated people: what is counted, with real systems and scripted ones."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback import serving
from pydantic import SecretStr
from typer.testing import CliRunner

from simpatico.agent.llm import ScriptedLLM
from simpatico.domain import Choice, Impression, Item, Turn
from simpatico.errors import BadReply, LLMError, LLMUnavailable, SettingsError
from simpatico.eval import offpolicy_log, record, simulate
from simpatico.eval.conversations import Attributes, Chat, Outcome, Talks, converse
from simpatico.eval.figures import system_of
from simpatico.eval.seekers import MAX_TURNS, Seeker, Wish, message
from simpatico.eval.simulate import cases_of, fit, satisfaction
from simpatico.eval.talkers import POPULARITY, Answered, Endpoint, Which, check_url, talker_of
from simpatico.retrieval.catalog import Catalog
from simpatico.settings import Settings, load_settings
from simpatico.ui.cli import app

ITEMS = [
    Item(id="a", title="Paper Moon", year=1973, genres=("Comedy",), popularity=0.9),
    Item(id="b", title="Blue Thunder", year=1983, genres=("Action",), popularity=0.8),
    Item(id="c", title="Silver Streak", year=1976, genres=("Comedy",), popularity=0.7),
]
CATALOG = Catalog("films", tuple(ITEMS))
SEEKER = Seeker(
    id="s",
    target="a",
    title="Paper Moon",
    mood="joy",
    feeling="I am so happy today!",
    wishes=(
        Wish(kind="genre", value="Comedy", said="A comedy."),
        Wish(kind="era", value="1970", said="From the 1970s."),
    ),
)


class Scripted:
    """Shows lists in turn; raises what is no list."""

    def __init__(self, *lists: tuple[str, ...] | Exception) -> None:
        self._lists = lists
        self.heard: list[str] = []

    def reply(self, who: str, said: Sequence[Turn]) -> Answered:
        self.heard.append(said[-1].text)
        found = self._lists[min(len(self.heard), len(self._lists)) - 1]
        if isinstance(found, Exception):
            raise found
        return Answered(text="Here.", shown=found, degraded=("slow",) if not found else ())

    def lists(self, who: str) -> tuple[Impression, ...]:
        return ()


class Blabs:
    """Says the title at the second turn."""

    def say(self, seeker: Seeker, told: Sequence[Turn]) -> str:
        return "Is it Papermoon?" if told else "A comedy."


def test_a_conversation_ends_when_the_target_is_shown() -> None:
    talker = Scripted(("b", "c"), (), ("c", "a"))
    found = converse(SEEKER, Attributes(), talker, CATALOG)
    assert (found.found_at, found.n_turns) == (3, 3)
    # Turn 1: c is a comedy, b is not. Turn 3: both are comedies of the 1970s.
    assert found.fit == (0.5, 1.0)
    assert (found.n_shown, found.n_again, found.n_degraded) == (4, 1, 1)
    assert talker.heard == [message(SEEKER, turn) for turn in (1, 2, 3)]
    assert satisfaction(found) == pytest.approx(0.8)


def test_a_title_that_is_given_away_is_not_sent_and_fails_the_case() -> None:
    talker = Scripted(("b",))
    found = converse(SEEKER, Blabs(), talker, CATALOG)
    assert found.leaked == "run together" and talker.heard == ["A comedy."]
    assert satisfaction(found) == 0 and found.told[-1].text == "Is it Papermoon?"


def test_a_model_that_speaks_is_never_told_the_title() -> None:
    llm = ScriptedLLM(["A funny one.\nAnd more.", "  "])
    with asyncio.Runner() as runner:
        voice = Chat(llm, runner)
        assert voice.say(SEEKER, []) == "A funny one."
        told = [Turn(role="user", text="A funny one."), Turn(role="assistant", text="Up?")]
        with pytest.raises(BadReply, match="said nothing"):
            voice.say(SEEKER, told)
    first, second = (json.dumps(each) for each in llm.requests)
    assert "Paper Moon" not in first + second and "genre: Comedy; era: 1970" in first
    assert '"role": "assistant", "content": "A funny one."' in second


def test_a_system_that_fails_is_counted_as_failed() -> None:
    found = converse(SEEKER, Attributes(), Scripted(("c",), LLMUnavailable("dead")), CATALOG)
    assert found.failed == "LLMUnavailable: dead" and found.n_turns == 1
    assert satisfaction(found) == 0


def test_values_are_those_of_a_miss_when_a_case_failed_or_leaked() -> None:
    every = [
        Outcome(found_at=2, n_turns=2, fit=(0.0, 1.0), n_shown=8, n_again=2),
        Outcome(n_turns=MAX_TURNS, fit=(0.5,) * MAX_TURNS, n_shown=4),
        Outcome(n_turns=1, failed="dead"),
        Outcome(n_turns=1, leaked="title", fit=(1.0,)),
    ]
    seekers = [SEEKER.model_copy(update={"id": str(at)}) for at in range(3)]
    seekers.append(SEEKER.model_copy(update={"id": "3", "mood": "anger"}))
    found = cases_of(seekers, every)
    assert found.values["success@1"].tolist() == [0, 0, 0, 0]
    assert found.values["success@3"].tolist() == [1, 0, 0, 0]
    assert found.values["satisfaction"].tolist() == [0.9, 0.25, 0, 0]
    assert found.values["leaked"].tolist() == [0, 0, 0, 1]
    assert found.failed.tolist() == [False, False, True, False]
    whole = system_of("ours", found, lower_is_better=simulate.FALLS)
    figures = {one.metric: one for one in whole.figures}
    assert (figures["turns, where found"].n, figures["turns, where found"].mean) == (1, 2)
    assert figures["shown again"].n == 2 and not figures["shown again"].higher_is_better
    assert figures["success@5 by mood: joy"].mean == pytest.approx(1 / 3)
    assert figures["success@5 by mood: anger"].n == 1
    assert fit(Outcome()) == 0


def test_policies_are_judged_by_lists_whose_last_place_was_drawn() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    every = []
    for at in range(20):
        last, other = ("a", "b") if at % 4 else ("b", "a")
        choices = (Choice(item_id="a", propensity=0.75), Choice(item_id="b", propensity=0.25))
        shown = Impression(
            list_id=f"{at}:1", at=now, user=str(at), session=str(at), items=("c", last),
            positions=(1, 2), policy="p", propensities=(1.0, 0.75 if last == "a" else 0.25),
            choices=choices,
        )  # fmt: skip
        liked = ((f"{at}:1", last),) if last == "a" else ()
        every.append(Outcome(lists=(shown,), liked=liked))
    seekers = [SEEKER.model_copy(update={"id": str(at)}) for at in range(20)]
    log = offpolicy_log.read_log(simulate.log_of(seekers, every), rewards=("like",))
    policies = {"best": offpolicy_log.best}
    found = {one.metric: one.mean for one in simulate.of_policies(log, policies, seed=0)}
    # a, always liked, stood last in 15 of 20 lists at a chance of .75: weight 1 / .75 each.
    assert found["last place liked: as logged"] == 0.75
    assert found["last place liked: best, IPS"] == pytest.approx(15 / 0.75 / 20)
    assert found["last place liked: best, SNIPS"] == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.model
def test_our_service_finds_what_popularity_does_not(settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(
        update={"retrieval": settings.retrieval.model_copy(update={"explore": 0.2})}
    )
    systems = {
        "simpatico": Talks(which=Which(name="simpatico", settings=settings)),
        "popularity": Talks(which=Which(name="popularity", settings=settings, url=POPULARITY)),
    }
    out = tmp_path / "out"

    def kept() -> dict[Path, bytes]:
        return {file: file.read_bytes() for file in settings.home.glob("*.sqlite*")}

    before = kept()
    tables = simulate.run(systems, n=8, out=out, command="x")
    found = record.read(out)
    ours, popular = ({one.metric: one for one in each.figures} for each in found.record.systems)
    assert ours["success@5"].mean > popular["success@5"].mean
    assert ours["leaked"].mean == 0 and ours["degraded"].mean == 0
    assert found.record.systems[0].n_failed == 0
    assert "last place liked: as logged" in ours
    assert "success@5 by mood" in [table.title for table in tables]
    assert kept() == before  # nobody was kept in the home itself
    assert "Simulated seekers" in (out / "report.html").read_text()
    told: list[tuple[str, int, int]] = []
    simulate.run(systems, n=8, out=out, command="x", progress=lambda *seen: told.append(seen))
    assert told == [("simpatico", 8, 8), ("popularity", 8, 8)]  # all kept


@pytest.mark.slow
def test_processes_have_the_same_conversations(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", llm={"enabled": False})
    systems = {"popularity": Talks(which=Which(name="p", settings=settings, url=POPULARITY))}
    for engine in ("serial", "processes"):
        simulate.run(systems, n=16, out=tmp_path / engine, command="x", engine=engine, workers=2)
    one, two = (record.read(tmp_path / engine) for engine in ("serial", "processes"))
    assert one.record.systems == two.record.systems
    assert one.cases["popularity"].texts == two.cases["popularity"].texts


@contextmanager
def answering(status: int, body: object) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A server that answers every POST alike, and what it was sent."""
    sent: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802  # the library's name
            length = int(self.headers["Content-Length"])
            sent.append(
                {"key": self.headers["Authorization"], **json.loads(self.rfile.read(length))}
            )
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}/v1", sent


def chat(content: object) -> dict[str, object]:
    return {"choices": [{"message": {"role": "assistant", "content": content}}]}


def test_any_server_s_titles_are_found_in_its_words(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    with answering(200, chat("How about Paddington 2 (2017), or The Big Lebowski?")) as (url, sent):
        which = Which(name="other", settings=settings, url=url, model="m", key="secret")
        with talker_of(which) as talker:
            found = talker.reply("s", [Turn(role="user", text="a comedy")])
        assert found.shown == ("Paddington_2", "The_Big_Lebowski")
        assert sent[-1]["messages"] == [{"role": "user", "content": "a comedy"}]
        assert sent[-1]["model"] == "m" and sent[-1]["key"] == "Bearer secret"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, {"error": "oh"}, "answered 500"),
        (200, {"nothing": 1}, "gave no chat completion"),
        (200, chat(None), "gave no chat completion"),
    ],
)
def test_a_server_that_gives_no_answer_is_told(status: int, body: object, told: str) -> None:
    with answering(status, body) as (url, _):
        server = Endpoint(url, "m", SecretStr(""), CATALOG)
        with pytest.raises(LLMError, match=told):
            server.reply("s", [Turn(role="user", text="a comedy")])
        server.close()


def test_a_server_s_own_recommendations_count_as_far_as_the_catalogue_has_them() -> None:
    cards: list[dict[str, object]] = [
        {"id": one, "title": one, "year": None, "kind": "film", "genres": [], "creators": [],
         "p_accept": 0.5, "reasons": []}
        for one in ("b", "elsewhere")
    ]  # fmt: skip
    ours = {"recommendations": cards, "degraded": ["slow"]}
    for extra, shown in ((ours, ("b",)), ({"recommendations": 7}, ("c",))):
        with answering(200, {**chat("Silver Streak (1976)"), "simpatico": extra}) as (url, _):
            server = Endpoint(url, "m", SecretStr(""), CATALOG)
            found = server.reply("s", [Turn(role="user", text="a comedy")])
            server.close()
        assert found.shown == shown
        assert found.degraded == (("slow",) if extra is ours else ())


def test_a_dead_server_and_a_bad_address_are_told_before_anything_is_run(tmp_path: Path) -> None:
    given = ["eval", "simulate", "--n", "1", "--out", str(tmp_path / "out"), "--system"]
    env = {"SIMPATICO_HOME": str(tmp_path)}
    done = CliRunner().invoke(app, [*given, "http://127.0.0.1:9/v1"], env=env)
    assert isinstance(done.exception, LLMUnavailable)
    assert "127.0.0.1:9/v1/chat/completions does not answer" in str(done.exception)
    assert not (tmp_path / "out" / "run.json").exists()
    for url in ("localhost:7860", "ftp://x/v1", "http://"):
        with pytest.raises(SettingsError, match="wanted an address"):
            check_url(url)
