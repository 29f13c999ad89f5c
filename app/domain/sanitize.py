"""External text, made safe for display."""

import unicodedata

from muster.text.invisible_chars import reveal


def make_printable(words: str) -> str:
    """Return the text on one line, without characters that could disguise it.

    Invisible characters become symbols with their numbers; other unprintable ones become `�`.
    """
    return "".join(map(_sanitize_char, reveal(words)))


def _sanitize_char(char: str) -> str:
    # Of the format characters, keep only those that a listed emoji or a word needs.
    return char if char.isprintable() or unicodedata.category(char) == "Cf" else "�"
