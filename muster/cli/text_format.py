"""Sanitize texts from outside, and format timestamps and sizes for people."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from muster.text.invisible_chars import reveal

# Texts can come from agents, branches and people: they must not control the terminal.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STRING_SEQUENCES = re.compile(
    r"\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)", re.DOTALL
)  # OSC, DCS and the like
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[ -/]*[0-~])")
_COLORS = re.compile(r"\x1b\[[0-9;:]*m")

_AGES = ((86400 * 7, "w"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def sanitize(text: object) -> str:
    """Remove escape sequences and control characters, and show invisible ones as symbols."""
    raw_text = "" if text is None else str(text)
    return reveal(_CONTROLS.sub("", _SEQUENCES.sub("", _STRING_SEQUENCES.sub("", raw_text))))


def escape_json(json_text: str) -> str:
    """Escape such characters in JSON; JSON itself escapes only some of them."""
    return reveal(json_text, lambda char: json.dumps(char)[1:-1])


def one_line(text: object) -> str:
    """Sanitize a text and put it on one line."""
    return " ".join(sanitize(text).split())


def sanitize_keeping_colors(text: str) -> str:
    """Sanitize a terminal's text but keep its colors."""
    kept: list[str] = []
    last = 0
    text = _STRING_SEQUENCES.sub("", text)
    for color in _COLORS.finditer(text):
        kept += [sanitize(text[last : color.start()]), color[0]]
        last = color.end()
    return "".join([*kept, sanitize(text[last:])])


def parse_timestamp(text: str) -> datetime:
    """Parse a timestamp of the API. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)


def format_age(text: str | None, now: datetime) -> str:
    """Format a timestamp's age as one figure: `5m`; in the future, `in 5m`."""
    if not text:
        return ""
    try:
        seconds = (now - parse_timestamp(text)).total_seconds()
    except ValueError:
        return sanitize(text)
    return f"in {format_duration(-seconds)}" if seconds <= -1 else format_duration(abs(seconds))


def format_duration(seconds: float) -> str:
    """Format seconds as one figure: `5m`."""
    return next((f"{int(seconds // size)}{unit}" for size, unit in _AGES if seconds >= size), "0s")


def format_clock(text: str | None, now: datetime | None = None) -> str:
    """Format a timestamp in local time; if not today, as the day and minute."""
    if not text:
        return ""
    try:
        at = parse_timestamp(text).astimezone()
    except ValueError:
        return sanitize(text)
    today = (now or datetime.now(UTC)).astimezone().date()
    return at.strftime("%H:%M:%S" if at.date() == today else "%m-%d %H:%M")


def format_size(count: float | None) -> str:
    """Format bytes in a fitting unit."""
    if count is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def format_number(count: float | None) -> str:
    """Format a number with thousands separators; empty if unknown."""
    if count is None:
        return ""
    return f"{count:,.2f}" if isinstance(count, float) and count % 1 else f"{int(count):,}"


def join_limited(values: Sequence[object], most: int = 3) -> str:
    """Join the first `most` values and count the rest."""
    shown = ", ".join(one_line(value) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown
