"""How long an agent may wait by itself: from its reports and their times to its stop."""

from typing import Any

import pytest

from muster.worker.agents.runner import failures, updates
from muster.worker.agents.runner.entries import Update, make_entry
from muster.worker.agents.runner.limits import (
    GRACE_SECONDS,
    MAX_WAIT_SECONDS,
    RECOVERY_TIMEOUT_SECONDS,
    LimitWatchdog,
)

WALL = 1_700_000_000.0


def limited(kind: str = "rate_limit", resets_in: int | None = None) -> Update:
    resets_at = None if resets_in is None else int(WALL) + resets_in
    return updates.possible_failure(failures.make_failure(kind, "Slow down.", resets_at))


def did(kind: str, **data: Any) -> Update:
    return Update(entry=make_entry(kind, "something", **data))


def after(*timed_updates: tuple[float, Update]) -> LimitWatchdog:
    limits = LimitWatchdog()
    for at, update in timed_updates:
        limits.observe(update, at, WALL + at)
    return limits


@pytest.mark.parametrize(
    ("timed_updates", "due"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param(
            [(1, limited())], 1 + RECOVERY_TIMEOUT_SECONDS, id="a limit of which no end is known"
        ),
        pytest.param([(1, limited("overloaded"))], 1 + RECOVERY_TIMEOUT_SECONDS, id="an overload"),
        pytest.param([(1, limited("quota", 3600))], 1 + GRACE_SECONDS, id="an hour"),
        pytest.param([(0, limited("rate_limit", 20))], GRACE_SECONDS, id="longer than short"),
        pytest.param(
            [(0, limited("rate_limit", int(MAX_WAIT_SECONDS)))],
            RECOVERY_TIMEOUT_SECONDS,
            id="short",
        ),
        pytest.param(
            [(1, limited()), (30, limited())], 1 + RECOVERY_TIMEOUT_SECONDS, id="again and again"
        ),
        pytest.param(
            [(1, limited()), (9, limited(resets_in=99))], 9 + GRACE_SECONDS, id="then longer"
        ),
        pytest.param(
            [(1, limited(resets_in=99)), (4, limited(resets_in=99))],
            1 + GRACE_SECONDS,
            id="the same twice",
        ),
        pytest.param([(1, limited("auth", 3600))], None, id="a wrong key"),
        pytest.param([(1, limited("unknown"))], None, id="who knows"),
        pytest.param([(1, limited()), (2, limited("unknown"))], None, id="then something else"),
        pytest.param([(1, limited()), (2, updates.recovery())], None, id="it went on"),
        pytest.param([(1, limited()), (2, did("command"))], None, id="it did something"),
        pytest.param(
            [(1, limited()), (2, did("error"))], 1 + RECOVERY_TIMEOUT_SECONDS, id="it said so"
        ),
        pytest.param(
            [(1, limited()), (2, did("tool", unfinished=True))],
            1 + RECOVERY_TIMEOUT_SECONDS,
            id="a call is given up",
        ),
        pytest.param(
            [(1, limited()), (2, did("tool")), (50, limited())],
            50 + RECOVERY_TIMEOUT_SECONDS,
            id="another limit",
        ),
    ],
)
def test_when_it_is_ended(timed_updates: list[tuple[float, Update]], due: float | None) -> None:
    assert after(*timed_updates).end_at == due


def test_where_it_gets_on_the_failure_is_none() -> None:
    limits = after((1, limited()))
    recovered, update = limits.observe(did("message"), 2, WALL)
    assert recovered.facts == {"failure": None}
    assert update.entry is not None


def test_the_reason_stays_whatever_it_says_when_it_is_ended() -> None:
    limits = after((1, limited()))
    assert "Slow down." in str(limits.expire().entry)
    assert limits.end_at is None
    last = Update(facts={"turns": 1, "failure": failures.make_failure("unknown", "interrupted")})
    assert [each.facts for each in limits.observe(last, 2, WALL)] == [{"turns": 1}]
    assert limits.observe(limited(resets_in=99), 3, WALL)[0].facts is None
    assert limits.end_at is None
    assert [each.facts for each in limits.observe(did("message"), 4, WALL)] == [None]
