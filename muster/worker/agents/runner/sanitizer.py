"""Make agents' text safe for a terminal: control characters have no effect, and nothing disappears.

Control characters and invisible ones are shown as symbols. Only line feeds and tabs stay; a
command's output may also keep its colors.
"""

from __future__ import annotations

import re

from muster.text.invisible_chars import reveal

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

RESET = "\x1b[0m"

_REPLACEMENTS: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **{code: f"<{code:X}>" for code in range(0x80, 0xA0)},
}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SGR = re.compile(r"\x1b\[([0-9;:]{0,64})m")
_MAX_EXACT_INTEGER = 1 << 53  # larger integers aren't the same everywhere
_CONCEAL = 8
# Escape sequences: of control (CSI), of strings (OSC, DCS, …), and short ones.
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\"
    r"|[ -/]*[0-OQ-WYZ`-~])"
)
_UNFINISHED = re.compile(
    r"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)|\r)\Z"
)
_MAX_ESCAPE_CHARS = 1024  # a longer one isn't recognized if parts cut it


def sanitize(text: str) -> str:
    """Return the text without terminal control. A carriage return ends a line."""
    if _CONTROL.search(text) is None:
        return reveal(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Halves of a surrogate pair, which JSON can contain and UTF-8 can't.
    text = text.encode(errors="backslashreplace").decode()
    return reveal(text.translate(_REPLACEMENTS))


def sanitize_keeping_colors(text: str) -> str:
    """The same, but colors and similar styles stay, and end with the text."""
    if "\x1b" not in text:
        return sanitize(text)
    made, end, was_coloured = [], 0, False
    for found in _SGR.finditer(text):
        made.append(sanitize(text[end : found.start()]))
        is_kept = not _is_concealing(found[1])
        made.append(found[0] if is_kept else sanitize(found[0]))
        was_coloured |= is_kept
        end = found.end()
    made.append(sanitize(text[end:]))
    return "".join([*made, RESET] if was_coloured else made)


class StreamSanitizer:
    """Sanitizes a text that comes in parts, without its escape sequences, even where parts cut
    them.
    """

    def __init__(self) -> None:
        self._rest = ""  # the start of a sequence, or of a line's end

    def feed(self, text: str) -> str:
        text, self._rest = self._rest + text, ""
        end = len(text)
        if unfinished := _UNFINISHED.search(text, max(end - _MAX_ESCAPE_CHARS, 0)):
            end = unfinished.start()
            self._rest = text[end:]
        return sanitize(_ESCAPE.sub("", text[:end]))


def sanitize_json(value: Any) -> Any:
    """Return the same JSON with safe strings, and with numbers that every parser can read."""
    match value:
        case str():
            return sanitize(value)
        case list():
            return [sanitize_json(each) for each in value]
        case dict():
            return {sanitize(name): sanitize_json(each) for name, each in value.items()}
        case float() if value - value != 0:  # infinite, or not a number
            return str(value)
        case int() if not -_MAX_EXACT_INTEGER < value < _MAX_EXACT_INTEGER:
            return str(value)
    return value


def _is_concealing(parameters: str) -> bool:
    """Whether it hides text. After 38, 48 and 58 come the numbers of a color."""
    numbers = [part.partition(":")[0] for part in parameters.split(";")]
    at = 0
    while at < len(numbers):
        if numbers[at] in ("38", "48", "58") and ":" not in parameters:
            at += {"5": 3, "2": 5}.get(numbers[at + 1] if at + 1 < len(numbers) else "", 1)
            continue
        if numbers[at].lstrip("0") == str(_CONCEAL):
            return True
        at += 1
    return False
