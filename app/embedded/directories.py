"""Find directories that the servers' account can enter, and alternatives for the others."""

import os
import stat
import sys
import tempfile
from pathlib import Path

from app.embedded.accounts import Account
from app.embedded.errors import EmbeddedError
from app.embedded.handles import DirectoryHandle


def can_enter(directory: Path, account: Account | None) -> bool:
    """Whether the mode bits let `account` pass through every directory down to this one."""
    if account is None:
        return True
    directory = directory.resolve()
    return all(
        is_allowed(place.stat(), account, stat.S_IXOTH)
        for place in (directory, *directory.parents)
        if place.exists()
    )


def is_allowed(status: os.stat_result, account: Account, bits: int) -> bool:
    """Whether the mode grants `bits` (written as the bits of others, `S_IXOTH` …) to `account`."""
    if status.st_uid == account.uid:
        bits <<= 6
    elif status.st_gid == account.gid:
        bits <<= 3
    return status.st_mode & bits == bits


def shared_temporary(account: Account | None, *, for_programs: bool = False) -> Path:
    """Return a temporary directory that we and `account` can enter, because $TMPDIR may be private
    to us. `for_programs`: not on a file system mounted `noexec`, such as /tmp on many servers.

    Raises EmbeddedError.
    """
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    for place in places:
        is_usable = place.is_dir() and can_enter(place, account)
        if is_usable and not (for_programs and _is_noexec(place)):
            return place
    tried = ", ".join(dict.fromkeys(map(str, places)))
    raise EmbeddedError(
        f"the servers' user can't {'run programs in' if for_programs else 'enter'} any of "
        f"{tried}: set TMPDIR to a directory that everyone can enter, on a disk that isn't "
        "mounted noexec"
    )


def _is_noexec(directory: Path) -> bool:
    return bool(os.statvfs(directory).f_flag & os.ST_NOEXEC)


def path_for(directory: DirectoryHandle, account: Account | None) -> tuple[Path, tuple[int, ...]]:
    """Return a path by which `account` reaches its directory, and the descriptors that the path
    needs.

    The home may be below a directory that only root can enter. A child still reaches it through an
    inherited open descriptor, and no other user gets access. Raises EmbeddedError if the system has
    no such paths.
    """
    if can_enter(directory.path, account):
        return directory.path, ()
    if sys.platform != "linux":
        raise EmbeddedError(
            f"the servers' user can't reach {directory.path}: set MUSTER_HOME to another directory"
        )
    return Path(f"/proc/self/fd/{directory.descriptor}"), (directory.descriptor,)
