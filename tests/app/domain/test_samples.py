"""Where minutes and hours begin, and how far back they go."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.samples import SampleStep, bucket_start, retention_start

TIMESTAMP = datetime(2030, 1, 31, 12, 34, 56, 789, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "begin", "first"),
    [
        (SampleStep.MINUTE, datetime(2030, 1, 31, 12, 34, tzinfo=UTC), timedelta(days=1)),
        (SampleStep.HOUR, datetime(2030, 1, 31, 12, tzinfo=UTC), timedelta(days=90)),
    ],
)
def test_a_step_begins_where_clocks_in_utc_say(
    step: SampleStep, begin: datetime, first: timedelta
) -> None:
    assert bucket_start(step, TIMESTAMP) == begin
    half_past = timezone(timedelta(hours=5, minutes=30))
    assert bucket_start(step, TIMESTAMP.astimezone(half_past)) == begin
    assert retention_start(step, TIMESTAMP) == begin - first
