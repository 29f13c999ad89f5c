"""As whom a daemon runs: as root, or as an ordinary user with a home of its own."""

import os
import shlex
import stat
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.muster.worker import uids

SOURCES = Path(__file__).resolve().parents[2]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ORDINARY = uids.OWN[0]  # nobody's account
ATTEMPTS = uids.OWN[1:500]
_THREES = count(ATTEMPTS.stop, 3)


@dataclass(frozen=True)
class User:
    """`uid` is None for root itself."""

    name: str
    uid: int | None

    def command(self, *argv: str) -> list[str]:
        """The command, run as this user by root."""
        if self.uid is None:
            return list(argv)
        become = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        return _with_closed_opened([*become, "--", *argv])

    def own(self, *paths: Path) -> None:
        """Gives him these trees."""
        if self.uid is not None:
            for path in paths:
                for found in [path, *path.rglob("*")]:
                    os.chown(found, self.uid, self.uid, follow_symlinks=False)


USERS = [User("root", None), User("user", ORDINARY)]


def three_uids() -> range:
    """For attempts; no daemon of this run has had one of them: what a daemon leaves, if only for
    its parent to collect, keeps its uid from being given again."""
    first = next(_THREES)
    return range(first, first + 3)


def _with_closed_opened(argv: list[str]) -> list[str]:
    """Where Python or this checkout lie in somebody's closed directory (a pyenv in `/root`), they
    are shown to the command at their own places, in mounts of its own; nothing else in there is."""
    needed = [Path(os.path.realpath(p)) for p in (sys.base_prefix, sys.prefix, SOURCES)]
    closed = {path: top for path in needed if (top := _closed_above(path))}
    if not closed:
        return argv
    lines = ["set -e", "aside=$(mktemp -d)", "mount -t tmpfs aside $aside"]
    for number, path in enumerate(closed):
        place = shlex.quote(str(path))
        lines += [f"mkdir $aside/{number}", f"mount --bind {place} $aside/{number}"]
    lines += [f"mount -t tmpfs -o mode=711 opened {top}" for top in set(closed.values())]
    for number, path in enumerate(closed):
        place = shlex.quote(str(path))
        lines += [f"mkdir -p {place}", f"mount --move $aside/{number} {place}"]
    lines += ["umount $aside", "rmdir $aside", f"cd {SOURCES}", 'exec "$@"']
    return ["unshare", "--mount", "--", "/bin/sh", "-c", "\n".join(lines), "sh", *argv]


def _closed_above(path: Path) -> Path | None:
    """The uppermost directory on the way that others may not walk through."""
    closed = [each for each in path.parents if not each.stat().st_mode & stat.S_IXOTH]
    return closed[-1] if closed else None
