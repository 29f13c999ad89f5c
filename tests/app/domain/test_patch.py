"""A file's section of a patch, taken apart: what git writes, and what it never would."""

import contextlib
import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import patch
from app.domain.patch import LineType, PatchLine

HEAD = b"diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n"
ODD = b"""@@ -1,3 +1,2 @@ def f():
 a\r
-b
-c
\\ No newline at end of file
+@@ -1 +1 @@
@@ -9 +8,0 @@
-\xff
"""


def test_lines_have_their_numbers_their_texts_and_their_ends() -> None:
    first, second = patch.parse_hunks(HEAD + ODD, 100)
    assert first[:5] == (1, 3, 1, 2, "def f():")
    assert first.lines == [
        PatchLine(LineType.CONTEXT, 1, 1, "a\r"),
        PatchLine(LineType.DELETED, 2, None, "b"),
        PatchLine(LineType.DELETED, 3, None, "c", ends=False),
        PatchLine(LineType.ADDED, None, 2, "@@ -1 +1 @@"),
    ]
    assert second == (9, 1, 8, 0, "", [PatchLine(LineType.DELETED, 9, None, "\ufffd")])


@pytest.mark.parametrize(
    "rest",
    [
        b"old mode 100644\nnew mode 100755\n",
        b"similarity index 100%\nrename from a\nrename to b\n",
        b"index 1..2 100644\nGIT binary patch\nliteral 3\nKcmZSh@@ -1 +1 @@\n\n",
        b"new file mode 100644\nindex 0..e69de29\n",
    ],
    ids=["mode", "rename", "binary", "empty"],
)
def test_a_section_without_lines_has_no_hunks(rest: bytes) -> None:
    assert patch.parse_hunks(b"diff --git a/f b/f\n" + rest, 100) == []


def test_a_file_that_became_a_link_is_there_twice() -> None:
    gone = b"diff --git a/f b/f\ndeleted file mode 100644\n@@ -1 +0,0 @@\n-a\n"
    link = b"diff --git a/f b/f\nnew file mode 120000\n@@ -0,0 +1 @@\n+b\n\\ No newline\n"
    found = patch.parse_hunks(gone + link, 2)
    assert [line.text for hunk in found for line in hunk.lines] == ["a", "b"]


@pytest.mark.parametrize(
    "section",
    [
        b"",
        b"@@ -1 +1 @@\n-a\n+b\n",
        HEAD + b"@@ -1 +1 @@\n-a\n+b",
        HEAD + b"@@ -1 +1 @@\n-a\n",
        HEAD + b"@@ -1 +1 @@\n-a\n-b\n",
        HEAD + b"@@ -1 +1 @@\n-a\n+b\n+c\n",
        HEAD + b"@@ -1 +1 @@\n\\ No newline at end of file\n-a\n+b\n",
        HEAD + b"@@ -1 +1 @@\n-a\n+b\n\\ No\n\\ No\n",
        HEAD + b"@@ -1 +1 @@\n-a\nb\n",
        HEAD + b"@@ -9999999999 +1 @@\n-a\n+b\n",
        HEAD + b"@@ -1,99 +1,99 @@\n-a\n+b\n",
        HEAD + b"@@ -1 +1 @@\n-a\n+b\nindex 1..2\n",
    ],
)
def test_what_git_would_not_write_is_unreadable(section: bytes) -> None:
    with pytest.raises(patch.UnreadablePatch):
        patch.parse_hunks(section, 100)


@pytest.mark.parametrize("count", [5, 6, 1000])
def test_a_section_with_too_many_lines_is_unreadable(count: int) -> None:
    section = HEAD + b"@@ -0,0 +1,%d @@\n" % count + b"+\n" * count
    if count > 5:
        with pytest.raises(patch.UnreadablePatch):
            patch.parse_hunks(section, 5)
    else:
        assert len(patch.parse_hunks(section, 5)[0].lines) == 5


TEXTS = st.lists(st.sampled_from(["a", "b", "", "-", "+x", "@@ -1 +1 @@", "\\ No", "é\r"]))


@settings(deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 3))
def test_both_versions_of_the_lines_are_in_the_hunks(
    old: list[str], new: list[str], around: int
) -> None:
    diff = difflib.unified_diff(old, new, "a/f", "b/f", lineterm="", n=around)
    lines = list(list(diff)[2:])
    section = HEAD + "".join(line + "\n" for line in lines).encode()
    before, after = list(old), list(new)
    for hunk in patch.parse_hunks(section, 1000):
        assert len([line for line in hunk.lines if line.old]) == hunk.old_lines
        assert len([line for line in hunk.lines if line.new]) == hunk.new_lines
        for line in hunk.lines:
            if line.old:
                assert before[line.old - 1] == line.text
            if line.new:
                assert after[line.new - 1] == line.text
            if line.type is LineType.CONTEXT:
                assert line.old
                assert line.new
    changed = {
        line.old for h in patch.parse_hunks(section, 1000) for line in h.lines if not line.new
    }
    added = {line.new for h in patch.parse_hunks(section, 1000) for line in h.lines if not line.old}
    kept_old = [text for at, text in enumerate(before, 1) if at not in changed]
    kept_new = [text for at, text in enumerate(after, 1) if at not in added]
    assert kept_old == kept_new


@given(st.binary(max_size=200))
def test_whatever_comes_it_is_read_or_unreadable(rest: bytes) -> None:
    for section in (rest, HEAD + rest + b"\n", HEAD + b"@@ -1,2 +1,2 @@\n" + rest + b"\n"):
        with contextlib.suppress(patch.UnreadablePatch):
            patch.parse_hunks(section, 50)
