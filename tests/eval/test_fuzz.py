"""Hostile dialogues: what is shown comes from the catalogue, and no turn breaks."""

import asyncio
from pathlib import Path

import pytest

from simpatico.agent.ground import Gate
from simpatico.domain import Item, Reason, Recommendation, Reply, UserState
from simpatico.errors import DataError
from simpatico.eval.fuzz import run, talk, talk_with, writers_of
from simpatico.eval.fuzz_lines import DECOYS, lie, outside, script
from simpatico.eval.outside import Outside, active
from simpatico.eval.record import read
from simpatico.retrieval.catalog import Catalog
from simpatico.settings import Settings

HERE = Item(id="a", title="M*A*S*H", year=1970)
CATALOG = Catalog("two", (HERE, Item(id="b", title="Heat", year=1995)))
JUDGE = Outside(CATALOG, DECOYS)


def said(text: str, *items: Item) -> Reply:
    chosen = tuple(Recommendation(item=item, p_accept=0.5) for item in items)
    return Reply(text=text, route="recommend", state=UserState(), recommendations=chosen)


def test_no_title_from_outside_is_shown_over_hostile_turns(settings: Settings) -> None:
    shown = asyncio.run(talk(settings, seed=11, numbers=range(12)))
    assert len(shown) > 30
    assert [one for one in shown if one.outside or one.active or one.broken] == []
    assert sum(one.n_items for one in shown) > 40


def test_what_a_lying_model_names_is_held_back_by_the_gate_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = range(40, 42)
    held = talk_with("adapters", settings, seed=11, numbers=numbers)
    assert [one for one in held if one.outside or one.active or one.broken] == []
    monkeypatch.setattr(Gate, "pass_on", lambda self, sentence: sentence)
    assert any(one.outside for one in talk_with("adapters", settings, seed=11, numbers=numbers))


@pytest.mark.parametrize(
    "text",
    [
        "**Ostrivane (1999)** is nice.",
        "- Heat (1995): a film.",
        "Try *Ostrivane*.",
        "try ostrivane, or seven grelks for morvina",
        "我推荐再见蓝橘镇。",
        "**Heat (1996)**: another year.",
    ],
)
def test_a_title_from_outside_is_found_however_it_is_written(text: str) -> None:
    assert JUDGE.of_reply(said(text))


@pytest.mark.parametrize(
    "text",
    [
        "- **M\\*A\\*S\\*H (1970)**: a film.\n- **Heat (1995)**: it's warm.",
        "I had *Heat (1995)* in mind.",
        "I don't have “Ostrivane” or “Hyperglunk” here. What did you like about it?",
    ],
)
def test_what_the_catalogue_has_may_be_named_and_a_lack_admitted(text: str) -> None:
    assert JUDGE.of_reply(said(text, HERE)) == []


def test_a_changed_item_and_a_reason_with_another_title_are_found() -> None:
    other = HERE.model_copy(update={"title": "Mash"})
    assert JUDGE.of_reply(said("Here.", other)) == ["recommended: Mash (1970)"]
    reason = Reason(kind="attribute", text="It is like Hyperglunk", weight=1)
    chosen = Recommendation(item=HERE, p_accept=0.5, reasons=(reason,))
    assert JUDGE.of_list([chosen]) == ["in a reason: Hyperglunk"]


def test_links_and_hidden_characters_are_found_but_for_those_of_titles() -> None:
    assert active(said("See [this](https://evil.example) and \u202ethat"))
    assert active(said("evil.com"))
    assert active(said("a < b, and 3 > 2")) == []
    dotted = Item(id="c", title="Dot.com", year=2000)
    assert active(said("**Dot.com (2000)**", dotted), [dotted]) == []


def test_a_dialogue_depends_on_its_seed_and_number_alone() -> None:
    titles, decoys = ["Heat", "Up"], list(DECOYS)
    assert script(1, 2, titles, decoys) == script(1, 2, titles, decoys)
    assert script(1, 2, titles, decoys) != script(1, 3, titles, decoys)
    assert lie("reply:") == lie("reply:")


def test_a_decoy_that_the_catalogue_has_is_none() -> None:
    assert "Krondak 7" not in outside(["krondak 7", "Heat"])


def test_writers_are_named() -> None:
    assert writers_of("adapters, templates") == ("templates", "adapters")
    with pytest.raises(DataError, match="wanted some of templates.*got liars"):
        writers_of("templates,liars")
    with pytest.raises(DataError, match="got none"):
        writers_of(" ,")


def test_a_run_is_kept_with_its_turns(settings: Settings, tmp_path: Path) -> None:
    run(
        settings,
        n=2,
        writers=("templates",),
        seed=3,
        processes=1,
        command="simpatico eval fuzz",
        out=tmp_path / "run",
    )
    kept = read(tmp_path / "run")
    assert kept.record.n == 2 and kept.record.task == "fuzz"
    assert set(kept.cases["templates"].values) == {"outside", "active", "broken", "items shown"}
    assert kept.cases["templates"].case[0] == "3:0:0"
