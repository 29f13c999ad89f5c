"""Messages name a few of the files that were changed."""

import pytest

from app.domain.file_summary import ChangedName, line

A, B = ChangedName("a.py", 3, 1, binary=False), ChangedName("b.png", 0, 0, binary=True)


@pytest.mark.parametrize(
    ("files", "total", "said"),
    [
        ([A], 1, "a.py +3 -1"),
        ([A, B], 2, "a.py +3 -1, b.png"),
        ([B] * 5, 9, "b.png, b.png, b.png, b.png, b.png, and 4 more"),
        ([B] * 6, 6, "b.png, b.png, b.png, b.png, b.png, and 1 more"),
        ([], 0, ""),
        ([], 3, "3 files"),
        ([ChangedName("d/" * 99 + "f", 0, 0, binary=True)], 1, "…" + ("d/" * 99 + "f")[-79:]),
        ([ChangedName("a\u202egnp.exe\n", 0, 0, binary=True)], 1, "a⟨U+202E⟩gnp.exe\ufffd"),
    ],
)
def test_a_line_names_five_of_them(files: list[ChangedName], total: int, said: str) -> None:
    assert line(files, total) == said
