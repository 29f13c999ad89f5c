"""Where minutes and hours begin, and how far back they go."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.samples import Step, begin_of, since

MOMENT = datetime(2030, 1, 31, 12, 34, 56, 789, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "begin", "first"),
    [
        (Step.MINUTE, datetime(2030, 1, 31, 12, 34, tzinfo=UTC), timedelta(days=1)),
        (Step.HOUR, datetime(2030, 1, 31, 12, tzinfo=UTC), timedelta(days=90)),
    ],
)
def test_a_step_begins_where_clocks_in_utc_say(
    step: Step, begin: datetime, first: timedelta
) -> None:
    assert begin_of(step, MOMENT) == begin
    half_past = timezone(timedelta(hours=5, minutes=30))
    assert begin_of(step, MOMENT.astimezone(half_past)) == begin
    assert since(step, MOMENT) == begin - first
