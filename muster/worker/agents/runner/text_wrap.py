"""Wrap lines to a width in columns; some characters take two and some none."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

_MARKERS = ("- ", "* ", "+ ", "• ")
_FENCES = ("```", "~~~")
_MIN_COLUMNS = 8  # the minimum beside an indentation


def wrap_text(text: str, width: int, indent: str = "") -> str:
    """Return the text in lines of at most that many columns, broken between words; no word is lost.

    Parts of a line have its indentation, and those of a list item are aligned with its text. Fenced
    code stays unchanged.
    """
    lines, in_code = [], False
    for line in text.rstrip("\n").split("\n"):
        is_fence = line.lstrip().startswith(_FENCES)
        in_code ^= is_fence
        lines += [line] if in_code or is_fence else _wrap_line(line, max(width - len(indent), 1))
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def truncate_to_width(text: str, width: int) -> str:
    """Return the text's start, if it is too wide for the columns."""
    if display_width(text) <= width:
        return text
    while text and display_width(text) > width - 1:
        text = text[: max(min(len(text) - 1, width - 1), 0)]
    return f"{text}…" if width > 0 else ""


def display_width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if combining(each) else 1 + (east_asian_width(each) in "WF") for each in text)


def _wrap_line(line: str, width: int) -> list[str]:
    line = line.expandtabs(4)
    if display_width(line) <= width:
        return [line]
    start = line[: len(line) - len(line.lstrip(" "))][: max(width - _MIN_COLUMNS, 0)]
    body = line.lstrip(" ")
    hanging = start + "  " * body.startswith(_MARKERS)
    parts, part = [], start
    taken = display_width(start)
    for word in body.split(" "):
        wide = display_width(word)
        if part.strip() and taken + 1 + wide > width:
            parts.append(part)
            part, taken = hanging + word, len(hanging) + wide
        elif part.strip():
            part, taken = f"{part} {word}", taken + 1 + wide
        else:
            part, taken = part + word, taken + wide
    return [*parts, part]
