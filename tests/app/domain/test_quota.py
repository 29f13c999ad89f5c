"""How long a task waits for its agent's account."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.quota import QuotaWaits

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def in_(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("resets_at", "guesses", "seconds"),
    [
        pytest.param(in_(20), 3, 20, id="as the agent says"),
        pytest.param(in_(1), 0, 5, id="but not at once"),
        pytest.param(NOW, 0, 60, id="what is over is not known"),
        pytest.param(None, 0, 60, id="nothing known"),
        pytest.param(None, 1, 120, id="once more"),
        pytest.param(None, 4, 900, id="a quarter of an hour at most"),
        pytest.param(None, 5000, 900, id="however often"),
    ],
)
def test_until_when_to_wait(resets_at: datetime | None, guesses: int, seconds: float):
    assert QuotaWaits(guesses=guesses).next_wait_end(resets_at, NOW) == in_(seconds)


def test_a_known_end_begins_the_count_of_guesses_anew():
    waits = QuotaWaits().with_wait(in_(60), None, NOW).with_wait(in_(60), None, NOW)
    assert (waits.seconds, waits.guesses) == (120, 2)
    waits = waits.with_wait(in_(20), in_(20), NOW)
    assert (waits.seconds, waits.guesses) == (140, 0)


@pytest.mark.parametrize(
    ("got_on", "seconds"),
    [
        pytest.param(5, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900], id="in vain"),
        pytest.param(61, [5] * 10, id="with some work in between"),
    ],
)
def test_an_end_that_is_always_near_is_not_asked_for_ever_again(
    got_on: float, seconds: list[float]
):
    waits, moment, waited = QuotaWaits(), NOW, []
    for _ in seconds:
        resets_at = moment + timedelta(seconds=1)
        until = waits.next_wait_end(resets_at, moment)
        waits = QuotaWaits.from_json(waits.with_wait(until, resets_at, moment).to_json())
        waited.append((until - moment).total_seconds())
        moment = until + timedelta(seconds=got_on)
    assert waited == seconds


def test_who_goes_on_elsewhere_has_not_waited_and_avoids_that_machine_for_the_time():
    waits = QuotaWaits(100).with_wait(in_(60), in_(60), NOW).with_avoided("m1", in_(60), in_(10))
    assert waits.seconds == 110
    assert QuotaWaits(10).with_avoided("m1", in_(60), NOW).seconds == 0
    assert QuotaWaits.from_json(waits.to_json()) == waits
    assert (waits.avoided_machines(in_(59)), waits.avoided_machines(in_(60))) == ({"m1"}, set())
