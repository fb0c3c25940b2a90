"""Counting calls when somebody sets the clock."""

import time
from collections.abc import Callable

import pytest

from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.limits import MAX_TRIES, Limits
from simpatico.settings import LimitSettings


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_shuts_nobody_out(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    limits, real = Limits(LimitSettings(per_person=2)), time.time
    tried: tuple[tuple[Callable[[], object], int], ...] = (
        (lambda: limits.count("person", "ann"), 2),
        (lambda: limits.count_try("10.0.0.1"), MAX_TRIES),
    )
    for call, most in tried:
        for _ in range(most):
            call()
        with pytest.raises(ApiError) as refused:
            call()
        assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
    for call, most in tried:
        for _ in range(most):
            call()
        with pytest.raises(ApiError):
            call()
