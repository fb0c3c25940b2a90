"""The explainer's evaluation: its messages, its second look, its judgement; no model runs here."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simpatico.agent import explain as templates
from simpatico.agent.ordinary import OrdinaryWords
from simpatico.domain import Constraints, Item, Mood, Reason, Recommendation, UserState
from simpatico.errors import DataError
from simpatico.eval import explain, record
from simpatico.eval.endpoint import Endpoint
from simpatico.eval.explain import Outcome, Who, bare, eyes_for, judge, row_of, to_markdown
from simpatico.eval.explain_cases import Case, make_cases, read_cases, write_cases
from simpatico.eval.explain_check import (
    additions,
    distinct_2,
    known_of,
    ordinary_words,
    repeats,
    strangers,
)
from simpatico.eval.explain_lines import messages, other_items, runs
from simpatico.eval.explain_rows import failing
from simpatico.eval.explain_run import evidence_used, reading_ease, run_of, verdict_in
from simpatico.explaining import Brief, BriefItem
from simpatico.finetune.explainer_data import Row, shipped_rows
from simpatico.settings import Settings

CASTLE = Item(
    id="castle",
    title="The Castle",
    year=1997,
    genres=("Comedy",),
    creators=("Michael Caton",),
    text="A cheerful family goes to court to keep its house.",
)
LAMP = Item(id="lamp", title="Nine Lamps", year=1961, text="Nine lamps light a long road home.")
HEAT = Item(
    id="heat",
    title="The Long Heat",
    year=1995,
    creators=("Tom Hanks",),
    text="Robbers meet the police at last.",
)
RECOMMENDED = (
    Recommendation(
        item=CASTLE,
        p_accept=0.8,
        reasons=(Reason(kind="mood", text="It is warm and funny", weight=0.6),),
    ),
    Recommendation(item=LAMP, p_accept=0.5),
)
STATE = UserState(mood=Mood(label="sadness", confidence=0.9), need="cheer_up")
SAID = "rough week, anything from before Monday"
CASE = Case(
    said=SAID,
    state=STATE,
    recommendations=RECOMMENDED,
    draft=templates.compose(STATE, RECOMMENDED, seed="1"),
)
OPENED = " ".join(CASE.opening())
GOOD = (
    f"{OPENED} [1] is warm and funny, a family in court. In [2] the road home is long. "
    "Shall I look for something older?"
)
EYES = eyes_for(
    [CASTLE, LAMP, HEAT], None, [GOOD.lower(), "then the big maybe why if here what does it"]
)


def test_messages_are_seeded_distinct_and_unseen() -> None:
    drawn = messages(300, seed=1)
    assert drawn == messages(300, seed=1) and len(set(drawn)) == 300
    assert drawn != messages(300, seed=2)
    seen = drawn[:5] + ["My flatmate moved out this morning, sadly"]
    forbidden = {run for text in seen for run in runs(text)}
    for text in messages(300, seed=1, unlike=seen):
        assert not forbidden & runs(text)
    with pytest.raises(ValueError, match="the grammar gave"):
        messages(50, seed=1, unlike=messages(3000, seed=9))


def test_the_other_items_are_of_many_kinds() -> None:
    items = list(other_items())
    assert len({item.id for item in items}) == len(items) >= 20
    assert len({item.kind for item in items}) >= 8 and "film" not in {i.kind for i in items}


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("The Castle (1997) is a comedy with Michael Caton.", []),
        ("Maybe the Castle. Then Nine Lamps!", []),
        ("You said Monday; I'd say Tuesday.", []),
        ("It has Tom in it.", ["Tom"]),
        ("Tom is in it.", ["Tom"]),
        ("Tom Hanks", ["Tom", "Hanks"]),
        ("It is from 1984.", ["1984"]),
        ("It won an award.", ["award"]),
        ("It's a horror film.", ["horror"]),
        ("Shall it be horror?", []),
        ("They call it “a quiet riot”.", ["a quiet riot"]),
        ("They call it **a castle**. And **the castle**.", ["a castle"]),
        ("Then The Long Heat.", ["Heat", "the long heat", "long heat"]),
        ("See www.evil.example.", ["www"]),
    ],
)
def test_a_second_look_finds_what_nobody_gave(text: str, unknown: list[str]) -> None:
    known = known_of(SAID, STATE, RECOMMENDED, ())
    ordinary = ordinary_words(
        [CASTLE], ["maybe then you they see", "is it tuesday", *["Shall it?"] * 3]
    )
    titles = {"the castle", "nine lamps", "the long heat"}
    found = strangers(text, known, ordinary=ordinary, titles=titles)
    assert found == [each for each in unknown if each != "long heat"]


def test_a_second_look_knows_a_decade_and_claims_of_two_words() -> None:
    told = CASTLE.model_copy(update={"text": "The true story of a family in court."})
    item = RECOMMENDED[0].model_copy(update={"item": told})
    nineties = STATE.model_copy(update={"constraints": Constraints(year_from=1990, year_to=1999)})
    text = "I kept to titles from the 1990s. It is a true story."
    assert strangers(text, known_of("x", nineties, (item,), ()), ordinary={"it"}) == []
    since = STATE.model_copy(update={"constraints": Constraints(year_from=1990)})
    known = known_of("x", since, RECOMMENDED, ())
    assert strangers(text, known, ordinary={"it"}) == ["1990s", "true story"]


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("I'd start with **The Castle (1997)**, because it's a comedy.", []),
        ("**The Castle** has castles and a burglar in it.", ["burglar"]),
        ("A burglar breaks in. **The Castle** comes to mind.", []),
        ("In **The Castle**, a penguin marries. Would a penguin do?", ["marries", "penguin"]),
    ],
)
def test_plain_words_about_an_item_that_nobody_gave_are_found(text: str, added: list[str]) -> None:
    assert additions(text, known_of(SAID, STATE, RECOMMENDED, ()), [CASTLE]) == added


def test_variety_is_counted() -> None:
    assert distinct_2(["a b a b"]) == pytest.approx(2 / 3)
    assert distinct_2([]) == 0
    assert repeats("one two three four. One, two three four!")
    assert not repeats("one two three four five")


def test_a_good_reply_passes_and_is_sent_as_it_is() -> None:
    one = judge("adapter", 0, CASE, GOOD, EYES)
    assert one.problems == () and one.unknown == () and one.reached == ()
    assert one.kept and one.sent == one.said
    assert "**The Castle (1997)**" in one.sent


def test_the_template_passes() -> None:
    one = judge("template", 0, CASE, CASE.draft, EYES)
    assert one.problems == () and one.kept and one.sent == CASE.draft


@pytest.mark.parametrize("who", ["adapter", "base"])
def test_what_a_model_invents_is_counted_and_does_not_reach_the_person(who: Who) -> None:
    raw = GOOD.replace("In [2]", "Tom Hanks won 3 Oscars. In [2]")
    if who == "base":
        raw = raw.replace("[1]", "**The Castle (1997)**").replace("[2]", "**Nine Lamps (1961)**")
    one = judge(who, 0, CASE, raw, EYES)
    assert "not in evidence: Tom Hanks won 3 Oscars." in one.problems
    assert {"Tom", "Hanks", "3"} <= set(one.unknown)
    assert one.reached == () and not one.kept
    assert "Nine Lamps" in one.sent


@pytest.mark.parametrize("who", ["adapter", "base"])
def test_words_are_held_to_what_serving_lets_pass(who: Who) -> None:
    """A made-up title in lower case has no capitals to be known by: its words are in no list."""
    raw = GOOD.replace("In [2]", "You could also try hyperglunk. In [2]")
    if who == "base":
        raw = raw.replace("[1]", "**The Castle (1997)**").replace("[2]", "**Nine Lamps (1961)**")
    usable = OrdinaryWords(re.findall(r"[a-z]+", f"{GOOD} {CASE.draft} you could also try".lower()))
    served = judge(who, 0, CASE, raw, EYES._replace(usable=usable))
    assert served.problems == ("not in evidence: You could also try hyperglunk.",)
    assert "hyperglunk" not in served.sent and "hyperglunk" in judge(who, 0, CASE, raw, EYES).sent


def test_nothing_written_gives_the_draft() -> None:
    for who in ("adapter", "base"):
        one = judge(who, 0, CASE, "", EYES)
        assert one.problems and one.said == "" and not one.kept
        entries = CASE.draft[CASE.draft.index("- ") :]
        assert one.sent == (CASE.draft if who == "base" else f"{OPENED}\n\n{entries}")


def test_the_report_has_a_row_and_samples_for_each_writer() -> None:
    raw: dict[Who, list[str]] = {
        "base": ["I am a model. [x](y)"],
        "template": [CASE.draft] * 2,
        "adapter": [GOOD, GOOD.replace("Shall", "Tom. Shall")],
    }
    judged = {
        who: [judge(who, number, CASE, text, EYES) for number, text in enumerate(texts)]
        for who, texts in raw.items()
    }
    outcome = Outcome([CASE, CASE], judged, ["Measured here."])
    assert row_of("adapter", judged["adapter"], outcome.cases)[1:7] == (
        "2",
        "0.500",
        "1",
        "0",
        "0.00",
        "0.500",
    )
    text = to_markdown(outcome, command="the command", n_samples=5)
    assert "Made by `the command`." in text and "- Measured here." in text
    assert text.count("| explainer adapter | 2 | 0.500 |") == 1
    assert text.count("### 1. rough week") == 1 and "### 2." not in text  # the base wrote one
    assert text.count(f"> {OPENED}") == 1
    assert "Unknown, and sent" not in text


def test_rows_that_would_not_pass_are_told() -> None:
    items = (BriefItem(label="The Castle (1997)", premise="A family in court."),)
    good = "A family in court is [1]. Shall I look for a western?"
    replies = (good, good.replace("A family", "Spielberg"), good.replace("[1]", "[2]"))
    rows = [Row(brief=Brief(said=SAID, items=items), reply=reply) for reply in replies]
    found = dict(failing(rows, frozenset({"spielberg"})))
    assert list(found) == [2, 3]
    assert found[2][0].startswith("not in evidence: Spielberg in court")


def test_our_rows_pass_the_check_they_teach() -> None:
    try:
        rows = shipped_rows()
    except DataError as error:
        pytest.skip(str(error))
    found = list(failing(rows, frozenset()))
    assert len(rows) >= 500
    assert found == []


@pytest.mark.model
def test_cases_are_found_by_search_kept_and_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = make_cases(12, settings=settings, seed=3, unlike=["my choir got through to the end"])
    assert sum(case.films for case in cases) == 10
    assert all(case.recommendations and case.draft for case in cases)
    assert not any("choir got through" in case.said for case in cases)
    assert cases == make_cases(
        12, settings=settings, seed=3, unlike=["my choir got through to the end"]
    )
    write_cases(tmp_path / "cases.jsonl", cases)
    assert read_cases(tmp_path / "cases.jsonl") == cases
    row = Row(brief=Brief(said="hello", items=(BriefItem(label="X"),)), reply=GOOD)

    monkeypatch.setattr(explain, "shipped_rows", lambda: [row, row, row])
    outcome = explain.run(settings=settings, n=6, n_base=0, keep=tmp_path / "keep")
    assert list(outcome.judged) == ["template"]
    assert [one.problems for one in outcome.judged["template"] if one.problems] == []
    again = explain.run(settings=settings, n=6, n_base=0, keep=tmp_path / "keep")
    assert again == outcome


def test_without_our_rows_nothing_is_called_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> list[Row]:
        raise DataError("no rows")

    monkeypatch.setattr(explain, "shipped_rows", none)
    with pytest.raises(DataError, match="no rows"):
        explain.run(settings=Settings(home=tmp_path), n=1)


def outcome_of(raw: dict[Who, list[str]]) -> Outcome:
    judged = {
        who: [judge(who, number, CASE, text, EYES) for number, text in enumerate(texts)]
        for who, texts in raw.items()
    }
    n = max(map(len, raw.values()))
    return Outcome([CASE] * n, judged, [], {"adapter": [0.5] * n} if "adapter" in raw else {})


def test_a_run_of_replies_counts_who_wrote_nothing_as_failed(tmp_path: Path) -> None:
    added = GOOD.replace("Shall", "Tom. Shall")
    outcome = outcome_of(
        {"template": [CASE.draft] * 3, "adapter": [GOOD, added, ""], "base": ["A film."]}
    )
    made = run_of(outcome, command="x", seed=0)
    ours, template, base = made.record.systems
    assert (ours.name, ours.n_failed) == ("explainer adapter", 1)
    told = {one.metric: one for one in ours.figures}
    assert told["passes unaided"].mean == pytest.approx(1 / 3)
    assert (told["unknown facts, written"].n, told["unknown facts, written"].mean) == (2, 0.5)
    assert told["evidence used"].mean == pytest.approx(2 / 3)
    written = [bare(each.said, CASE) for each in outcome.judged["adapter"][:2]]
    assert told["Distinct-2"].mean == pytest.approx(distinct_2(written))
    assert told["s to the end, median"].mean == 0.5
    assert {one.metric: one.n for one in base.figures}["items named"] == 1
    assert template.n_failed == 0
    record.write(tmp_path / "run", made)
    assert record.read(tmp_path / "run").record == made.record


def test_a_judge_is_asked_in_both_orders_and_its_whims_choose_nobody(
    serve: Callable[..., Any],
) -> None:
    outcome = outcome_of({"template": ["It is warm."] * 3, "adapter": [GOOD] * 3})
    fair = serve(
        lambda chat: json.dumps(
            {"better": "A" if "family" in chat[-1]["content"].split("Reply B")[0] else "B"}
        )
    )
    whim = serve(lambda chat: '{"better": "A"}')
    mute = serve(lambda chat: "both are fine")
    metric = "judge's choice over template"
    told = {}
    for name, server in (("fair", fair), ("whim", whim), ("mute", mute)):
        made = run_of(outcome, command="x", seed=0, judge=Endpoint(server.url))
        told[name] = {one.metric: one.mean for one in made.record.systems[0].figures}
    agrees = "judge agrees with itself, over template"
    assert (told["fair"][metric], told["fair"][agrees]) == (1, 1)
    assert (told["whim"][metric], told["whim"][agrees]) == (0.5, 0)
    assert metric not in told["mute"]
    assert len(fair.asked) == 2  # three equal states, each question once


def test_how_a_text_reads_and_what_it_gives_back_by_hand() -> None:
    easy, hard = (
        "The cat sat. The dog ran.",
        "Unquestionably inimitable cinematographic brilliance.",
    )
    assert reading_ease(easy) == pytest.approx(206.835 - 1.015 * 3 - 84.6)
    assert reading_ease(hard) < 0 < reading_ease(easy)
    assert np.isnan(reading_ease("..."))
    assert evidence_used("So warm, and it is funny.", CASE) == 1
    assert evidence_used("A film.", CASE) == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [('{"better": "A"}', 1), ('x {"better": "b"}', 0), ('{"better": "tie"}', 0.5), ("A", None)],
)
def test_verdicts_are_read_from_json_alone(text: str, found: float | None) -> None:
    assert verdict_in(text) == found
