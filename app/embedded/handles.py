"""Open directories, in which root works safely even if another account owns them.

The owner can put a link, a FIFO or another directory at any name in there, at any moment. So a name
is resolved once, beneath an open directory, and never followed: the file that was checked is the
file that is used. In a directory of the current user, links to directories are allowed, because no
other user could create them.
"""

import contextlib
import os
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.accounts import Account
from app.embedded.errors import EmbeddedError

MAX_TEXT_BYTES = 64 * 1024  # the files read there are pids, versions and passwords
_LINKED = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DIRECTORY = _LINKED | os.O_NOFOLLOW
# Without waiting for a writer of a FIFO.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class DirectoryHandle:
    """An open directory. `account` owns the files created in it; None: we do."""

    path: Path
    descriptor: int
    account: Account | None = None

    def close(self) -> None:
        """Close it. Call it once."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def exists(self, name: str) -> bool:
        """Whether the name exists."""
        with contextlib.suppress(FileNotFoundError):
            os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
            return True
        return False

    def names(self) -> list[str]:
        """Return the names of all entries."""
        return os.listdir(self.descriptor)

    @property
    def _owner(self) -> int:
        return os.fstat(self.descriptor).st_uid

    def directory(self, name: str, account: Account | None = None) -> "DirectoryHandle":
        """Open a directory that belongs to the account, to this one's owner or to us.

        Raises EmbeddedError if it belongs to another user or isn't a directory.
        """
        opened = self._open_child(name, account)
        if opened._owner not in (os.geteuid(), _uid(account), self._owner):
            opened.close()
            raise _ownership_error(self.path / name, account)
        return opened

    def owner_only_directory(self, name: str) -> "DirectoryHandle":
        """Create (or check) and open a directory that only its owner can enter."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=self.descriptor)
        opened = self.directory(name)
        os.fchmod(opened.descriptor, 0o700)
        return opened

    def private_directory(
        self, name: str, account: Account | None, guest: Account | None = None
    ) -> "DirectoryHandle":
        """Create (or check) and open a directory that only `account` can enter. A `guest` can pass
        through it to names that they know. Raises EmbeddedError if it belongs to another user.
        """
        is_new = True
        try:
            os.mkdir(name, 0o700, dir_fd=self.descriptor)
        except FileExistsError:
            is_new = False
        opened = self._open_child(name, account)
        try:
            _make_private(opened, account, guest, is_new=is_new)
        except BaseException:
            opened.close()
            raise
        return opened

    def _open_child(self, name: str, account: Account | None) -> "DirectoryHandle":
        flags = _LINKED if _is_trusted_parent(os.fstat(self.descriptor)) else _DIRECTORY
        try:
            descriptor = os.open(name, flags, dir_fd=self.descriptor)
        except OSError as problem:
            if not self.exists(name):
                raise
            if flags == _DIRECTORY and (self.path / name).is_symlink():
                raise _symlink_error(self.path / name) from problem
            raise _ownership_error(self.path / name, account) from problem
        return DirectoryHandle(self.path / name, descriptor, account)

    def open_file(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Return a descriptor of a file that belongs to us or to the directory's owner.

        Raises EmbeddedError for a link, a FIFO or anything else, FileNotFoundError.
        """
        path = self.path / name
        try:
            descriptor = os.open(name, flags | _FILE, mode, dir_fd=self.descriptor)
        except FileNotFoundError:
            raise
        except OSError as problem:
            if not _is_special_file(name, self.descriptor):
                raise
            raise _file_type_error(path) from problem
        if not self._is_owner_trusted(os.fstat(descriptor)):
            os.close(descriptor)
            raise _file_type_error(path)
        return descriptor

    def _is_owner_trusted(self, status: os.stat_result) -> bool:
        if not stat.S_ISREG(status.st_mode):
            return False
        if status.st_uid == self._owner:
            return True
        # One of our files with a second name may not be from this directory: they can make hard
        # links.
        return status.st_uid == os.geteuid() and status.st_nlink == 1

    def read(self, name: str) -> str | None:
        """Return the text of a small file; None if it doesn't exist. Replaces bytes that aren't
        UTF-8.

        Raises as `open_file`, and EmbeddedError for a file of more than MAX_TEXT_BYTES.
        """
        try:
            descriptor = self.open_file(name, os.O_RDONLY)
        except FileNotFoundError:
            return None
        with open(descriptor, "rb") as file:
            content = file.read(MAX_TEXT_BYTES + 1)
        if len(content) > MAX_TEXT_BYTES:
            raise EmbeddedError(
                f"{self.path / name} has more than {MAX_TEXT_BYTES} bytes, more than Muster or "
                "its servers write: find out which program wrote it, and move it away"
            )
        return content.decode(errors="replace")

    def write(self, name: str, text: str, *, sync: bool = False) -> None:
        """Create or replace a file atomically, readable only by its owner. `sync`: also wait until
        it is on disk.
        """
        fresh = f"{name}.new"
        self.remove(fresh)
        with open(os.open(fresh, _NEW, 0o600, dir_fd=self.descriptor), "w") as file:
            file.write(text)
            file.flush()
            if self.account is not None:
                os.fchown(file.fileno(), self.account.uid, self.account.gid)
            if sync:
                os.fsync(file.fileno())
        self.rename(fresh, name)

    def rename(self, name: str, new: str) -> None:
        """Rename an entry; replaces an existing one."""
        os.replace(name, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Remove a file or a link, if it exists."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)

    def remove_directory(self, name: str) -> None:
        """Remove an empty directory. Raises OSError."""
        os.rmdir(name, dir_fd=self.descriptor)

    def remove_tree(self, name: str) -> None:
        """Remove a directory with its contents, as far as possible; of a link only the link."""
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=self.descriptor)
        shutil.rmtree(name, ignore_errors=True, dir_fd=self.descriptor)


def open_directory(path: Path) -> DirectoryHandle:
    """Open a directory by path. Its last name may be a link only if its parent belongs to us.

    Raises OSError, also if a parent is replaced by a link meanwhile.
    """
    above = path.parent.resolve()
    target = path.resolve() if _is_trusted_parent(above.stat()) else above / path.name
    if sys.platform != "linux":  # passing through a directory would require the right to read it
        return DirectoryHandle(path, os.open(target, _DIRECTORY))
    passing = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    *parents, last = target.parts
    with contextlib.ExitStack() as ways:
        place: int | None = None
        for part in parents:
            place = os.open(part, passing, dir_fd=place)
            ways.callback(os.close, place)
        return DirectoryHandle(path, os.open(last, _DIRECTORY, dir_fd=place))


def _make_private(
    opened: DirectoryHandle, account: Account | None, guest: Account | None, *, is_new: bool
) -> None:
    owner = opened._owner
    if is_new and owner == os.geteuid() and account is not None:
        os.fchown(opened.descriptor, account.uid, account.gid)
    elif owner != _uid(account):
        raise _ownership_error(opened.path, account)
    os.fchmod(opened.descriptor, 0o700)
    if guest is not None:
        os.fchown(opened.descriptor, -1, guest.gid)
        os.fchmod(opened.descriptor, 0o710)


def _is_trusted_parent(directory: os.stat_result) -> bool:
    """Whether only we and root create links there. Root acts for others, so it trusts none."""
    return directory.st_uid == os.geteuid() != 0


def _uid(account: Account | None) -> int:
    return os.geteuid() if account is None else account.uid


def _is_special_file(name: str, directory: int) -> bool:
    with contextlib.suppress(OSError):
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        return not stat.S_ISREG(status.st_mode)
    return False


def _ownership_error(path: Path, account: Account | None) -> EmbeddedError:
    return EmbeddedError(
        f"{path} isn't a directory of user {_uid(account)}, who runs the servers: move it away or "
        "give it to that user"
    )


def _symlink_error(path: Path) -> EmbeddedError:
    return EmbeddedError(
        f"{path} is a link, and Muster follows links only in a directory of the user who starts "
        "it, and never as root: put the directory itself there, or a bind mount of it "
        "(docs/operating.md, Whose processes)"
    )


def _file_type_error(path: Path) -> EmbeddedError:
    return EmbeddedError(
        f"{path} is a link, or doesn't belong to its directory's owner: find out who put it "
        "there, and move it away"
    )
