"""The only place where services read the time. Rules get it as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
