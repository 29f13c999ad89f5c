"""Enforce the limits of one stage's sandbox, where the kernel doesn't.

With control groups the kernel enforces memory and processes, and this only asks what was exceeded.
Without them, processes are added up twice a second, and a sandbox beyond its limits is killed:
short peaks in between go unnoticed. Standard library only, because the shim's loop calls this.
"""

import contextlib
import os
import resource
from collections.abc import Callable
from math import inf
from time import process_time

from muster.worker.limits.disk import DiskWatch
from muster.worker.limits.limits import (
    AttemptLimits,
    Breach,
    StageLimits,
    memory_breach,
    processes_breach,
)
from muster.worker.limits.sandbox_group import SandboxGroup
from muster.worker.processes import Process

_INTERVAL_SECONDS = 0.5  # seconds between checks
_TIME_DIVISOR = 20  # a check may use a twentieth of the time
_FORK_BOMB_SECONDS = 5.0  # seconds of refused forks after which a sandbox counts as a fork bomb

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class SandboxWatch:
    """Polled by the shim's loop; never waits. Without limits it accepts everything."""

    def __init__(
        self, limits: StageLimits | None, living: Callable[[], list[Process]], now: float
    ) -> None:
        """`living` returns all processes of the sandbox. Creates the sandbox's groups, if it may
        have any."""
        self._limits = limits
        self._living = living
        self._group = _create_group(limits)
        self._disk = DiskWatch(limits.directories, limits.disk, now) if limits else None
        self._next_poll_at = now + _INTERVAL_SECONDS if limits else inf
        self._refused_forks = 0
        self._refused_since: float | None = None

    def enter(self) -> None:
        """Enter the groups, in the sandbox's first process before it runs anything. Raises
        OSError."""
        if self._limits is None:
            return
        if self._group:
            self._group.enter()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = self._limits.files if most < 0 else min(self._limits.files, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    def next_poll_at(self) -> float:
        """When to call `poll` next, in boot-time seconds."""
        return self._next_poll_at

    def poll(self, now: float) -> Breach | None:
        """Return the exceeded limit, if it is time for a check."""
        if now < self._next_poll_at or self._limits is None or self._disk is None:
            return None
        # Processor time, so that a fork bomb that delays us doesn't make the checks rarer.
        began = process_time()
        breach = (
            self._kernel_breach(now) if self._group else find_breach(self._living(), self._limits)
        )
        with contextlib.suppress(OSError):  # nothing can be forked just now
            breach = breach or self._disk.poll(now)
        self._next_poll_at = now + max(_INTERVAL_SECONDS, _TIME_DIVISOR * (process_time() - began))
        return breach

    def stop(self) -> None:
        """Stop checking: the sandbox is ending."""
        self._next_poll_at = inf
        if self._disk:
            self._disk.close()

    def final_breach(self, ended_badly: bool) -> Breach | None:
        """Return the limit that was exceeded by the end. A sandbox with refused forks has exceeded
        its limit only if it failed: a program that handles them has done nothing wrong."""
        if self._group is None:
            return None
        if breach := self._group.memory_breach():
            return breach
        if ended_badly and self._group.refused_forks():
            return self._group.processes_breach()
        return None

    def kill(self) -> None:
        """Have the kernel kill the sandbox, or at least prevent its forks. Stops checking."""
        self.stop()
        if self._group:
            self._group.kill()

    def close(self) -> None:
        """Call it once nothing of the sandbox is left."""
        self.stop()
        if self._group:
            self._group.remove()

    def _kernel_breach(self, now: float) -> Breach | None:
        assert self._group
        if breach := self._group.memory_breach():
            return breach
        before, self._refused_forks = self._refused_forks, self._group.refused_forks()
        if self._refused_forks == before:
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        elif now - self._refused_since >= _FORK_BOMB_SECONDS:
            return self._group.processes_breach()
        return None


def find_breach(room: list[Process], limits: AttemptLimits | StageLimits) -> Breach | None:
    """Return the memory or process limit that these exceed together."""
    if (count := sum(_thread_count(each) for each in room)) > limits.processes:
        return processes_breach(limits.processes, count)
    # Shared memory is counted several times, but this check is cheap.
    if sum(_resident_bytes(each) for each in room) <= limits.memory // 2:
        return None
    if (used := sum(_proportional_bytes(each) for each in room)) > limits.memory:
        return memory_breach(limits.memory, used)
    return None


def _create_group(limits: StageLimits | None) -> SandboxGroup | None:
    if limits is None or not limits.groups:
        return None
    try:
        return SandboxGroup(limits.groups, limits)
    except OSError:  # no more can be created, or were removed: then processes are added up
        return None


def _thread_count(process: Process) -> int:
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{process.pid}/task").st_nlink - 2
    return 0


def _resident_bytes(process: Process) -> int:
    """Return bytes in memory, including all shared memory."""
    with contextlib.suppress(OSError), open(f"/proc/{process.pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * _PAGE_BYTES
    return 0


def _proportional_bytes(process: Process) -> int:
    """Return bytes in memory and swap, with the share of shared memory; all of it if the sharing is
    not readable."""
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:
            lines = [line.split() for line in file]
    except OSError:
        return _resident_bytes(process)
    return sum(int(words[1]) << 10 for words in lines if words[0] in (b"Pss:", b"SwapPss:"))
