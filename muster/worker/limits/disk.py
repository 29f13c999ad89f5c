"""Measure the disk usage of a sandbox's directories, outside the shim's loop.

A child of the shim walks through them, so that neither a million files nor a hanging disk delays a
terminal; the daemon uses `disk_program`. It may use a twentieth of a processor, and a tenth of the
time: uncached reads cost the disk more than a processor, and others read there too. Files count by
their blocks, whatever their length, but each at least as a small file, because a disk's number of
files is limited. Standard library only.
"""

import contextlib
import ctypes
import os
import resource
import signal
import stat
import time
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from muster.worker import processes
from muster.worker.limits.limits import Breach, disk_breach

_INTERVAL_SECONDS = 5.0  # seconds between walks
_CPU_DIVISOR = 20  # walks take a twentieth of a processor
_URGENT_CPU_DIVISOR = 4  # or a quarter, if the disk loses space that the sandbox might not have
_REST_FACTOR = 9  # times the duration of a walk
_NICE = 5  # 19 would get no time at all if an attempt uses all processors
_MAX_WALK_SECONDS = 60.0  # seconds until a walk is stopped

_MIN_FILE_BYTES = 4 << 10  # minimum bytes per file
_MAX_DEPTH = 2048  # levels, deeper than a path can be (PATH_MAX)
_MAX_LINKED_FILES = 1 << 20  # files with several names that are counted once

_TEMPORARY_DIRECTORIES = ("/tmp", "/var/tmp", "/dev/shm")
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class TooDeep(Exception):
    """Directories are nested so deep that no walk finishes."""


class _FreeSpace(NamedTuple):
    """A disk's free space, and its total number of files."""

    free: int  # bytes
    files: int
    files_in_all: int

    def bytes_lost_until(self, now: "_FreeSpace") -> int:
        """Return bytes. ZFS and XFS create inodes on demand and report a number that follows their
        free bytes: there only the bytes count."""
        files = self.files - now.files if self.files_in_all == now.files_in_all else 0
        return max(self.free - now.free, files * _MIN_FILE_BYTES)


class DiskWatch:
    """Walks now and then; `poll` is called repeatedly, and never waits."""

    def __init__(
        self, directories: list[str], limit: int, now: float, interval: float = _INTERVAL_SECONDS
    ) -> None:
        self._directories = directories
        self._limit = limit
        self._interval = interval
        self._walk: DiskWalk | None = None
        self._next_walk_at = now + interval
        self._urgent_from = now  # no earlier walk, whatever the disk loses
        self._used = 0
        self._free_space = self._measure_free_space()  # at the start of the latest walk

    def poll(self, now: float) -> Breach | None:
        """Return the limit's breach, once a walk has found it."""
        if self._walk is not None:
            return self._finish_walk(self._walk, now)
        if now >= self._next_walk_at or (now >= self._urgent_from and self._may_exceed()):
            self._free_space = self._measure_free_space()
            self._walk = self._start_walk(now)
        return None

    def _start_walk(self, now: float) -> "DiskWalk":
        return DiskWalk(self._directories, self._limit, now)

    def close(self) -> None:
        """Stop a walk, if there is one. Safe to repeat."""
        if self._walk is not None:
            self._walk.kill()
            self._walk = None

    def _finish_walk(self, walk: "DiskWalk", now: float) -> Breach | None:
        result, lasted = walk.result(), now - walk.started_at
        if result is None and lasted < _MAX_WALK_SECONDS:
            return None
        outcome, cost = result or ("", 0.0)
        self.close()
        self._next_walk_at = now + max(self._interval, _CPU_DIVISOR * cost, _REST_FACTOR * lasted)
        self._urgent_from = now + max(_URGENT_CPU_DIVISOR * cost, lasted)
        if outcome == "deep":
            return Breach(
                "disk_exceeded",
                f"directories are nested more than {_MAX_DEPTH} levels deep, so their disk usage "
                "can't be measured",
            )
        if outcome:
            self._used = int(outcome)
        return disk_breach(self._limit, self._used) if self._used > self._limit else None

    def _may_exceed(self) -> bool:
        """Whether the disk has lost more since the latest walk than the sandbox may still use."""
        now = self._measure_free_space()
        lost = [
            self._free_space[each].bytes_lost_until(now[each])
            for each in self._free_space.keys() & now.keys()
        ]
        return max(lost, default=0) > self._limit - self._used

    def _measure_free_space(self) -> dict[str, _FreeSpace]:
        """Return the free space by directory, for existing ones."""
        left = {}
        for directory in self._directories:
            with contextlib.suppress(OSError):
                found = os.statvfs(directory)
                free = found.f_bavail * found.f_frsize
                left[directory] = _FreeSpace(free, found.f_favail, found.f_files)
        return left


class DiskWalk:
    """A child that adds up directories and writes the sum to a pipe. Raises OSError."""

    def __init__(self, directories: list[str], limit: int, now: float) -> None:
        self.started_at = now
        self._result_pipe, result_fd = os.pipe()
        os.set_blocking(self._result_pipe, False)
        try:
            pid = self._start(directories, limit, result_fd)
        except BaseException:
            os.close(self._result_pipe)
            raise
        finally:
            os.close(result_fd)
        # The shim may reap our child before we kill it, so its pid isn't enough.
        self._handle = os.pidfd_open(pid)

    def _start(self, directories: list[str], limit: int, result_fd: int) -> int:
        """Start the process that walks, and return its pid. Raises OSError."""
        if not (pid := os.fork()):
            _run_walk(directories, limit, result_fd)
        return pid

    def result(self) -> tuple[str, float] | None:
        """Return the sum, or `deep`, and its processor seconds; None while unknown. Empty, with 0
        seconds, if the child died."""
        with contextlib.suppress(BlockingIOError):
            outcome, _, cost = os.read(self._result_pipe, 64).decode().partition(" ")
            return outcome, float(cost or 0)
        return None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        os.close(self._handle)
        os.close(self._result_pipe)


