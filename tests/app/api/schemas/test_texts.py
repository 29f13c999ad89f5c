"""One line of text: all that is seen, and nothing that is not."""

import re
import sys
import unicodedata

import pytest
from marshmallow import ValidationError

from app.api.schemas import texts

HIDDEN = {"Cc", "Cf", "Co", "Zl", "Zp", "Zs"}


def is_taken(text: str) -> bool:
    try:
        texts.check_single_line(text)
    except ValidationError:
        return False
    return True


def test_every_character_that_is_seen_is_taken_and_no_other() -> None:
    known = re.compile(texts.VISIBLE)
    wrong = []
    for code in range(sys.maxunicode + 1):
        kind = unicodedata.category(chr(code))
        # Surrogates are no text, and what is no character yet may be taken.
        if kind not in ("Cs", "Cn") and bool(known.fullmatch(chr(code))) == (kind in HIDDEN):
            wrong.append(hex(code))
    assert wrong == []


@pytest.mark.parametrize("text", ["", "a", "a b", "Grüße", "日本", "🎉 done", "e\u0301", "�"])
def test_a_line_is_taken(text: str) -> None:
    assert is_taken(text)


@pytest.mark.parametrize(
    "text",
    [" a", "a ", " ", "a\n", "a\nb", "a\u2028b", "a\tb", "a\x7f", "\u202ea", "a\u200bb", "a\xa0b"],
)
def test_what_is_hidden_is_not(text: str) -> None:
    assert not is_taken(text)


def test_a_long_line_is_judged_at_once() -> None:
    assert not is_taken("a " * 100_000)
    assert is_taken("a " * 100_000 + "a")
