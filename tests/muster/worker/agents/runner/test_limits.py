"""How long an agent may wait by itself: from what it tells, and when, to when it is ended."""

from typing import Any

import pytest

from muster.worker.agents.runner import failures, updates
from muster.worker.agents.runner.entries import Told, entry
from muster.worker.agents.runner.limits import GRACE, PATIENCE, SHORT, Limits

WALL = 1_700_000_000.0


def limited(kind: str = "rate_limit", resets_in: int | None = None) -> Told:
    resets_at = None if resets_in is None else int(WALL) + resets_in
    return updates.failing(failures.failure(kind, "Slow down.", resets_at))


def did(kind: str, **data: Any) -> Told:
    return Told(entry=entry(kind, "something", **data))


def after(*said: tuple[float, Told]) -> Limits:
    limits = Limits()
    for at, told in said:
        limits.heard(told, at, WALL + at)
    return limits


@pytest.mark.parametrize(
    ("said", "due"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([(1, limited())], 1 + PATIENCE, id="a limit of which no end is known"),
        pytest.param([(1, limited("overloaded"))], 1 + PATIENCE, id="an overload"),
        pytest.param([(1, limited("quota", 3600))], 1 + GRACE, id="an hour"),
        pytest.param([(0, limited("rate_limit", 20))], GRACE, id="longer than short"),
        pytest.param([(0, limited("rate_limit", int(SHORT)))], PATIENCE, id="short"),
        pytest.param([(1, limited()), (30, limited())], 1 + PATIENCE, id="again and again"),
        pytest.param([(1, limited()), (9, limited(resets_in=99))], 9 + GRACE, id="then longer"),
        pytest.param(
            [(1, limited(resets_in=99)), (4, limited(resets_in=99))], 1 + GRACE, id="the same twice"
        ),
        pytest.param([(1, limited("auth", 3600))], None, id="a wrong key"),
        pytest.param([(1, limited("unknown"))], None, id="who knows"),
        pytest.param([(1, limited()), (2, limited("unknown"))], None, id="then something else"),
        pytest.param([(1, limited()), (2, updates.recovered())], None, id="it went on"),
        pytest.param([(1, limited()), (2, did("command"))], None, id="it did something"),
        pytest.param([(1, limited()), (2, did("error"))], 1 + PATIENCE, id="it said so"),
        pytest.param(
            [(1, limited()), (2, did("tool", unfinished=True))],
            1 + PATIENCE,
            id="a call is given up",
        ),
        pytest.param(
            [(1, limited()), (2, did("tool")), (50, limited())], 50 + PATIENCE, id="another limit"
        ),
    ],
)
def test_when_it_is_ended(said: list[tuple[float, Told]], due: float | None) -> None:
    assert after(*said).due == due


def test_where_it_gets_on_the_failure_is_none() -> None:
    limits = after((1, limited()))
    recovered, told = limits.heard(did("message"), 2, WALL)
    assert recovered.facts == {"failure": None}
    assert told.entry is not None


def test_the_reason_stays_whatever_it_says_when_it_is_ended() -> None:
    limits = after((1, limited()))
    assert "Slow down." in str(limits.end().entry)
    assert limits.due is None
    last = Told(facts={"turns": 1, "failure": failures.failure("unknown", "interrupted")})
    assert [each.facts for each in limits.heard(last, 2, WALL)] == [{"turns": 1}]
    assert limits.heard(limited(resets_in=99), 3, WALL)[0].facts is None
    assert limits.due is None
    assert [each.facts for each in limits.heard(did("message"), 4, WALL)] == [None]
