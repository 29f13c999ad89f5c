"""Files' patch sections, prepared once for display: their hunks as JSON."""

import msgspec

from app.domain import patch

MAX_LINES = 20_000
MAX_HUNKS_BYTES = 1 << 20
"""Maximum JSON bytes, and lines, in a file's hunks. Longer ones aren't shown."""

NO_HUNKS = b""

_encode = msgspec.json.Encoder().encode


def encode_section(section: bytes) -> bytes:
    """Return the section's hunks in the API's format; NO_HUNKS if they are too long, or not git's
    format.
    """
    try:
        found = patch.parse_hunks(section, MAX_LINES)
    except patch.UnreadablePatch:
        return NO_HUNKS
    return encode_hunks(found)


def encode_hunks(hunks: list[patch.Hunk]) -> bytes:
    """Return the hunks in the API's format; NO_HUNKS if they are too long."""
    encoded = _encode([_hunk_to_api(hunk) for hunk in hunks])
    return encoded if len(encoded) <= MAX_HUNKS_BYTES else NO_HUNKS


def _hunk_to_api(hunk: patch.Hunk) -> dict[str, object]:
    return {
        "oldStart": hunk.old_start,
        "oldLines": hunk.old_lines,
        "newStart": hunk.new_start,
        "newLines": hunk.new_lines,
        "section": hunk.section,
        "lines": [_line_to_api(*line) for line in hunk.lines],
    }


def _line_to_api(
    type_: patch.LineType, old: int | None, new: int | None, text: str, ends: bool
) -> dict[str, object]:
    line: dict[str, object] = {"type": type_, "oldLine": old, "newLine": new, "text": text}
    if not ends:
        line["noNewline"] = True
    return line
