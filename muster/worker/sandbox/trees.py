"""Inspect, remove and give away trees that an attempt could write, only through descriptors.

No step uses a path: a tree's owner can put links, pipes and other owners' files anywhere in it, and
move directories while they are walked. Each directory is opened beneath its parent, never through a
link; the way up is checked. Standard library only.
"""

import ctypes
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_REMOVE_TIMEOUT_SECONDS = (
    600.0  # seconds for a removal: a process that keeps filling the tree must not win
)
_MAX_PENDING_DIRECTORIES = 1_000_000  # directories that are known and not yet walked through
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ENTRY = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_AT_EMPTY_PATH = 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def stat_below(tree: Path, path: str) -> os.stat_result:
    """Return the status of this relative path in a tree. Follows no links, and opens nothing that
    could block. Raises OSError."""
    *directories, name = path.split("/")
    handle = os.open(tree, _ENTRY | os.O_DIRECTORY)
    try:
        for each in directories:
            handle = _swap_handle(handle, os.open(each, _ENTRY | os.O_DIRECTORY, dir_fd=handle))
        return os.stat(name, dir_fd=handle, follow_symlinks=False)
    finally:
        os.close(handle)


def remove(*trees: Path) -> None:
    """Remove these, whatever they are by now. Each is in a directory that no attempt can write.

    As root, the tree's owner removes what it can; we remove only other users' files in it. Raises
    OSError if one stays.
    """
    owners: dict[int, list[Path]] = {}
    for tree in trees:
        with suppress(FileNotFoundError):
            owners.setdefault(os.lstat(tree).st_uid, []).append(tree)
    for owner, theirs in owners.items():
        _remove_as(owner, theirs)
        for tree in theirs:
            if os.path.lexists(tree):
                _remove_rest(tree, time.monotonic() + _REMOVE_TIMEOUT_SECONDS)


def chown_tree(tree: Path, owner: int) -> None:
    """Give a directory, and everything below it that belongs to its owner, to the user `owner`; not
    other users' files, which may have been linked there. The directory itself comes last, so that
    an interrupted call can be repeated. Nothing may run as either user. Raises OSError."""
    with _close_after(os.open(tree, _DIRECTORY)) as top:
        was = os.fstat(top).st_uid
        if was == owner:
            return
        _chown_below(top, was, owner)
        os.fchown(top, owner, owner)


def _remove_as(owner: int, trees: list[Path]) -> None:
    """Not the trees themselves if their owner is another user, who has no right to that."""
    user = owner if os.geteuid() == 0 else None
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(
            ["rm", "-rf", "--", *(str(tree.absolute()) for tree in trees)],
            cwd="/",
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_REMOVE_TIMEOUT_SECONDS,
            check=False,
        )


def _remove_rest(tree: Path, deadline: float) -> None:
    with _close_after(os.open(tree.parent, _DIRECTORY & ~os.O_NOFOLLOW)) as parent:
        if not _try_remove(tree.name, parent):
            _empty_directory(_open_for_removal(tree.name, parent), deadline)
            os.rmdir(tree.name, dir_fd=parent)


def _empty_directory(directory: int, deadline: float) -> None:
    """Remove everything below, with one directory open at a time: the depth is unlimited. Closes
    the descriptor."""
    above: list[tuple[str, tuple[int, int]]] = []
    try:
        while True:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"a directory was not empty after {_REMOVE_TIMEOUT_SECONDS:.0f} s"
                )
            name = _first_nonempty(directory)
            if name is not None:
                above.append((name, _inode_id(directory)))
                directory = _swap_handle(directory, _open_for_removal(name, directory))
            elif above:
                name, identity = above.pop()
                directory = _swap_handle(directory, _open_parent(directory, identity))
                with suppress(FileNotFoundError):
                    os.rmdir(name, dir_fd=directory)
            else:
                return
    finally:
        os.close(directory)


def _first_nonempty(directory: int) -> str | None:
    """Remove what is possible; return the first directory that isn't empty, None if all are
    gone."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if not _try_remove(entry.name, directory):
                return entry.name
    return None


def _try_remove(name: str, parent: int) -> bool:
    """Return whether it is gone now; False for a directory that isn't empty. Raises OSError."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return True
    except (IsADirectoryError, PermissionError):  # POSIX has the latter for directories
        try:
            os.rmdir(name, dir_fd=parent)
        except OSError:
            if not stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode):
                raise
            return False
    return True


def _chown_below(top: int, was: int, owner: int) -> None:
    """`ahead` has for each directory, from the top down to the current one, its entries that aren't
    walked through yet."""
    directory = os.dup(top)
    try:
        ahead = [_chown_entries(directory, was, owner)]
        above: list[tuple[int, int]] = []
        count = len(ahead[0])
        while ahead:
            if ahead[-1]:
                name = ahead[-1].pop()
                count -= 1
                above.append(_inode_id(directory))
                directory = _swap_handle(directory, _open_child(name, directory))
                ahead.append(_chown_entries(directory, was, owner))
                count += len(ahead[-1])
                if count > _MAX_PENDING_DIRECTORIES:
                    raise OSError(f"more than {_MAX_PENDING_DIRECTORIES} directories")
            else:
                ahead.pop()
                if above:
                    directory = _swap_handle(directory, _open_parent(directory, above.pop()))
    finally:
        os.close(directory)


def _chown_entries(directory: int, was: int, owner: int) -> list[str]:
    """Change the owner of a directory's entries; return the directories in it."""
    below = []
    device = os.fstat(directory).st_dev
    with os.scandir(directory) as entries:
        for entry in entries:
            with _close_after(os.open(entry.name, _ENTRY, dir_fd=directory)) as handle:
                found = os.fstat(handle)
                if found.st_dev == device and found.st_uid == was:
                    _change_owner(handle, owner)
                if found.st_dev == device and stat.S_ISDIR(found.st_mode):
                    below.append(entry.name)
    return below


def _change_owner(handle: int, owner: int) -> None:
    """Change exactly the inspected file, even if another took its name; of a link the link
    itself."""
    if _libc.fchownat(handle, b"", owner, owner, _AT_EMPTY_PATH):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _open_child(name: str, parent: int) -> int:
    return os.open(name, _DIRECTORY, dir_fd=parent)


def _open_for_removal(name: str, parent: int) -> int:
    """Open a directory that its owner may have closed even to themselves, and so to us."""
    if os.geteuid() != 0:
        with _close_after(os.open(name, _ENTRY | os.O_DIRECTORY, dir_fd=parent)) as entry:
            os.chmod(f"/proc/self/fd/{entry}", stat.S_IRWXU)
    return _open_child(name, parent)


def _open_parent(directory: int, expected: tuple[int, int]) -> int:
    """Return a descriptor of the parent in which this directory was found. Raises OSError if it has
    been moved: the new parent may be any directory."""
    handle = os.open("..", _DIRECTORY, dir_fd=directory)
    if _inode_id(handle) != expected:
        os.close(handle)
        raise OSError("a directory was moved while it was walked through")
    return handle


def _swap_handle(directory: int, by: int) -> int:
    os.close(directory)
    return by


def _inode_id(handle: int) -> tuple[int, int]:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino


@contextmanager
def _close_after(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        os.close(handle)
