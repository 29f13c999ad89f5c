"""Changes are found without running anything of the agent's, and within limits."""

import subprocess
from pathlib import Path

import pytest

from muster.protocol.frames import DiffStat
from muster.worker.git import changes, git, patch_sections
from muster.worker.git.changes import Change
from muster.worker.git.patch_sections import InvalidPatch
from tests.muster.worker.git.histories import Bench, File, Tree
from tests.muster.worker.repositories import ENVIRONMENT


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.create(tmp_path)


def change(bench: Bench, old: Tree, new: Tree) -> Change:
    return changes.compare_commits(bench.mirror, bench.tree(old), bench.tree(new))


def text(content: str) -> File:
    return File("file", content.encode())


def test_a_file_has_both_sides_its_lines_and_its_section(bench: Bench) -> None:
    comparison = change(bench, {b"a": text("one\ntwo\n")}, {b"a": text("one\n2\n3\n")})
    [file] = comparison.files
    [section] = comparison.sections or []
    assert (file.path, file.status, file.insertions, file.deletions) == ("a", "modified", 2, 1)
    assert file.old_blob == changes.hash_blob(b"one\ntwo\n", 40)
    assert file.blob == changes.hash_blob(b"one\n2\n3\n", 40)
    assert section.endswith(b"@@ -1,2 +1,3 @@\n one\n-two\n+2\n+3\n")
    assert changes.sum_diff_stat(comparison.files) == DiffStat(1, 2, 1)
    known = set[str]()
    assert dict(changes.read_contents(bench.mirror, comparison, known)) == {
        file.patch: section,
        file.old_blob: b"one\ntwo\n",
        file.blob: b"one\n2\n3\n",
    }
    known = {str(file.old_blob), str(file.patch)}
    assert dict(changes.read_contents(bench.mirror, comparison, known)) == {
        file.blob: b"one\n2\n3\n"
    }


