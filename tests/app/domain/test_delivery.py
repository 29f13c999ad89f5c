"""When a delivery is tried again, and when a bot is left in peace."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.delivery import (
    FIRST_REST,
    FIRST_WAIT,
    LONGEST_ASKED,
    LONGEST_REST,
    LONGEST_WAIT,
    OPENS_AFTER,
    Circuit,
    wait,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def failed(times: int) -> Circuit:
    circuit = Circuit()
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
    assert wait(attempts, luck) == timedelta(seconds=seconds)


def test_the_wait_has_an_end() -> None:
    assert wait(1, 1.0) == FIRST_WAIT
    assert wait(10_000, 1.0) == LONGEST_WAIT


def test_a_closed_circuit_lets_as_many_pass_as_may_at_once() -> None:
    assert [failed(0).room(NOW, 4, flying) for flying in (0, 3, 4, 5)] == [4, 1, 0, 0]
    assert failed(OPENS_AFTER - 1).room(NOW, 4, 0) == 4


def test_it_opens_after_failures_in_a_row_and_then_one_tries_it_for_all() -> None:
    circuit = failed(OPENS_AFTER)
    assert circuit.room(NOW + FIRST_REST - SECOND, 4, 0) == 0
    assert circuit.room(NOW + FIRST_REST, 4, 0) == 1
    assert circuit.room(NOW + FIRST_REST, 4, 1) == 0


def test_each_probe_that_fails_doubles_the_rest_up_to_an_end() -> None:
    rests = [failed(OPENS_AFTER + n).rests_until for n in (0, 1, 2, 40)]
    assert rests == [NOW + rest for rest in (FIRST_REST, FIRST_REST * 2, FIRST_REST * 4)] + [
        NOW + LONGEST_REST
    ]


def test_an_answer_closes_it() -> None:
    assert failed(OPENS_AFTER).after_answer() == Circuit()


def test_who_asks_for_time_gets_it_and_has_not_failed() -> None:
    circuit = failed(OPENS_AFTER - 1).after_wish(NOW, 30 * SECOND)
    assert circuit.failures == 0
    assert circuit.room(NOW + 29 * SECOND, 4, 0) == 0
    assert circuit.room(NOW + 30 * SECOND, 4, 0) == 4
    shorter = circuit.after_wish(NOW, SECOND)
    assert shorter.rests_until == circuit.rests_until, "of two wishes the longer counts"
    assert Circuit().after_wish(NOW, timedelta(days=9)).rests_until == NOW + LONGEST_ASKED
