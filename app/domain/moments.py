"""How moments are written, wherever they are told."""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2030-01-31T12:00:00.000Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def rewritten(text: str) -> str | None:
    """The same of a moment that somebody else wrote, with its offset; None: it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return written(moment) if moment.tzinfo else None
    except (ValueError, OverflowError):  # in UTC it may lie outside of the years 1 to 9999
        return None
