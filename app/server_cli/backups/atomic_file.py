"""Create a file atomically: it appears complete, or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.server_cli.backups.errors import BackupError
from app.server_cli.installation.atomic_write import sync_directory


@contextmanager
def create_atomically(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write to. It gets its name when it is complete and on disk, and only its
    owner can read it. Raises BackupError if the file exists.
    """
    if path.exists():
        raise BackupError(f"{path} already exists: choose another file, or remove it")
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _publish(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    sync_directory(path.parent)


def _publish(partial: Path, path: Path) -> None:
    try:
        # Not `rename`, which would replace a file that was created meanwhile.
        os.link(partial, path)
    except OSError as problem:
        if problem.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        partial.rename(path)  # a file system without links
