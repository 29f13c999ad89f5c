"""Samples of machine load: their resolution and retention."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum


class SampleStep(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"


WIDTH = {SampleStep.MINUTE: timedelta(minutes=1), SampleStep.HOUR: timedelta(hours=1)}
RETENTION = {SampleStep.MINUTE: timedelta(days=1), SampleStep.HOUR: timedelta(days=90)}
HALF_HOUR = timedelta(minutes=30)
"""The resolution of the last day's samples in the list of machines."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The time from which half hours are counted."""


def bucket_start(step: SampleStep, moment: datetime) -> datetime:
    """Return the start of the minute or hour (UTC) that contains the time."""
    begin = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return begin if step is SampleStep.MINUTE else begin.replace(minute=0)


def retention_start(step: SampleStep, now: datetime) -> datetime:
    """Return the start of the retention period."""
    return bucket_start(step, now - RETENTION[step])