def disk_usage(directories: list[str], limit: int) -> int:
    """Return the bytes on disk in these directories, without other mounts in them; counts no
    further than `limit`. Follows no link. Raises TooDeep.
    """
    linked: set[int] = set()
    sum_of_all = 0
    for directory in directories:
        for found in _walk_directory(directory):
            if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
                if found.st_ino in linked:
                    continue
                if len(linked) < _MAX_LINKED_FILES:
                    linked.add(found.st_ino)
            sum_of_all += max(found.st_blocks * 512, _MIN_FILE_BYTES)
            if sum_of_all > limit:
                return sum_of_all
    return sum_of_all


def measure(directories: list[str], limit: int, root: int) -> str:
    """Measure in a process of its own, and return what a walk prints: the bytes of the directories
    and of other files of processes below `root`, or `deep`; and its processor seconds."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    os.nice(_NICE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        others = tmpfs_bytes(root) + unlinked_bytes(directories, root)
        outcome = str(disk_usage(directories, limit) + others)
    except TooDeep:
        outcome = "deep"
    return f"{outcome} {time.process_time():.3f}"


def tmpfs_bytes(root: int) -> int:
    """Return the bytes in the temporary file systems of a sandbox with processes below this one."""
    own = _mount_namespace("self")
    for process in processes.descendants(root):
        if _mount_namespace(process.pid) not in (None, own):
            return _used_bytes(f"/proc/{process.pid}/root")
    return 0


def unlinked_bytes(directories: list[str], root: int) -> int:
    """Return the bytes on the disks of these directories in unlinked files that processes below
    this one have open or mapped."""
    devices = {os.stat(each).st_dev for each in directories if os.path.isdir(each)}
    found = {}
    for process in processes.descendants(root):
        for file in _open_files(f"/proc/{process.pid}"):
            if not file.st_nlink and stat.S_ISREG(file.st_mode) and file.st_dev in devices:
                found[file.st_dev, file.st_ino] = file.st_blocks * 512
    return sum(found.values())


def _open_files(process: str) -> Iterator[os.stat_result]:
    """Iterate over a process's open files, and its mapped unlinked ones."""
    with contextlib.suppress(OSError), os.scandir(f"{process}/fd") as handles:
        for handle in handles:
            with contextlib.suppress(OSError):  # closed meanwhile
                yield handle.stat()
    with contextlib.suppress(OSError), open(f"{process}/maps", errors="replace") as maps:
        for line in maps:
            if line.endswith(" (deleted)\n"):
                start, end = (part.lstrip("0") or "0" for part in line.split()[0].split("-"))
                with contextlib.suppress(OSError):
                    yield os.stat(f"{process}/map_files/{start}-{end}")


def _used_bytes(root: str) -> int:
    sizes = {}
    for place in _TEMPORARY_DIRECTORIES:
        with contextlib.suppress(OSError):
            found = os.statvfs(root + place)
            device = os.stat(root + place).st_dev
            if device != os.stat(place).st_dev:  # the sandbox's own
                sizes[device] = (found.f_blocks - found.f_bfree) * found.f_frsize
    return sum(sizes.values())


def _mount_namespace(pid: int | str) -> str | None:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/mnt")
    return None


def _walk_directory(directory: str) -> Iterator[os.stat_result]:
    """Iterate over a directory's tree. With descriptors instead of paths, because the tree's owner
    can move and replace any part of it meanwhile, and create paths longer than the kernel accepts.
    """
    try:
        handles = [os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)]
    except OSError:
        return
    levels = [os.scandir(handles[0])]
    try:
        yield from _walk_entries(os.fstat(handles[0]).st_dev, handles, levels)
    finally:
        for level in levels:
            level.close()
        for handle in handles:
            os.close(handle)


def _walk_entries(
    device: int, handles: list[int], levels: list["os._ScandirIterator[str]"]
) -> Iterator[os.stat_result]:
    """`levels` are the directories from the top to the current one, `handles` their descriptors;
    both are changed."""
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop().close()
            os.close(handles.pop())
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or not readable
            found = entry.stat(follow_symlinks=False)
            if found.st_dev != device:
                continue
            yield found
            if stat.S_ISDIR(found.st_mode):
                if len(levels) >= _MAX_DEPTH:
                    raise TooDeep
                _descend(entry.name, device, handles, levels)


def _descend(
    name: str, device: int, handles: list[int], levels: list["os._ScandirIterator[str]"]
) -> None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    handle = os.open(name, flags, dir_fd=handles[-1])
    try:
        if os.fstat(handle).st_dev != device:
            raise OSError(f"{name} was mounted meanwhile")
        level = os.scandir(handle)
    except OSError:
        os.close(handle)
        raise
    handles.append(handle)
    levels.append(level)


def _run_walk(directories: list[str], limit: int, result_fd: int) -> NoReturn:
    """Run a walk in the child."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # Above all the shim's lock, which would stay locked here, and the listener.
        os.closerange(0, result_fd)
        os.closerange(result_fd + 1, 1 << 20)
        os.write(result_fd, measure(directories, limit, os.getppid()).encode())
    finally:
        os._exit(0)
