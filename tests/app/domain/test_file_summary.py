"""Messages name a few of the files that were changed."""

import pytest

from app.domain.file_summary import ChangedFileName, summarize_files

A, B = ChangedFileName("a.py", 3, 1, binary=False), ChangedFileName("b.png", 0, 0, binary=True)


@pytest.mark.parametrize(
    ("files", "total", "summary"),
    [
        ([A], 1, "a.py +3 -1"),
        ([A, B], 2, "a.py +3 -1, b.png"),
        ([B] * 5, 9, "b.png, b.png, b.png, b.png, b.png, and 4 more"),
        ([B] * 6, 6, "b.png, b.png, b.png, b.png, b.png, and 1 more"),
        ([], 0, ""),
        ([], 3, "3 files"),
        ([ChangedFileName("d/" * 99 + "f", 0, 0, binary=True)], 1, "…" + ("d/" * 99 + "f")[-79:]),
        ([ChangedFileName("a\u202egnp.exe\n", 0, 0, binary=True)], 1, "a⟨U+202E⟩gnp.exe\ufffd"),
    ],
)
def test_a_line_names_five_of_them(files: list[ChangedFileName], total: int, summary: str) -> None:
    assert summarize_files(files, total) == summary
