"""The changes between two commits of a mirror: the files, their patch and their contents.

The patch has exactly the bytes that `git diff --binary --full-index -M OLD NEW` prints without
settings and attributes, with this machine's git; only files of more than 8 MiB are always binary
here. It is created in the mirror, which only the daemon writes, and the command line sets
everything that could run a program or change the output. So an agent's settings in its workspace,
or a committed `.gitattributes`, change nothing.

Renames are found with git's default limits; copies aren't, because `-C` would read all files.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from msgspec.structs import replace

from muster.protocol.frames import ChangedFile, DiffStat, FileMode, FileStatus, OmissionReason
from muster.worker.git import blobs, generated_files, git, patch_sections, shortstat
from muster.worker.git.diff_parser import DiffParser, RawFile

MAX_PATCH_BYTES = 10 << 20
"""Maximum bytes of a patch; for a larger one, only the files' numbers are reported."""
MAX_FILES = 10_000
MAX_BLOB_BYTES = 2 << 20
MAX_CONTENT_BYTES = 32 << 20
"""Maximum bytes of file contents; the rest is omitted."""
MAX_PATH_CHARS = 4_096  # characters in a report

TIMEOUT = 60.0
_MAX_MEMORY_BYTES = 1 << 30  # bytes

_SETTINGS = {
    **shortstat.SETTINGS,
    # No tree: in a bare repository git would read attributes from a branch.
    "attr.tree": "none",
    "core.quotePath": "true",
    "diff.suppressBlankEmpty": "false",
    # Maps of packs don't count as git's own memory; but a machine can't hold them all.
    "core.packedGitLimit": "256m",
    "core.packedGitWindowSize": "32m",
}
_DIFF = (
    *("diff", "-z", "--raw", "--numstat", "--patch", "--binary", "--full-index", "--no-abbrev"),
    *("--find-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative"),
    *("--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic"),
    *("--submodule=short", "--ignore-submodules=none", "--src-prefix=a/", "--dst-prefix=b/"),
    *("--output-indicator-new=+", "--output-indicator-old=-", "--end-of-options"),
)
_STATUSES: dict[bytes, FileStatus] = {b"A": "added", b"D": "deleted", b"R": "renamed"}
_NO_BLOB = {"0" * 40, "0" * 64}
_IMAGES = ("avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp")


@dataclass(frozen=True)
class Change:
    """The changes in `commit` since `base`. `sections` are the files' parts of the patch, in order;
    None if `left_out` has a reason."""

    base: str
    commit: str
    files: list[ChangedFile]
    sections: list[bytes] | None
    left_out: OmissionReason

    def patches(self) -> Iterator[tuple[str, bytes]]:
        """The sections, each with its git blob ID."""
        for file, section in zip(self.files, self.sections or [], strict=False):
            yield cast(str, file.patch), section

    def list_blobs(self, known: Container[str]) -> list[str]:
        """Return the IDs of contents that people may want to see, except the `known` ones."""
        if self.sections is None:
            return []
        sides = [
            blob
            for file in self.files
            if not file.binary or file.path.lower().rpartition(".")[2] in _IMAGES
            for mode, blob in ((file.old_mode, file.old_blob), (file.mode, file.blob))
            if blob is not None and mode != "160000" and blob not in known
        ]
        return list(dict.fromkeys(sides))


def compare_commits(
    mirror: Path, base: str, commit: str, cancelled: git.CancelFlag | None = None
) -> Change:
    """Compare two commits. Raises GitError, including GitCancelled."""
    if base == commit:
        return Change(base, commit, [], [], "")
    listing = DiffParser(MAX_FILES, MAX_PATCH_BYTES)
    arguments = [*_DIFF, base, commit, "--"]
    try:
        git.stream_git(
            arguments,
            mirror,
            listing.feed,
            TIMEOUT,
            memory=_MAX_MEMORY_BYTES,
            settings=_SETTINGS,
            cancelled=cancelled,
        )
        return _build_change(base, commit, listing)
    except git.GitCancelled:
        raise
    except git.GitError:
        # Creating the patch took too much time or memory.
        if not listing.has_all_files:
            raise
        listing.is_too_large = True
        return _build_change(base, commit, listing)
    except ValueError as error:
        raise git.GitError(f"can't parse the patch: {error}") from error


