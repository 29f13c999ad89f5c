"""Texts from elsewhere as they may be shown, and moments and sizes as people say them."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from muster.text.invisible_chars import reveal

# Whatever an agent, a branch or a person wrote may be in a text: it must not speak to the terminal.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STRING_SEQUENCES = re.compile(
    r"\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)", re.DOTALL
)  # OSC, DCS and the like
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[ -/]*[0-~])")
_COLORS = re.compile(r"\x1b\[[0-9;:]*m")

_AGES = ((86400 * 7, "w"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def sanitize(text: object) -> str:
    """A text without escapes and control characters, and with symbols for invisible ones."""
    raw_text = "" if text is None else str(text)
    return reveal(_CONTROLS.sub("", _SEQUENCES.sub("", _STRING_SEQUENCES.sub("", raw_text))))


def escape_json(json_text: str) -> str:
    """JSON in which such characters, of which JSON itself escapes only some, are to be seen."""
    return reveal(json_text, lambda char: json.dumps(char)[1:-1])


def one_line(text: object) -> str:
    """Likewise, in one line."""
    return " ".join(sanitize(text).split())


def sanitize_keeping_colors(text: str) -> str:
    """A terminal's text with its colours, and nothing else that a terminal would obey."""
    kept: list[str] = []
    last = 0
    text = _STRING_SEQUENCES.sub("", text)
    for colour in _COLORS.finditer(text):
        kept += [sanitize(text[last : colour.start()]), colour[0]]
        last = colour.end()
    return "".join([*kept, sanitize(text[last:])])


def parse_timestamp(text: str) -> datetime:
    """A moment of the API. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)


def format_age(text: str | None, now: datetime) -> str:
    """How long ago that was, in one figure: `5m`. Of what is to come, `in 5m`."""
    if not text:
        return ""
    try:
        seconds = (now - parse_timestamp(text)).total_seconds()
    except ValueError:
        return sanitize(text)
    return f"in {format_duration(-seconds)}" if seconds <= -1 else format_duration(abs(seconds))


def format_duration(seconds: float) -> str:
    """How long that is, in one figure: `5m`."""
    return next((f"{int(seconds // size)}{unit}" for size, unit in _AGES if seconds >= size), "0s")


def format_clock(text: str | None, now: datetime | None = None) -> str:
    """A moment as the clock here shows it; of another day than today the day and the minute."""
    if not text:
        return ""
    try:
        at = parse_timestamp(text).astimezone()
    except ValueError:
        return sanitize(text)
    today = (now or datetime.now(UTC)).astimezone().date()
    return at.strftime("%H:%M:%S" if at.date() == today else "%m-%d %H:%M")


def format_size(count: float | None) -> str:
    """Bytes, in the unit that fits."""
    if count is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def format_number(count: float | None) -> str:
    """A number with its thousands apart; nothing where nothing is known."""
    if count is None:
        return ""
    return f"{count:,.2f}" if isinstance(count, float) and count % 1 else f"{int(count):,}"


def join_limited(values: Sequence[object], most: int = 3) -> str:
    """Some of them by name, the rest by how many they are."""
    shown = ", ".join(one_line(value) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown
