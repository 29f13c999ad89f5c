"""The control groups of one sandbox: one of version 2, or one in each of version 1's hierarchies.

A group counts every process that was ever forked in it, whatever it became, and the kernel enforces
its limits. Standard library only, because the shim imports this.
"""

import contextlib
import os
import time

from muster.worker.limits.limits import (
    Breach,
    StageLimits,
    memory_breach,
    processes_breach,
)

_MAX_TRIES = 5  # to remove a group whose last process is about to exit; to enter one
_RETRY_DELAY_SECONDS = 0.002  # seconds between tries


class SandboxGroup:
    """Created empty; the sandbox's first process calls `enter`, and all its descendants are
    in it."""

    def __init__(self, directories: list[str], limits: StageLimits) -> None:
        """Create the groups and set their limits. Raises OSError, and then leaves none."""
        self._directories = directories
        self._limits = limits
        try:
            for directory in directories:
                _make_group(directory, limits)
        except OSError:
            self.remove()
            raise
        # An earlier sandbox's group already has counts, which aren't this one's.
        self._killed_before = self._count_killed()
        self._refused_before = self._count_refused()

    def enter(self) -> None:
        """Move the calling process, which has one thread, into the group. Raises OSError.

        A daemon that starts or exits meanwhile removes empty groups; then it is created again.
        """
        for directory in self._directories:
            _enter(directory, self._limits)

    def memory_breach(self) -> Breach | None:
        """Return the memory breach if the kernel killed processes of this group for its limit.

        Kills because the whole machine was out of memory don't count.
        """
        limit = self._limits.memory
        if self._count_killed() <= self._killed_before:
            return None
        for directory in self._directories:
            if _read_counters(directory, "memory.events").get("oom"):
                return memory_breach(limit, _read_number(directory, "memory.peak"))
            # Version 1 has no other reliable count: `failcnt` is 0 on Linux 6.18.
            used = _read_number(directory, "memory.max_usage_in_bytes")
            if used >= limit - limit // 16:
                return memory_breach(limit, used)
        return None

    def refused_forks(self) -> int:
        """Return how many forks the kernel has refused here."""
        return self._count_refused() - self._refused_before

    def processes_breach(self) -> Breach:
        used = max(_read_number(each, "pids.peak", "pids.current") for each in self._directories)
        return processes_breach(self._limits.processes, used)

    def _count_killed(self) -> int:
        return self._count("oom_kill", "memory.events", "memory.oom_control")

    def _count_refused(self) -> int:
        return self._count("max", "pids.events")

    def _count(self, event: str, *names: str) -> int:
        return sum(
            _read_counters(each, name).get(event, 0) for each in self._directories for name in names
        )

    def kill(self) -> None:
        """Kill everything in the group, if the kernel can, and prevent further forks, so that
        killing processes one by one terminates."""
        for directory in self._directories:
            with contextlib.suppress(OSError):
                _write(directory, "pids.max", "0")
            with contextlib.suppress(OSError):
                _write(directory, "cgroup.kill", "1")

    def remove(self) -> bool:
        """Remove the groups; False if one of them isn't empty."""
        left = [directory for directory in self._directories if not _remove_group(directory)]
        return not left


def read_cpu_seconds(directory: str) -> float | None:
    """Return the processor time that a group of version 2 has used; None for another."""
    used = _read_counters(directory, "cpu.stat").get("usage_usec")
    return None if used is None else used / 1e6


def _make_group(directory: str, limits: StageLimits) -> None:
    """Create a group and set its limits. Raises OSError."""
    with contextlib.suppress(FileExistsError):  # left by an earlier shim that died
        os.mkdir(directory, 0o755)
    _set_limits(directory, limits)


def _enter(directory: str, limits: StageLimits) -> None:
    for _ in range(_MAX_TRIES):
        with contextlib.suppress(FileNotFoundError):
            return _write(directory, "cgroup.procs", "0")
        _make_group(directory, limits)
    return _write(directory, "cgroup.procs", "0")


def _set_limits(directory: str, limits: StageLimits) -> None:
    """Set the limits that the group's files support. Raises OSError."""
    for name, value in _limit_files(directory, limits):
        if os.path.exists(os.path.join(directory, name)):
            _write(directory, name, value)


def _limit_files(directory: str, limits: StageLimits) -> list[tuple[str, str]]:
    memory = str(limits.memory)
    swap = ("memory.memsw.limit_in_bytes", memory)
    # It can't be below the limit without swap, which an earlier shim may have set.
    with_swap = _read_number(directory, "memory.memsw.limit_in_bytes")
    lower = ("memory.limit_in_bytes", memory)
    return [
        ("memory.max", memory),
        ("memory.swap.max", "0"),
        ("memory.oom.group", "1"),
        *([swap, lower] if 0 < with_swap < limits.memory else [lower, swap]),
        ("pids.max", str(limits.processes)),
    ]


def _remove_group(directory: str) -> bool:
    for _ in range(_MAX_TRIES):
        try:
            os.rmdir(directory)
        except FileNotFoundError:
            return True
        except OSError:  # busy: killed processes aren't gone yet
            time.sleep(_RETRY_DELAY_SECONDS)
        else:
            return True
    return False


def _write(directory: str, name: str, value: str) -> None:
    handle = os.open(os.path.join(directory, name), os.O_WRONLY)
    try:
        os.write(handle, value.encode())
    finally:
        os.close(handle)


def _read(directory: str, name: str) -> str:
    """Return a file's content; empty if it doesn't exist."""
    with contextlib.suppress(OSError), open(os.path.join(directory, name)) as file:
        return file.read()
    return ""


def _read_number(directory: str, *names: str) -> int:
    """Return the number in the first file that has one; 0 if none has."""
    for name in names:
        text = _read(directory, name).strip()
        if text.isdecimal():
            return int(text)
    return 0


def _read_counters(directory: str, name: str) -> dict[str, int]:
    """Parse a file of names and numbers, one pair per line."""
    pairs = (line.split() for line in _read(directory, name).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