def read_contents(
    mirror: Path, change: Change, known: Container[str], cancelled: git.CancelFlag | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield the contents that the change names, except the `known` ones: first sections, then both
    sides of text and image files, as far as they can be read. Raises GitCancelled, OSError."""
    for each, section in change.patches():
        if each not in known:
            yield each, section
    if not (wanted := change.list_blobs(known)):
        return
    try:
        found = blobs.read_blobs(
            mirror,
            wanted,
            largest=MAX_BLOB_BYTES,
            most=MAX_CONTENT_BYTES,
            timeout=TIMEOUT,
            memory=_MAX_MEMORY_BYTES,
            cancelled=cancelled,
        )
    except git.GitCancelled:
        raise
    except git.GitError:
        return  # the patch shows the changes without them
    yield from found.items()


def sum_diff_stat(files: list[ChangedFile]) -> DiffStat:
    """Add up the files' numbers."""
    lines = ((file.insertions, file.deletions) for file in files)
    return DiffStat(len(files), *map(sum, zip(*lines, strict=True))) if files else DiffStat()


def format_path(path: bytes) -> str:
    """Return the path as text: unchanged if it is UTF-8 and doesn't look quoted, otherwise quoted
    like git does."""
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return _quote(path)
    return _quote(path) if text.startswith('"') else text


def _quote(path: bytes) -> str:
    return '"' + "".join(_ESCAPES[byte] for byte in path) + '"'


def _escape_byte(byte: int) -> str:
    if letter := {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r"}.get(byte):
        return "\\" + letter
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


_ESCAPES = [_escape_byte(byte) for byte in range(256)]


def _build_change(base: str, commit: str, listing: DiffParser) -> Change:
    """Build the change. Raises ValueError."""
    files = [file for raw in listing.files for file in _changed_files(raw, listing.lines)]
    reported_files = [
        file for file in files if max(len(file.path), len(file.old_path or "")) <= MAX_PATH_CHARS
    ]
    if listing.is_truncated or len(reported_files) < len(files) or len(reported_files) > MAX_FILES:
        return Change(base, commit, reported_files[:MAX_FILES], None, "files")
    if listing.is_too_large:
        return Change(base, commit, reported_files, None, "size")
    pieces = patch_sections.split_patch(bytes(listing.patch))
    digits = len(listing.files[0].blob) if listing.files else 0
    for file, section in zip(reported_files, pieces, strict=True):
        file.patch = hash_blob(section, digits)
        file.binary = file.binary and patch_sections.is_binary(section)
    return Change(base, commit, reported_files, pieces, "")


def _changed_files(
    raw: RawFile, numbers: Mapping[bytes, tuple[int, int] | None]
) -> list[ChangedFile]:
    """Return the file; twice if it is deleted and created again as another type."""
    lines = numbers.get(raw.path, (0, 0))
    insertions, deletions = lines or (0, 0)
    path, status = format_path(raw.path), _STATUSES.get(raw.status, "modified")
    file = ChangedFile(
        path,
        status,
        format_path(raw.old_path) if status == "renamed" else None,
        _mode(raw.mode),
        _mode(raw.old_mode),
        _blob(raw.blob),
        _blob(raw.old_blob),
        insertions,
        deletions,
        binary=lines is None,
        generated=generated_files.is_generated(path),
    )
    if not raw.is_type_change:
        return [file]
    gone = replace(file, status="deleted", mode="", blob=None, insertions=0)
    return [gone, replace(file, status="added", old_mode="", old_blob=None, deletions=0)]


def hash_blob(content: bytes, digits: int) -> str:
    """Return git's ID of the content, in a repository whose IDs have that many digits."""
    head = b"blob %d\0" % len(content)
    return (hashlib.sha1 if digits == 40 else hashlib.sha256)(head + content).hexdigest()


def _mode(mode: bytes) -> FileMode:
    return "" if mode == b"000000" else cast(FileMode, mode.decode())


def _blob(blob: bytes) -> str | None:
    return None if (text := blob.decode()) in _NO_BLOB else text
