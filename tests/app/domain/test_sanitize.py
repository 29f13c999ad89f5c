"""Words from outside, in one line."""

import pytest

from app.domain.sanitize import make_printable


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("plain ü 简", "plain ü 简"),
        ("a\nb\tc", "a�b�c"),
        ("\x1b[2J", "⟨U+001B⟩[2J"),
        ("read\u202eme\u3164", "read⟨U+202E⟩me⟨U+3164⟩"),
        ("👩\u200d💻 क्\u200dष", "👩\u200d💻 क्\u200dष"),
        ("half \ud800, private \ue000", "half �, private �"),
    ],
)
def test_nothing_looks_like_something_else(words: str, shown: str) -> None:
    assert make_printable(words) == shown
