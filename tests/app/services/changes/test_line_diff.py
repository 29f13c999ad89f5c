"""What git says of two versions of a file, and where lines are by that."""

import random

import pytest

from app.domain.anchors import LineHunk
from app.services.changes import line_diff
from tests.app.services.changes import anchors_claimed, generated_edits


@pytest.mark.parametrize(
    ("old", "new", "hunks"),
    [
        (b"a\nb\n", b"a\nb\n", []),
        (b"a\nb\n", b"x\na\nb\n", [LineHunk(0, 0, 1, 1)]),
        (b"a\nb\n", b"a\nx\nb\n", [LineHunk(1, 0, 2, 1)]),
        (b"a\nb\nc\n", b"a\nc\n", [LineHunk(2, 1, 1, 0)]),
        (b"a\nb\nc\n", b"x\nb\ny\n", [LineHunk(1, 1, 1, 1), LineHunk(3, 1, 3, 1)]),
        (b"", b"a\n", [LineHunk(0, 0, 1, 1)]),
        (b"a\r\nb", b"a\nb\n", []),
    ],
    ids=["same", "above", "between", "deleted", "replaced", "from nothing", "other ends of lines"],
)
def test_hunks_are_gits_without_context(old: bytes, new: bytes, hunks: list[LineHunk]) -> None:
    assert line_diff.diff_lines(old, new) == hunks


@pytest.mark.parametrize(
    "content",
    [b"x" * (line_diff.MAX_BYTES + 1), b"\n" * (line_diff.MAX_LINES + 1), b"a\0b"],
    ids=["too long", "too many lines", "binary"],
)
def test_what_is_too_large_or_no_text_is_not_compared(content: bytes) -> None:
    assert line_diff.diff_lines(content, b"a\n") is line_diff.diff_lines(b"a\n", content) is None


def test_comments_find_their_lines_again() -> None:
    for seed in range(5_000, 5_040):
        anchors_claimed.holds(generated_edits.edit(seed), random.Random(seed))
