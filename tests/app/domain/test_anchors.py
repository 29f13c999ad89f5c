"""Where commented lines are, from the hunks between two versions."""

import pytest

from app.domain.anchors import LineHunk, split_lines, track_lines

OLD = [b"one", b"two", b"three", b"}", b"five", b"}"]


@pytest.mark.parametrize(
    ("first", "last", "new", "hunks", "place"),
    [
        (2, 2, OLD, [], 2),
        (2, 3, [b"x", b"y", *OLD], [LineHunk(0, 0, 1, 2)], 4),
        (3, 3, OLD[1:], [LineHunk(1, 1, 0, 0)], 2),
        (2, 2, [b"one", b"2", *OLD[2:]], [LineHunk(2, 1, 2, 1)], None),
        (2, 2, [*OLD[:2], b"x", *OLD[2:]], [LineHunk(2, 0, 3, 1)], 2),
        (3, 3, [*OLD[:2], b"x", *OLD[2:]], [LineHunk(2, 0, 3, 1)], 4),
        (2, 3, [*OLD[:2], b"x", *OLD[2:]], [LineHunk(2, 0, 3, 1)], None),
        (1, 1, [*OLD[1:], b"one"], [LineHunk(1, 1, 0, 0), LineHunk(6, 0, 6, 1)], 6),
        (1, 2, [*OLD[2:], *OLD[:2]], [LineHunk(1, 2, 0, 0), LineHunk(6, 0, 5, 2)], 5),
        (1, 1, [*OLD[1:], b"one", b"one"], [LineHunk(1, 1, 0, 0), LineHunk(6, 0, 6, 2)], None),
        (4, 4, [*OLD[:3], b"five", b"x", b"}"], [LineHunk(4, 1, 3, 0), LineHunk(5, 0, 5, 1)], None),
        (6, 6, OLD, [LineHunk(1, 1, 0, 0)], None),
        (0, 1, OLD, [], None),
        (6, 7, OLD, [], None),
        (5, 4, OLD, [], None),
    ],
    ids=[
        "same file",
        "insertion above",
        "deletion above",
        "changed",
        "insertion below",
        "insertion directly above",
        "insertion within",
        "put elsewhere",
        "several put elsewhere",
        "put to two places",
        "a brace is no text of its own",
        "hunks that lie",
        "before the file",
        "behind the file",
        "the wrong way round",
    ],
)
def test_lines_are_where_their_text_is(
    first: int, last: int, new: list[bytes], hunks: list[LineHunk], place: int | None
) -> None:
    assert track_lines(first, last, hunks, OLD, new) == place


def test_of_two_that_are_alike_none_is_found_where_one_of_them_went() -> None:
    old, new = [b"same", b"other", b"same"], [b"other", b"more", b"same"]
    hunks = [LineHunk(1, 1, 0, 0), LineHunk(2, 0, 2, 1)]
    assert track_lines(1, 1, hunks, old, new) is None


def test_a_brace_that_is_there_once_is_no_text_of_its_own() -> None:
    hunks = [LineHunk(1, 1, 0, 0), LineHunk(2, 0, 2, 1)]
    assert track_lines(1, 1, hunks, [b"}", b"other"], [b"other", b"}"]) is None


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\r\n\nb", [b"a", b"", b"b"]),
        (b"\n", [b""]),
        (b"a\x0cb\x85c\n", [b"a\x0cb\x85c"]),
    ],
)
def test_lines_are_split_as_git_counts_them(content: bytes, lines: list[bytes]) -> None:
    assert split_lines(content) == lines
