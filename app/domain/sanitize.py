"""External text, made safe for display."""

import re
import unicodedata

from muster.text.invisible_chars import reveal

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x1b\\|\x07|$)|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f\x7f]"
)


def make_printable(words: str) -> str:
    """Return the text on one line, without characters that could disguise it.

    Invisible characters become symbols with their numbers; other unprintable ones become `�`.
    """
    return "".join(map(_sanitize_char, reveal(words)))


def _sanitize_char(char: str) -> str:
    # Of the format characters, keep only those that a listed emoji or a word needs.
    return char if char.isprintable() or unicodedata.category(char) == "Cf" else "�"


def plain_lines(data: bytes) -> list[str]:
    """Return the lines of a terminal's output without escape sequences and overwritten text."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return [_ESCAPES.sub("", line.rpartition("\r")[2]) for line in text.split("\n")]
