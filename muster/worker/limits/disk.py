"""What a room's directories take of the disk, measured beside the shim's loop.

A child of the shim walks through them, so that neither a million files nor a disk that hangs makes
a terminal wait. It may take a twentieth of a processor, and a tenth of the time: what is not in
memory costs the disk more than a processor, and others read there too. Files count by their blocks,
however long they say they are, but each one as a small file at least: a disk has only so many.
Standard library only.
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

_INTERVAL_SECONDS = 5.0  # seconds between two walks
_CPU_DIVISOR = 20  # walks take a twentieth of a processor
_URGENT_CPU_DIVISOR = 4  # or a quarter, where the disk loses what the room might not have
_REST_FACTOR = 9  # times as long as a walk has lasted
_NICE = 5  # 19 would be no turn at all where an attempt takes all processors
_MAX_WALK_SECONDS = 60.0  # seconds, after which a walk is given up

_MIN_FILE_BYTES = 4 << 10  # bytes that a file counts at least
_MAX_DEPTH = 2048  # levels, deeper than a path can tell (PATH_MAX)
_MAX_LINKED_FILES = 1 << 20  # files with several names that are counted once

_TEMPORARY_DIRECTORIES = ("/tmp", "/var/tmp", "/dev/shm")
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class TooDeep(Exception):
    """Directories lie in each other so deep that no walk comes to their end."""


class _FreeSpace(NamedTuple):
    """What a disk has left, and how many files it may have in all."""

    free: int  # bytes
    files: int
    files_in_all: int

    def bytes_lost_until(self, now: "_FreeSpace") -> int:
        """Bytes. ZFS and XFS, who make room for files as they are wanted, say a number that follows
        their free bytes: there a file is seen by its bytes alone."""
        files = self.files - now.files if self.files_in_all == now.files_in_all else 0
        return max(self.free - now.free, files * _MIN_FILE_BYTES)


class DiskWatch:
    """Walks now and then; `look` is called again and again, and never waits."""

    def __init__(self, directories: list[str], limit: int, now: float) -> None:
        self._directories = directories
        self._limit = limit
        self._walk: DiskWalk | None = None
        self._next_walk_at = now + _INTERVAL_SECONDS
        self._urgent_from = now  # no walk before, whatever the disk loses
        self._used = 0
        self._free_space = self._measure_free_space()  # when the latest walk began

    def poll(self, now: float) -> Breach | None:
        """The limit's breach, once a walk has found it."""
        if self._walk is not None:
            return self._finish_walk(self._walk, now)
        if now >= self._next_walk_at or (now >= self._urgent_from and self._may_exceed()):
            self._free_space = self._measure_free_space()
            self._walk = DiskWalk(self._directories, self._limit, now)
        return None

    def close(self) -> None:
        """Ends a walk, if there is one. Safe to repeat."""
        if self._walk is not None:
            self._walk.kill()
            self._walk = None

    def _finish_walk(self, walk: "DiskWalk", now: float) -> Breach | None:
        result, lasted = walk.result(), now - walk.started_at
        if result is None and lasted < _MAX_WALK_SECONDS:
            return None
        outcome, cost = result or ("", 0.0)
        self.close()
        self._next_walk_at = now + max(
            _INTERVAL_SECONDS, _CPU_DIVISOR * cost, _REST_FACTOR * lasted
        )
        self._urgent_from = now + max(_URGENT_CPU_DIVISOR * cost, lasted)
        if outcome == "deep":
            return Breach(
                "disk_exceeded",
                f"directories lie more than {_MAX_DEPTH} levels deep in each other, so that what "
                "they take of the disk cannot be told",
            )
        if outcome:
            self._used = int(outcome)
        return disk_breach(self._limit, self._used) if self._used > self._limit else None

    def _may_exceed(self) -> bool:
        """Whether since the latest walk the disk lost more than the room may still take."""
        now = self._measure_free_space()
        lost = [
            self._free_space[each].bytes_lost_until(now[each])
            for each in self._free_space.keys() & now.keys()
        ]
        return max(lost, default=0) > self._limit - self._used

    def _measure_free_space(self) -> dict[str, _FreeSpace]:
        """By directory, as far as they are there."""
        left = {}
        for directory in self._directories:
            with contextlib.suppress(OSError):
                found = os.statvfs(directory)
                free = found.f_bavail * found.f_frsize
                left[directory] = _FreeSpace(free, found.f_favail, found.f_files)
        return left


class DiskWalk:
    """A child that adds up directories and says the sum on a pipe. Raises OSError."""

    def __init__(self, directories: list[str], limit: int, now: float) -> None:
        self.started_at = now
        self._result_pipe, result_fd = os.pipe()
        os.set_blocking(self._result_pipe, False)
        try:
            pid = os.fork()
            if not pid:
                _run_walk(directories, limit, result_fd)
        finally:
            os.close(result_fd)
        # Whoever reaps our children may do so before we kill it: its number alone would not do.
        self._handle = os.pidfd_open(pid)

    def result(self) -> tuple[str, float] | None:
        """The sum, or `deep`, and how many seconds of a processor it took; None while it is not
        known. Empty, and for nothing, if the child died of something."""
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
    """Bytes on disk in these directories, each of them without what is mounted in it; counted no
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


def tmpfs_bytes(root: int) -> int:
    """Bytes in the temporary file systems of a room whose processes are below this one."""
    own = _mount_namespace("self")
    for process in processes.descendants(root):
        if _mount_namespace(process.pid) not in (None, own):
            return _used_bytes(f"/proc/{process.pid}/root")
    return 0


def unlinked_bytes(directories: list[str], root: int) -> int:
    """Bytes on the disks of these directories in files that have no name any more, but that
    processes below this one have open or mapped."""
    devices = {os.stat(each).st_dev for each in directories if os.path.isdir(each)}
    found = {}
    for process in processes.descendants(root):
        for file in _open_files(f"/proc/{process.pid}"):
            if not file.st_nlink and stat.S_ISREG(file.st_mode) and file.st_dev in devices:
                found[file.st_dev, file.st_ino] = file.st_blocks * 512
    return sum(found.values())


def _open_files(process: str) -> Iterator[os.stat_result]:
    """The files that a process has open, and those without a name that it has mapped."""
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
            if device != os.stat(place).st_dev:  # the room's own
                sizes[device] = (found.f_blocks - found.f_bfree) * found.f_frsize
    return sum(sizes.values())


def _mount_namespace(pid: int | str) -> str | None:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/mnt")
    return None


def _walk_directory(directory: str) -> Iterator[os.stat_result]:
    """All that lies in a directory. By handles instead of paths: whoever owns the tree can move
    and replace any part of it meanwhile, and lay paths that are longer than the kernel takes."""
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
    """`levels` are the directories from the top to where we are, `handles` what they are held by;
    both are changed."""
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop().close()
            os.close(handles.pop())
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or closed to us
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
    """In the child."""
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # Above all the shim's lock, which would outlive it here, and the listener.
        os.closerange(0, result_fd)
        os.closerange(result_fd + 1, 1 << 20)
        os.nice(_NICE)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        try:
            shim = os.getppid()
            others = tmpfs_bytes(shim) + unlinked_bytes(directories, shim)
            outcome = str(disk_usage(directories, limit) + others)
        except TooDeep:
            outcome = "deep"
        os.write(result_fd, f"{outcome} {time.process_time():.3f}".encode())
    finally:
        os._exit(0)
