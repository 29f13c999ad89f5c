"""The one text form of points in time, in answers and in audit entries."""

from datetime import UTC, datetime


def to_rfc3339(moment: datetime) -> str:
    """The moment as RFC 3339 in UTC with milliseconds: `2030-01-31T12:00:00.000Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def normalize_rfc3339(text: str) -> str | None:
    """An ISO 8601 text with an offset, in the form of `written`; None if it is no such text."""
    try:
        moment = datetime.fromisoformat(text)
        return to_rfc3339(moment) if moment.tzinfo else None
    except (ValueError, OverflowError):  # in UTC it may lie outside of the years 1 to 9999
        return None
