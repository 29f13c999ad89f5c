"""When a delivery is tried again, and when a bot is left in peace."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.delivery import (
    FAILURE_THRESHOLD,
    MAX_PAUSE,
    MAX_RETRY_AFTER,
    MAX_WAIT,
    MIN_PAUSE,
    MIN_WAIT,
    CircuitBreaker,
    backoff,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def failed(times: int) -> CircuitBreaker:
    circuit = CircuitBreaker()
    for _ in range(times):
        circuit = circuit.after_failure(NOW)
    return circuit


@pytest.mark.parametrize(
    ("attempts", "luck", "seconds"),
    [(1, 1.0, 4), (1, 0.0, 0), (1, 0.5, 2), (2, 1.0, 8), (5, 1.0, 64), (5, 0.25, 16)],
)
def test_the_wait_doubles_and_chance_takes_any_part_of_it(
    attempts: int, luck: float, seconds: float
) -> None:
    assert backoff(attempts, luck) == timedelta(seconds=seconds)


def test_the_wait_has_an_end() -> None:
    assert backoff(1, 1.0) == MIN_WAIT
    assert backoff(10_000, 1.0) == MAX_WAIT


def test_a_closed_circuit_lets_as_many_pass_as_may_at_once() -> None:
    assert [failed(0).capacity(NOW, 4, flying) for flying in (0, 3, 4, 5)] == [4, 1, 0, 0]
    assert failed(FAILURE_THRESHOLD - 1).capacity(NOW, 4, 0) == 4


def test_it_opens_after_failures_in_a_row_and_then_one_tries_it_for_all() -> None:
    circuit = failed(FAILURE_THRESHOLD)
    assert circuit.capacity(NOW + MIN_PAUSE - SECOND, 4, 0) == 0
    assert circuit.capacity(NOW + MIN_PAUSE, 4, 0) == 1
    assert circuit.capacity(NOW + MIN_PAUSE, 4, 1) == 0


def test_each_probe_that_fails_doubles_the_rest_up_to_an_end() -> None:
    rests = [failed(FAILURE_THRESHOLD + n).paused_until for n in (0, 1, 2, 40)]
    assert rests == [NOW + rest for rest in (MIN_PAUSE, MIN_PAUSE * 2, MIN_PAUSE * 4)] + [
        NOW + MAX_PAUSE
    ]


def test_an_answer_closes_it() -> None:
    assert failed(FAILURE_THRESHOLD).after_response() == CircuitBreaker()


def test_who_asks_for_time_gets_it_and_has_not_failed() -> None:
    circuit = failed(FAILURE_THRESHOLD - 1).after_pause_request(NOW, 30 * SECOND)
    assert circuit.failures == 0
    assert circuit.capacity(NOW + 29 * SECOND, 4, 0) == 0
    assert circuit.capacity(NOW + 30 * SECOND, 4, 0) == 4
    shorter = circuit.after_pause_request(NOW, SECOND)
    assert shorter.paused_until == circuit.paused_until, "of two wishes the longer counts"
    assert (
        CircuitBreaker().after_pause_request(NOW, timedelta(days=9)).paused_until
        == NOW + MAX_RETRY_AFTER
    )
