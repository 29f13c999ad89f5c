"""Words from outside, as people are shown them."""

import unicodedata

from muster.text.invisible_chars import reveal


def make_printable(words: str) -> str:
    """The same in one line, without characters that would make them look like something else.

    Invisible ones become symbols with their numbers, and what else is not printable becomes `�`.
    """
    return "".join(map(_sanitize_char, reveal(words)))


def _sanitize_char(char: str) -> str:
    # Of formats, only those are left that a listed emoji or a word needs.
    return char if char.isprintable() or unicodedata.category(char) == "Cf" else "�"
