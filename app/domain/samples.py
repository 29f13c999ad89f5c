"""Samples of machines' load: how fine they are, and how long they are kept."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum


class SampleStep(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"


WIDTH = {SampleStep.MINUTE: timedelta(minutes=1), SampleStep.HOUR: timedelta(hours=1)}
RETENTION = {SampleStep.MINUTE: timedelta(days=1), SampleStep.HOUR: timedelta(days=90)}
HALF_HOUR = timedelta(minutes=30)
"""How finely the day of many machines is told."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What half hours are counted from."""


def bucket_start(step: SampleStep, moment: datetime) -> datetime:
    """The beginning of the minute or hour (UTC) that the moment lies in."""
    begin = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return begin if step is SampleStep.MINUTE else begin.replace(minute=0)


def retention_start(step: SampleStep, now: datetime) -> datetime:
    """Where what is kept begins."""
    return bucket_start(step, now - RETENTION[step])
