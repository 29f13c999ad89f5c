"""The text form of timestamps in responses and audit entries."""

from datetime import UTC, datetime


def to_rfc3339(moment: datetime) -> str:
    """Format as RFC 3339 in UTC with milliseconds: `2030-01-31T12:00:00.000Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def normalize_rfc3339(text: str) -> str | None:
    """Convert an ISO 8601 text with an offset to the form of `to_rfc3339`; None if it isn't one."""
    try:
        moment = datetime.fromisoformat(text)
        return to_rfc3339(moment) if moment.tzinfo else None
    except (ValueError, OverflowError):  # in UTC it may be outside the years 1 to 9999
        return None
