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
    assert QuotaWaits(guesses=guesses).until(resets_at, NOW) == in_(seconds)


def test_a_known_end_begins_the_count_of_guesses_anew():
    waits = QuotaWaits().after(in_(60), None, NOW).after(in_(60), None, NOW)
    assert waits == QuotaWaits(120, 2)
    assert waits.after(in_(20), in_(20), NOW) == QuotaWaits(140, 0)


def test_who_goes_on_elsewhere_has_not_waited_and_avoids_that_machine_for_the_time():
    waits = QuotaWaits(100).after(in_(60), in_(60), NOW).avoiding("m1", in_(60), in_(10))
    assert waits.seconds == 110
    assert QuotaWaits.of(waits.stored()) == waits
    assert (waits.avoids(in_(59)), waits.avoids(in_(60))) == ({"m1"}, set())