def test_what_changed_nothing_costs_no_process(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = bench.tree({b"a": text("x")})
    monkeypatch.setattr(subprocess, "Popen", None)
    comparison = changes.compare_commits(bench.mirror, tree, tree)
    assert (comparison.files, list(changes.read_contents(bench.mirror, comparison, ()))) == ([], [])


def test_a_large_patch_leaves_the_numbers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_PATCH_BYTES", 1000)
    comparison = change(bench, {}, {b"a": text("x\n" * 2000), b"b": text("y\n")})
    assert (comparison.left_out, comparison.sections) == ("size", None)
    assert [(f.path, f.insertions, f.patch) for f in comparison.files] == [
        *(("a", 2000, None), ("b", 1, None)),
    ]
    assert list(changes.read_contents(bench.mirror, comparison, ())) == []


def test_of_too_many_files_the_first_are_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_FILES", 3)
    comparison = change(bench, {}, {b"%d" % n: text("x\n" * n) for n in range(5)})
    assert (comparison.left_out, comparison.sections) == ("files", None)
    assert [(file.path, file.insertions) for file in comparison.files] == [
        ("0", 0),
        ("1", 1),
        ("2", 2),
    ]


def test_a_path_that_is_too_long_to_be_told_is_left_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_PATH_CHARS", 5)
    comparison = change(bench, {b"wide": text("x")}, {b"wide/r": text("x"), b"a": text("y")})
    assert (comparison.left_out, [file.path for file in comparison.files]) == ("files", ["a"])


def test_a_patch_that_takes_too_much_memory_leaves_the_numbers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is of zeros, and would be small."""
    monkeypatch.setattr(changes, "_MAX_MEMORY_BYTES", 64 << 20)
    before = bench.tree({})
    with (bench.work / "big").open("wb") as big:
        big.truncate(80 << 20)
    bench.git("-c", "core.bigFileThreshold=1m", "-c", "core.compression=0", "add", "--all")
    comparison = changes.compare_commits(bench.mirror, before, bench.written())
    assert (comparison.left_out, [(f.path, f.binary) for f in comparison.files]) == (
        "size",
        [("big", True)],
    )


def test_only_texts_and_images_of_some_size_are_contents(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_BLOB_BYTES", 100)
    new = {
        b"bin": File("file", b"\0x"),
        b"image.PNG": File("file", b"\0png"),
        b"large": text("x" * 101),
        b"link": File("link", b"bin"),
        b"text": text("x" * 100),
    }
    comparison = change(bench, {}, new)
    contents = {content for _, content in changes.read_contents(bench.mirror, comparison, ())}
    assert contents - set(comparison.sections or []) == {b"\0png", b"bin", b"x" * 100}


def test_files_contents_have_a_bound_together(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MAX_CONTENT_BYTES", 10)
    comparison = change(bench, {}, {b"%d" % n: text(f"{n}234") for n in range(5)})
    contents = {content for _, content in changes.read_contents(bench.mirror, comparison, ())}
    assert contents - set(comparison.sections or []) == {b"0234", b"1234"}


def test_a_file_replaced_by_another_type_is_listed_twice(bench: Bench) -> None:
    old = {b"a": text("x\n"), b"b": File("file", b"\0x")}
    comparison = change(bench, old, {b"a": File("link", b"to"), b"b": File("link", b"to")})
    assert [(f.path, f.status, f.mode, f.old_mode, f.binary) for f in comparison.files] == [
        ("a", "deleted", "", "100644", False),
        ("a", "added", "120000", "", False),
        ("b", "deleted", "", "100644", True),
        ("b", "added", "120000", "", False),
    ]
    assert [(f.blob is None, f.old_blob is None) for f in comparison.files] == [
        (True, False),
        (False, True),
    ] * 2
    assert [(f.insertions, f.deletions) for f in comparison.files[:2]] == [(0, 1), (1, 0)]


def test_a_submodule_is_listed_by_its_commits(bench: Bench) -> None:
    old = bench.tree({})
    bench.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    comparison = changes.compare_commits(bench.mirror, old, bench.written())
    [file] = comparison.files
    assert (file.mode, file.blob, file.binary) == ("160000", "1" * 40, False)
    assert (comparison.sections or [b""])[0].endswith(b"+Subproject commit " + b"1" * 40 + b"\n")
    assert {blob for blob, _ in changes.read_contents(bench.mirror, comparison, ())} == {file.patch}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b'say "hi"', 'say "hi"'),
        ("é\n".encode(), "é\n"),
        (b'\xff\t\n"\\\x01\x7fx', '"\\377\\t\\n\\"\\\\\\001\\177x"'),
        (b'"a\\377"', '"\\"a\\\\377\\""'),
    ],
)
def test_a_path_that_is_no_text_is_quoted_and_no_other_is_taken_for_it(
    bench: Bench, path: bytes, expected: str
) -> None:
    [file] = change(bench, {}, {path: text("x")}).files
    assert file.path == expected


def test_generated_files_are_marked(bench: Bench) -> None:
    marked = (b"web/package-lock.json", b"x_pb2.py", b"go/vendor/a.org/b.go")
    plain = (b"lock.py", b"vendor.go", b"app/vendors/list.py")
    files = change(bench, {}, dict.fromkeys((*marked, *plain), text("x"))).files
    assert {file.path.encode() for file in files if file.generated} == set(marked)


def test_a_commit_that_is_not_there_is_said_by_git(bench: Bench) -> None:
    with pytest.raises(git.GitError):
        changes.compare_commits(bench.mirror, bench.tree({}), "1" * 40)


def test_no_program_of_an_agents_runs_and_no_attribute_changes_what_is_printed(
    bench: Bench,
) -> None:
    ran = bench.directory / "ran"
    ran.with_suffix(".sh").write_text(f"#!/bin/sh\ntouch {ran}\ncat /dev/null\n")
    ran.with_suffix(".sh").chmod(0o755)
    attributes = text("* diff=evil\n*.txt -diff\n")
    old = {b".gitattributes": attributes, b"a": text("1\n"), b"a.txt": text("1\n")}
    new = {b".gitattributes": attributes, b"a": text("2\n"), b"a.txt": text("2\n")}
    before, after = bench.tree(old), bench.tree(new)
    # Even if a branch has the attributes that a bare repository would use.
    commit = bench.git(
        *("-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", after), given=b"x"
    )
    bench.git("update-ref", "HEAD", commit.decode().strip())
    for name in ("diff.external", "diff.evil.textconv", "diff.evil.command"):
        bench.git("config", name, str(ran.with_suffix(".sh")))
    for name, value in {
        "diff.noprefix": "true",
        "diff.context": "9",
        "diff.algorithm": "histogram",
        "diff.renames": "false",
        "diff.orderFile": str(ran.with_suffix(".sh")),
        "color.diff": "always",
        "core.quotePath": "false",
    }.items():
        bench.git("config", name, value)
    comparison = changes.compare_commits(bench.mirror, before, after)
    assert not ran.exists()
    assert [file.binary for file in comparison.files] == [False, False]
    (bench.directory / "plain").mkdir()
    plain = Bench.create(bench.directory / "plain")
    assert (plain.tree(old), plain.tree(new)) == (before, after)
    (plain.work / ".gitattributes").unlink()
    printed = plain.git("diff", "--binary", "--full-index", "-M", before, after)
    assert b"".join(comparison.sections or []) == printed


def test_git_is_asked_by_no_settings_of_the_daemons_user(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=0")
    comparison = change(bench, {b"a": text("1\n2\n")}, {b"a": text("1\n3\n")})
    assert (comparison.sections or [b""])[0].endswith(b"@@ -1,2 +1,2 @@\n 1\n-2\n+3\n")


@pytest.mark.parametrize(
    "patch",
    [
        b"x\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-x\n+y\ndiff --git a/y b/y\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ x @@\n",
        b"diff --git a/x b/x\nGIT binary patch\nliteral 5\n",
        b"diff --git a/x b/x\nnew mode\nx",
    ],
)
def test_what_git_would_not_print_is_no_patch(patch: bytes) -> None:
    with pytest.raises(InvalidPatch):
        patch_sections.split_patch(patch)


def test_the_plain_git_of_these_tests_is_nobodys() -> None:
    assert set(ENVIRONMENT) >= {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"}
