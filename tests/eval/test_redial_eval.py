"""ReDial's protocols by hand, systems that fail, leaks that are found, runs that are kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simpatico.errors import DataError, LLMUnavailable
from simpatico.eval import record
from simpatico.eval.engines import Work
from simpatico.eval.redial import (
    Asked,
    answers,
    asked_of,
    cases_of,
    checks_of,
)
from simpatico.eval.redial_run import Found, Part, run, work_of
from simpatico.eval.redial_systems import (
    CoOccurrence,
    Likeness,
    MayRepeat,
    Popularity,
    Repeat,
    System,
    Words,
    repeat_share,
)
from simpatico.finetune.redial_data import Film, Message, Moment, Talk, moments_of
from simpatico.retrieval.encoders.hash import HashEncoder

FILMS = tuple(
    Film(str(number), title, 1990 + number, ("drama",), (), (), (), plot, "")
    for number, title, plot in [
        (1, "Heat", "a thief"),
        (2, "Big Fish", "a teller of tales"),
        (3, "Up", "balloons and a house"),
        (4, "Jaws", "a shark"),
    ]
)


def talk(name: str, *said: tuple[bool, str, str], liked: str = "", disliked: str = "") -> Talk:
    messages = tuple(Message(offered, text, tuple(films)) for offered, text, films in said)
    labels = {film.id: f"{film.title} ({film.year})" for film in FILMS} | {"9": "Lost (1999)"}
    seen = frozenset(liked[:1])
    return Talk(name, messages, labels, frozenset(liked), frozenset(disliked), seen)


TALKS = (
    talk(
        "a",
        (True, "Hello, seen @9?", "9"),
        (False, "I like @1 and tales", "1"),
        (True, "Then @1 or @2", "12"),
        (True, "or @3", "3"),
        (True, "or @9 once more", "9"),
        liked="2",
        disliked="3",
    ),
    talk("b", (False, "A shark please", ""), (True, "@4, and @9", "49"), liked="4"),
)


class Fixed:
    """The same scores for all moments."""

    def __init__(self, name: str, *scores: float) -> None:
        self.name = name
        self.row = np.array(scores, dtype=np.float32)

    def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> NDArray[np.float32]:
        return np.tile(self.row, (len(moments), 1))


@pytest.fixture
def asked() -> Asked:
    return asked_of(TALKS, FILMS)


def figures(asked: Asked, system: Any, protocol: Any) -> dict[str, float]:
    cases = cases_of(asked, answers([system], asked)[system.name], protocol)
    return {name: float(np.nanmean(values)) for name, values in cases.values.items()}


def test_the_three_protocols_by_hand(asked: Asked) -> None:
    assert len(asked.moments) == 4 and asked.n_first == 1
    system = Fixed("f", 4, 3, 2, 1)
    # repeats: 1 at place 1, 2 at 2; 3 at 3; 9 nowhere; 4 at 4, 9 nowhere
    repeats = figures(asked, system, "repeats")
    assert repeats["R@1"] == pytest.approx(1 / 6) and repeats["R@10"] == pytest.approx(4 / 6)
    assert repeats["MRR@10"] == pytest.approx((1 + 1 / 3 + 0 + 1 / 4) / 4)
    assert repeats["SR"] == 0  # the seeker said nothing of 1
    # fresh: 2 at 2, 3 at 3, 4 at 4, 9 nowhere in b (named before in a)
    fresh = figures(asked, system, "fresh")
    assert fresh["R@1"] == 0 and fresh["R@10"] == pytest.approx(3 / 4)
    # masked: 1 is out, so 2 at 1; then 1 and 2 are, so 3 at 1
    masked = figures(asked, system, "masked")
    assert masked["R@1"] == pytest.approx(2 / 4) and masked["RT@1"] == pytest.approx(1 / 2)
    assert masked["SR"] == pytest.approx(1 / 2)
    assert masked["RDL"] == pytest.approx((1 / 2 + 0) / 2)  # a: liked at 1, of two messages
    assert masked["AUC"] == pytest.approx((0.5 + 0) / 2)  # 2 ties with 3 at place 1; 4 is behind


def test_a_system_that_fails_has_failed_and_is_not_left_out(
    asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Fixed):
        def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> NDArray[np.float32]:
            if any(one.at == 3 for one in moments):
                raise LLMUnavailable("nobody listens")
            return super().scores(talks, moments)

    found = answers([Broken("broken", 4, 3, 2, 1), Fixed("nan", 1, np.nan, 0, 0)], asked)
    assert found["broken"].failed.tolist() == [False, True, False, False]
    assert found["nan"].failed.all()
    cases = cases_of(asked, found["broken"], "masked")
    assert len(cases.case) == 4 and cases.failed.sum() == 1
    assert cases.values["R@50"].tolist() == [1, 0, 1, 0]
    assert "nobody listens" in caplog.text


def test_baselines_do_what_their_names_say(asked: Asked) -> None:
    learnt = [
        talk("x", (False, "", "12")),
        talk("y", (False, "", "13")),
        talk("z", (False, "", "1")),
    ]
    assert Popularity(FILMS, learnt).scores(TALKS, asked.moments)[0].tolist() == [3, 1, 1, 0]
    repeated = Repeat(FILMS).scores(TALKS, asked.moments)
    assert np.isfinite(repeated).sum(axis=1).tolist() == [1, 2, 3, 0]
    together = CoOccurrence(FILMS, learnt).scores(TALKS, asked.moments)
    assert np.argsort(-together[0])[:3].tolist() == [1, 2, 0] and together[3].argmax() == 0
    assert Words(FILMS).scores(TALKS, asked.moments)[3].argmax() == 3  # "shark" is in the plot
    like = Likeness(FILMS, HashEncoder(64), lambda what, done, total: None)
    assert like.scores(TALKS, asked.moments)[3].argmax() == 3
    ours = Fixed("ours", *np.log([0.1, 0.2, 0.3, 0.4]))
    both = MayRepeat(ours, FILMS, 0.25).scores(TALKS, asked.moments)
    assert np.exp(both[0]) == pytest.approx([0.25, 0.15, 0.225, 0.3])
    assert repeat_share(moments_of(TALKS)) == pytest.approx(1 - 4 / 6)


def test_leaks_are_found(asked: Asked) -> None:
    class Peeking(Fixed):
        def scores(self, talks: Sequence[Talk], moments: Sequence[Moment]) -> NDArray[np.float32]:
            found = super().scores(talks, moments)
            for row, one in enumerate(moments):
                found[row, 0] += len(talks[one.talk].messages[one.at].films)
            return found

    honest = checks_of(
        asked, [talk("other", (False, "Good day to you", ""))], Fixed("f", 1, 2, 3, 4)
    )
    assert [each.n_found for each in honest] == [0, 0, 0, 0]
    found = checks_of(asked, TALKS[:1], Peeking("p", 1, 2, 3, 4))
    assert [each.n_found for each in found] == [1, 1, 0, 4]
    spelled = asked_of([talk("c", (False, "Big fish?", ""), (True, "@2", "2"))], FILMS)
    (named, _) = checks_of(spelled, [], Fixed("f", 1, 2, 3, 4))
    assert named.n_found == 1


def test_a_run_is_written_for_each_protocol(asked: Asked, tmp_path: Path) -> None:
    data = tmp_path / "test.jsonl"
    data.write_text("x")
    systems: list[System] = [Fixed("ours", 4, 3, 2, 1), Repeat(FILMS)]

    @contextmanager
    def opened() -> Iterator[Work[Part, Found]]:
        yield work_of(asked, systems, TALKS[:0])

    tables = run(
        asked, opened, told="x", data=[data], command="simpatico eval redial", seed=3,
        out=tmp_path / "out",
    )  # fmt: skip
    assert len(tables) == 6
    page = (tmp_path / "out" / "redial.md").read_text()
    assert "ReDial, masked, n=4" in page and "ours, less each other" in page
    for protocol, n in (("repeats", 6), ("fresh", 4), ("masked", 4)):
        kept = record.read(tmp_path / "out" / protocol)
        assert kept.record.n == n and kept.record.seed == 3 and len(kept.record.checks) == 2
        assert kept.cases["repeat"].case == kept.cases["ours"].case
        assert (tmp_path / "out" / protocol / "report.html").is_file()
    facts = dict(record.read(tmp_path / "out" / "repeats").record.protocol)
    assert facts["cases"] == "4 messages of recommenders with 6 targets of 5 films, in 2 dialogues"
    assert facts["ranked"].startswith("4 films of the item file; 2 targets are not in it")


def test_dialogues_without_offers_are_refused_and_ids_are_made_distinct(asked: Asked) -> None:
    with pytest.raises(DataError, match="names films"):
        asked_of([talk("a", (False, "Hello", ""))], FILMS)
    assert [each.id for each in asked_of([TALKS[1], TALKS[1]], FILMS).talks] == ["b", "b#2"]
