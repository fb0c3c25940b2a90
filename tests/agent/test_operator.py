"""Who is let in to see how it runs, and what is read off the series that are counted."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from simpatico.agent.api.door import Door
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.hours import N_HOURS, Hour, Hours
from simpatico.agent.api.limits import MAX_TRIES
from simpatico.agent.api.metrics import Metrics
from simpatico.agent.api.operator import admit
from simpatico.agent.api.overview import moods_of, overview, quantile
from simpatico.domain import Mood, Reply, Stage, Trace, UserState
from simpatico.settings import MIN_SECRET, LimitSettings, Settings

NEAR = "127.0.0.1"


def door(home: Path, **more: object) -> Door:
    return Door(Settings(home=home, **more))  # type: ignore[arg-type]


def refusal(one: Door, *, peer: str = NEAR, key: str = "", **headers: str) -> tuple[int, str]:
    """The status and code with which somebody is refused; (200, "") when let in."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    try:
        admit(one, peer=peer, headers=named, key=key)
    except ApiError as error:
        return error.status, error.code or ""
    return 200, ""


def test_without_keys_it_is_open_to_who_sits_here(tmp_path: Path) -> None:
    here = door(tmp_path)
    assert refusal(here) == (200, "")
    assert refusal(here, peer="::1", origin="http://localhost:7860") == (200, "")
    assert refusal(here, host="127.0.0.1:7860") == refusal(here, host="[::1]:80") == (200, "")
    assert refusal(door(tmp_path, host="::1"), peer="::1") == (200, "")


