"""Files' sections of patches, made ready once to be shown: their hunks as JSON."""

import msgspec

from app.domain import patch

MOST_LINES = 20_000
LARGEST_HUNKS = 1 << 20
"""Bytes of JSON, and lines, that a file's hunks may have: of a longer one none are shown."""

NONE_TO_SHOW = b""

_encode = msgspec.json.Encoder().encode


def shown(section: bytes) -> bytes:
    """The section's hunks, as the API says them; NONE_TO_SHOW where they are too long, or it is no
    section that git would have written.
    """
    try:
        found = patch.hunks(section, MOST_LINES)
    except patch.Unreadable:
        return NONE_TO_SHOW
    return as_json(found)


def as_json(hunks: list[patch.Hunk]) -> bytes:
    """The hunks, as the API says them; NONE_TO_SHOW where they are too long."""
    said = _encode([_said(hunk) for hunk in hunks])
    return said if len(said) <= LARGEST_HUNKS else NONE_TO_SHOW


def _said(hunk: patch.Hunk) -> dict[str, object]:
    return {
        "oldStart": hunk.old_start,
        "oldLines": hunk.old_lines,
        "newStart": hunk.new_start,
        "newLines": hunk.new_lines,
        "section": hunk.section,
        "lines": [_line(*line) for line in hunk.lines],
    }


def _line(
    type_: patch.LineType, old: int | None, new: int | None, text: str, ends: bool
) -> dict[str, object]:
    line: dict[str, object] = {"type": type_, "oldLine": old, "newLine": new, "text": text}
    if not ends:
        line["noNewline"] = True
    return line
