"""Watch the disk usage of what the daemon runs in a sandbox.

Everyone on the machine uses up the disk's free space, so its loss alone accuses no one. It only
starts a walk, once the disk lost as much as the attempt may still use. The daemon has threads and
must not fork, so a separate program walks.
"""

import contextlib
import subprocess
import sys
from math import inf
from pathlib import Path

from muster.worker.limits.disk import DiskWalk, DiskWatch

_SOURCES = Path(__file__).resolve().parents[3]
_ENTRY = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.limits.disk import measure; "
    "print(measure(sys.argv[4:], int(sys.argv[2]), int(sys.argv[3])), end='')"
)
_KILL_TIMEOUT_SECONDS = 2.0


class DiskLossWatch(DiskWatch):
    """A DiskWatch that walks only for space that the disk lost since it was made: what was there
    before may already exceed the limit. The sandbox's processes are below `root`."""

    def __init__(self, directories: list[str], limit: int, now: float, root: int) -> None:
        super().__init__(directories, limit, now, interval=inf)
        self._root = root

    def _start_walk(self, now: float) -> DiskWalk:
        return ProgramWalk(self._directories, self._limit, now, self._root)


class ProgramWalk(DiskWalk):
    """A walk by a program instead of a forked child."""

    def __init__(self, directories: list[str], limit: int, now: float, root: int) -> None:
        self._root = root
        super().__init__(directories, limit, now)

    def kill(self) -> None:
        super().kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a hanging disk delays its end
            self._process.wait(_KILL_TIMEOUT_SECONDS)

    def _start(self, directories: list[str], limit: int, result_fd: int) -> int:
        arguments = [str(_SOURCES), str(limit), str(self._root), *directories]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _ENTRY, *arguments],
            cwd="/",
            env={},
            stdin=subprocess.DEVNULL,
            stdout=result_fd,
            stderr=subprocess.DEVNULL,
        )
        return self._process.pid