@pytest.mark.parametrize(
    ("host", "peer", "headers"),
    [
        ("127.0.0.1", "192.0.2.7", {}),
        ("127.0.0.1", "", {}),
        ("0.0.0.0", NEAR, {}),
        ("::", "::1", {}),
        ("localhost.example.org", NEAR, {}),
        ("127.0.0.1", NEAR, {"X_Forwarded_For": NEAR}),
        ("127.0.0.1", NEAR, {"x_forwarded_proto": "https"}),
        ("127.0.0.1", NEAR, {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", NEAR, {"via": "1.1 proxy"}),
        ("127.0.0.1", NEAR, {"X_Real_IP": NEAR}),
        ("127.0.0.1", NEAR, {"origin": "https://films.example.org"}),
        ("127.0.0.1", NEAR, {"origin": "null"}),
        ("127.0.0.1", NEAR, {"origin": "http://127.0.0.1.example.org"}),
        ("127.0.0.1", NEAR, {"origin": "http://["}),
        ("127.0.0.1", NEAR, {"host": "films.example.org"}),
        ("127.0.0.1", NEAR, {"host": "[::1"}),
    ],
)
def test_who_may_be_elsewhere_is_asked_for_a_key(
    tmp_path: Path, host: str, peer: str, headers: dict[str, str]
) -> None:
    one = door(tmp_path, host=host)
    assert refusal(one, peer=peer, **headers) == (401, "missing_api_key")
    assert refusal(one, peer=peer, key="guess", **headers) == (401, "no_api_key")


def test_with_a_key_here_is_asked_too_and_only_operators_are_let_in(tmp_path: Path) -> None:
    one = door(tmp_path)
    operator, secret = one.keys.add("operator", scopes=["admin"])
    _, chat = one.keys.add("shop", scopes=["chat", "events"])
    _, tenant = one.keys.add("acme", scopes=["admin"], tenant="acme")
    assert refusal(one) == (401, "missing_api_key")
    assert refusal(one, key=f" {secret} ") == (200, "")
    assert refusal(one, key=chat) == (403, "insufficient_scope")
    assert refusal(one, key=tenant) == (403, "insufficient_scope")
    assert refusal(one, key=secret[:-1]) == (401, "invalid_api_key")
    assert refusal(one, key="sim-\ud800 \x00 ключ") == (401, "invalid_api_key")
    one.keys.revoke(operator.id)
    assert refusal(one, key=secret) == (401, "invalid_api_key")


def test_the_key_of_the_settings_opens_and_calls_are_counted_like_the_api_s(
    tmp_path: Path,
) -> None:
    one = door(tmp_path, api_key=SecretStr("s3cret"), limits=LimitSettings(per_key=2))
    assert [refusal(one, key="s3cret") for _ in range(3)] == [
        (200, ""),
        (200, ""),
        (429, "rate_limit_exceeded"),
    ]


@pytest.mark.parametrize(
    ("peer", "same", "other"),
    [(NEAR, NEAR, "192.0.2.7"), ("2001:db8::1", "2001:db8::2:3", "2001:db8:0:1::1")],
)
def test_after_ten_wrong_keys_of_a_network_a_key_that_could_be_guessed_is_not_tried(
    tmp_path: Path, peer: str, same: str, other: str
) -> None:
    one = door(tmp_path, api_key=SecretStr("s3cret"))
    _, made = one.keys.add("operator", scopes=["admin"])
    codes = [refusal(one, peer=peer, key=f"guess {n}")[0] for n in range(MAX_TRIES)]
    assert codes == [401] * MAX_TRIES
    told = []
    for key in ("s3cret", "another guess"):  # nobody learns from there which of them is right
        with pytest.raises(ApiError) as refused:
            admit(one, peer=same, headers=[], key=key)
        told.append((refused.value.status, refused.value.message, refused.value.headers))
        assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    assert told[0] == told[1] and told[0][0] == 429
    assert refusal(one, peer=same, key=made) == (200, "")
    assert refusal(one, peer=other, key="s3cret") == (200, "")


def test_a_key_that_nobody_guesses_opens_after_any_number_of_wrong_ones(tmp_path: Path) -> None:
    one = door(tmp_path, api_key=SecretStr("k" * MIN_SECRET))
    codes = {refusal(one, key=f"guess {n}")[0] for n in range(MAX_TRIES + 2)}
    assert codes == {401}
    assert refusal(one, key="k" * MIN_SECRET) == (200, "")


def test_quantiles_are_those_of_the_values_where_buckets_are_fine() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 10, size=20_000)
    bounds = [*np.arange(0.1, 10.05, 0.1), math.inf]
    buckets = {float(bound): float((values <= bound).sum()) for bound in bounds}
    for share in (0.05, 0.5, 0.95):
        assert quantile(buckets, share) == pytest.approx(np.quantile(values, share), abs=0.02)
    assert quantile({1.0: 0.0, 2.0: 4.0, math.inf: 4.0}, 0.5) == 1.5
    assert quantile({1.0: 0.0, 2.0: 0.0, math.inf: 4.0}, 0.95) == 2.0  # at least


def reply(mood: str = "unknown", *, route: str = "recommend", ms: float = 100) -> Reply:
    return Reply(
        text="Here.",
        route=route,
        state=UserState(mood=Mood(label=mood)),
        trace=Trace(stages=(Stage(name="read", ms=ms),)),
    )


def test_the_overview_is_what_the_series_say() -> None:
    metrics = Metrics()
    assert overview(metrics).feedback_rate is None and overview(metrics).whole is None
    for n in range(4):
        metrics.turn("page" if n else "chat", reply(), seconds=3.0, first_word_s=0.15)
    metrics.turn("page", reply(route="talk"), seconds=3.0)
    metrics.failed("page", "stopped")
    for kind, status in (("like", "accepted"), ("like", "duplicate"), ("save", "accepted")):
        metrics.event(kind, status)
    metrics.event("unknown", "refused")
    seen = overview(metrics)
    assert seen.turns == (("recommend", 4), ("talk", 1)) and seen.n_turns == 5
    assert seen.doors == (("page", 4), ("chat", 1)) and seen.failed == (("stopped", 1),)
    assert seen.events == (("like", 1), ("save", 1)) and seen.n_refused == 1
    assert seen.feedback_rate == 0.5
    assert seen.whole is not None and (seen.whole.n, seen.whole.p50_s) == (5, 3.0)
    assert seen.first_word is not None and seen.first_word.n == 4
    assert 0.1 < seen.first_word.p95_s <= 0.2
    [stage] = seen.stages
    assert (stage.name, stage.n) == ("read", 5) and 0.05 < stage.p50_s <= 0.1


def test_moods_of_few_turns_are_not_told() -> None:
    metrics = Metrics()
    for mood in ("joy", "joy", "sadness", "unknown", "unknown", "joy"):
        metrics.turn("page", reply(mood), seconds=1)
    assert moods_of(overview(metrics).hours) == ()
    metrics.turn("page", reply("fear"), seconds=1)
    hours = overview(metrics).hours
    assert moods_of(hours) == moods_of(hours[-1]) == (("joy", 3), ("fear", 1), ("sadness", 1))
    assert moods_of(hours[0]) == () and hours[-1].n == 7
    few = Hour(at=hours[0].at, counts=(("grief", 4),))
    assert moods_of((few, few, hours[-1])) == moods_of(hours[-1])
    assert b"joy" not in metrics.text()


def test_hours_are_forgotten_after_a_day_and_survive_a_clock_that_goes_back() -> None:
    now = datetime(2026, 11, 23, 2, 59, tzinfo=UTC)
    hours = Hours(lambda: now)
    hours.count("joy")
    now += timedelta(minutes=2)
    hours.count("joy")
    now -= timedelta(minutes=30)
    hours.count("fear")
    now += timedelta(minutes=30)
    assert [hour.n for hour in hours.newest()[-3:]] == [0, 1, 2]
    assert hours.newest()[-1].counts == (("joy", 1), ("fear", 1))
    now += timedelta(hours=N_HOURS - 1)
    assert [hour.n for hour in hours.newest()] == [2] + [0] * (N_HOURS - 1)
    now += timedelta(hours=1)
    assert sum(hour.n for hour in hours.newest()) == 0


def test_what_was_shown_to_anybody_is_known_of_both_logs(tmp_path: Path) -> None:
    from simpatico.agent.eventlog import SqliteLog
    from simpatico.agent.volatile import VolatileLog
    from simpatico.domain import Impression

    for log in (SqliteLog(tmp_path / "e.db"), VolatileLog()):
        for user, items in (("ann", ("b", "é\"'")), ("bob", ("b", "a"))):
            log.impress(
                Impression(
                    list_id=user, at=datetime.now(UTC), user=user, session="s", items=items,
                    positions=(1, 2), policy="x",
                )
            )  # fmt: skip
        assert log.shown() == ["a", "b", "é\"'"]
        log.erase("bob")
        assert log.shown() == ["b", "é\"'"]
        log.close()
