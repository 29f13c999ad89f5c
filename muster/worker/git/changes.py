"""What changed between two commits of a mirror: the files, their patch and their contents.

The patch is byte for byte what `git diff --binary --full-index -M OLD NEW` prints where nobody has
set anything: in a repository without attributes, of someone without settings, by this machine's
git. Only a file of more than 8 MiB is always binary here. It is made in the mirror, which only the
daemon writes, and what could run a program, or change what is printed, is named on the command
line: what an agent has set in its workspace, or committed as `.gitattributes`, changes nothing.

Renames are found as far as git looks for them by itself; copies are not, for `-C` would read all
files.
"""

import hashlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import cast

from muster.protocol.frames import ChangedFile, DiffStat, FileMode, FileStatus, LeftOut
from muster.worker.git import blobs, generated, git, sections, shortstat
from muster.worker.git.listing import Listing, RawFile

MOST_PATCH = 10 << 20
"""Bytes of a patch; of a larger one there are the files' numbers alone."""
MOST_FILES = 10_000
LARGEST_BLOB = 2 << 20
MOST_BLOBS = 32 << 20
"""Bytes of files' contents; what comes after them is left out."""
LONGEST_PATH = 4_096  # characters, as it is told

TIMEOUT = 60.0
_MEMORY = 1 << 30  # bytes

_SETTINGS = {
    **shortstat.SETTINGS,
    # No tree: in a bare repository git would take attributes from a branch.
    "attr.tree": "none",
    "core.quotePath": "true",
    "diff.suppressBlankEmpty": "false",
    # Maps of packs are no memory of git's own; but a machine has not got room for all of them.
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
    """What `commit` changed since `base`. `sections` are the files' of the patch, in their order;
    None where `left_out` says why."""

    base: str
    commit: str
    files: list[ChangedFile]
    sections: list[bytes] | None
    left_out: LeftOut

    def patches(self) -> Iterator[tuple[str, bytes]]:
        """The sections, each with what git would call it."""
        for file, section in zip(self.files, self.sections or [], strict=False):
            yield cast(str, file.patch), section

    def wanted(self, known: Container[str]) -> list[str]:
        """The ids of files' contents that somebody may want to see, but for those `known`."""
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


def between(mirror: Path, base: str, commit: str, cancelled: git.Flag | None = None) -> Change:
    """What changed between two commits. Raises GitError, of which GitCancelled."""
    if base == commit:
        return Change(base, commit, [], [], "")
    listing = Listing(MOST_FILES, MOST_PATCH)
    arguments = [*_DIFF, base, commit, "--"]
    try:
        git.stream(
            arguments,
            mirror,
            listing.take,
            TIMEOUT,
            memory=_MEMORY,
            settings=_SETTINGS,
            cancelled=cancelled,
        )
    except git.GitCancelled:
        raise
    except git.GitError:
        # It took too long, or too much memory, to make the patch.
        if not listing.has_numbers:
            raise
        listing.is_too_large = True
    try:
        return _change(base, commit, listing)
    except ValueError as error:
        raise git.GitError(f"the patch cannot be read: {error}") from error


def contents(
    mirror: Path, change: Change, known: Container[str], cancelled: git.Flag | None = None
) -> Iterator[tuple[str, bytes]]:
    """The contents that the change names, but for those `known`: sections first, then both sides of
    files that are text, or images. Raises GitError, OSError."""
    for each, section in change.patches():
        if each not in known:
            yield each, section
    if wanted := change.wanted(known):
        found = blobs.read(
            mirror,
            wanted,
            largest=LARGEST_BLOB,
            most=MOST_BLOBS,
            timeout=TIMEOUT,
            memory=_MEMORY,
            cancelled=cancelled,
        )
        yield from found.items()


def size(files: list[ChangedFile]) -> DiffStat:
    """The files' numbers, added up."""
    lines = ((file.insertions, file.deletions) for file in files)
    return DiffStat(len(files), *map(sum, zip(*lines, strict=True))) if files else DiffStat()


def path_text(path: bytes) -> str:
    """The path as a text: itself where it is UTF-8, and else, or if it could be taken for one that
    is quoted, quoted as git quotes it."""
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return _quoted(path)
    return _quoted(path) if text.startswith('"') else text


def _quoted(path: bytes) -> str:
    return '"' + "".join(_ESCAPES[byte] for byte in path) + '"'


def _escape(byte: int) -> str:
    if letter := {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r"}.get(byte):
        return "\\" + letter
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


_ESCAPES = [_escape(byte) for byte in range(256)]


def _change(base: str, commit: str, listing: Listing) -> Change:
    """Raises ValueError."""
    paths = [(path_text(raw.path), path_text(raw.old_path)) for raw in listing.files]
    is_told = [max(map(len, both)) <= LONGEST_PATH for both in paths]
    left_out: LeftOut = ""
    if listing.is_cut or not all(is_told):
        left_out = "files"
    elif listing.is_too_large:
        left_out = "size"
    pieces: list[bytes] | None = None
    if not left_out:
        counts = (raw.sections for raw in listing.files)
        pieces = sections.cut(bytes(listing.patch), counts)
    each = pieces if pieces is not None else repeat(None, len(paths))
    files = [
        _file(raw, *both, listing.lines.get(raw.path, (0, 0)), section)
        for raw, both, told, section in zip(listing.files, paths, is_told, each, strict=True)
        if told
    ]
    return Change(base, commit, files, pieces, left_out)


def _file(
    raw: RawFile, path: str, old_path: str, lines: tuple[int, int] | None, section: bytes | None
) -> ChangedFile:
    status = _STATUSES.get(raw.status, "modified")
    insertions, deletions = lines or (0, 0)
    return ChangedFile(
        path,
        status,
        old_path if status == "renamed" else None,
        _mode(raw.mode),
        _mode(raw.old_mode),
        _blob(raw.blob),
        _blob(raw.old_blob),
        insertions,
        deletions,
        binary=lines is None,
        generated=generated.by_name(path),
        patch=None if section is None else object_id(section, len(raw.blob)),
    )


def object_id(content: bytes, digits: int) -> str:
    """What git calls the content, in a repository whose ids have so many digits."""
    head = b"blob %d\0" % len(content)
    return (hashlib.sha1 if digits == 40 else hashlib.sha256)(head + content).hexdigest()


def _mode(mode: bytes) -> FileMode:
    return "" if mode == b"000000" else cast(FileMode, mode.decode())


def _blob(blob: bytes) -> str | None:
    return None if (text := blob.decode()) in _NO_BLOB else text
