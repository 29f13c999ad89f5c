"""Generated histories of real repositories: two trees of which the second is derived from the first
by edits, renames, other modes and types, with names and lines that look like a patch's own.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from muster.worker.git import changes
from tests.muster.worker.repositories import ENVIRONMENT


class File(NamedTuple):
    """`kind`: `file`, `program` or `link` (its content is where to)."""

    kind: str
    content: bytes


Tree = dict[bytes, File]

_PARTS = [
    *(b"a", b"b", b"src", b"a b", b" lead", b"trail ", b'q"uote', b"tab\there", b"new\nline"),
    *("é".encode(), "日本".encode(), b"\xff\xfe", b"back\\slash", b"-dash", b"a => b", b"{x}"),
    *(b'"', b"b/x", b"diff --git a", b"x.png", b"\x7f", b"\x01", "‮".encode(), b"long" * 50),
]
_LINES = [
    *(b"", b"one", b"two", b"three", b"  four", b"tab\t", b"diff --git a/x b/x", b"--- a/x"),
    *(b"+++ b/x", b"@@ -1 +1 @@", b"GIT binary patch", b"literal 5", b"delta 3", b"-- ", b"\\ No"),
    *(b"\\ No newline at end of file", b"index 0000000..1111111 100644", b"rename from a"),
    *("é".encode(), b"\xff", b"\x0c", b"cr\rin the middle", b"Binary files a and b differ"),
]

_NAME = st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3).map(b"/".join)
_TEXT = st.builds(
    lambda lines, end, has_last: end.join(lines) + (end if has_last else b""),
    st.lists(st.sampled_from(_LINES), max_size=12),
    st.sampled_from([b"\n", b"\n", b"\r\n"]),
    st.booleans(),
)
_BINARY = st.builds(
    lambda head, times: (b"\0" + head) * times, st.binary(max_size=40), st.integers(1, 60)
)
_FILE = st.one_of(
    st.builds(File, st.sampled_from(["file", "file", "program"]), _TEXT | _BINARY),
    st.builds(File, st.just("link"), _NAME),
)
_EDITS = ("keep", "lines", "replace", "delete", "rename", "rename and edit", "mode", "copy")


def _fits(tree: Tree, name: bytes) -> bool:
    """Whether a file of that name can exist next to the others."""
    parents = [name[:at] for at, byte in enumerate(name) if byte == ord("/")]
    below = any(other.startswith(name + b"/") for other in tree)
    return name not in tree and not below and not any(parent in tree for parent in parents)


def _put(tree: Tree, name: bytes, file: File) -> None:
    if _fits(tree, name):
        tree[name] = file


@st.composite
def histories(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A tree, and a later state of it."""
    old: Tree = {}
    for name, file in draw(st.lists(st.tuples(_NAME, _FILE), max_size=6)):
        _put(old, name, file)
    new: Tree = {}
    for name, file in old.items():
        edit = draw(st.sampled_from(_EDITS))
        content = file.content
        if edit in ("lines", "rename and edit") and file.kind != "link":
            lines = content.split(b"\n")
            at = draw(st.integers(0, len(lines)))
            lines[at : at + draw(st.integers(0, 2))] = draw(
                st.lists(st.sampled_from(_LINES), max_size=2)
            )
            content = b"\n".join(lines)
        if edit == "replace":
            _put(new, name, draw(_FILE))
        elif edit == "mode" and file.kind != "link":
            _put(new, name, File("program" if file.kind == "file" else "file", content))
        elif edit.startswith("rename"):
            _put(new, draw(_NAME), File(file.kind, content))
        elif edit != "delete":
            _put(new, name, File(file.kind, content))
        if edit == "copy":
            _put(new, draw(_NAME), file)
    for name, file in draw(st.lists(st.tuples(_NAME, _FILE), max_size=2)):
        _put(new, name, file)
    # git rejects its own patch if a directory replaces a link that moved away.
    links = [name + b"/" for name, file in old.items() if file.kind == "link"]
    return old, {name: file for name, file in new.items() if not name.startswith(tuple(links))}


@dataclass(frozen=True)
class Bench:
    """A bare repository with a work tree, for one history after the other."""

    directory: Path

    @classmethod
    def create(cls, directory: Path) -> "Bench":
        made = cls(directory)
        made.git("init", "--quiet", "--bare", "--template=", str(made.mirror), anywhere=True)
        return made

    @property
    def mirror(self) -> Path:
        return self.directory / "mirror.git"

    @property
    def work(self) -> Path:
        return self.directory / "work"

    def git(self, *args: str, given: bytes = b"", anywhere: bool = False) -> bytes:
        place = {} if anywhere else {"GIT_DIR": str(self.mirror), "GIT_WORK_TREE": str(self.work)}
        done = subprocess.run(
            ["git", *args],
            cwd=self.directory if anywhere else self.work,
            env={**ENVIRONMENT, **place},
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout

    def tree(self, files: Tree) -> str:
        """Return its ID, after making the work tree exactly these files."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for name, file in files.items():
            path = os.path.join(os.fsencode(self.work), name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if file.kind == "link":
                os.symlink(file.content, path)
                continue
            with open(path, "wb") as out:
                out.write(file.content)
            os.chmod(path, 0o755 if file.kind == "program" else 0o644)
        self.git("add", "--all", "--force")
        return self.written()

    def listed(self, tree: str) -> dict[str, tuple[str, str]]:
        """Return mode and blob of each file, by our form of its path."""
        lines = self.git("ls-tree", "-r", "-z", tree).split(b"\0")[:-1]
        heads = (line.partition(b"\t") for line in lines)
        return {
            changes.format_path(path): (head.decode().split()[0], head.decode().split()[2])
            for head, _, path in heads
        }

    def written(self) -> str:
        """Return the ID of the index's tree."""
        return self.git("write-tree").decode().strip()


def check(bench: Bench, old: Tree, new: Tree) -> changes.Change:
    """Our patch equals git's output, and `git apply` turns the one tree into the other with it."""
    after, before = bench.tree(new), bench.tree(old)
    change = changes.compare_commits(bench.mirror, before, after)
    assert change.sections is not None
    patch = b"".join(change.sections)
    assert patch == bench.git("diff", "--binary", "--full-index", "-M", before, after)
    if patch:
        # To the files too, not only to the index.
        bench.git("apply", "--index", "--whitespace=nowarn", "-", given=patch)
    assert bench.written() == after
    _check_files(bench, change, before, after)
    return change


def _check_files(bench: Bench, change: changes.Change, before: str, after: str) -> None:
    """Each file's section and numbers belong to that file."""
    old, new = bench.listed(before), bench.listed(after)
    paths = {file.path for file in change.files}
    assert len({(file.path, file.status) for file in change.files}) == len(change.files)
    for file, section in zip(change.files, change.sections or [], strict=True):
        assert file.patch == changes.hash_blob(section, 40)
        source = file.old_path or file.path
        if file.status != "added":
            assert (file.old_mode, file.old_blob) == old[source]
        if file.status != "deleted":
            assert (file.mode, file.blob) == new[file.path]
        if not file.binary:
            hunks = [line for line in section.split(b"\n") if line[:1] in (b"+", b"-")]
            assert file.insertions + file.deletions <= len(hunks)
    paths |= {file.old_path or file.path for file in change.files}
    assert paths == {path for path in {*old, *new} if old.get(path) != new.get(path)}
