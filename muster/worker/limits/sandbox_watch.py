"""Holds one stage's room to its limits, as far as the kernel does not.

With control groups the kernel holds memory and processes, and here is only asked what was hit.
Without them what runs is added up twice a second, and whoever is beyond is ended: what comes and
goes in between is not seen. Standard library only: the shim's loop calls this.
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

_INTERVAL_SECONDS = 0.5  # seconds between two looks
_TIME_DIVISOR = 20  # a look may take a twentieth of the time
_FORK_BOMB_SECONDS = 5.0  # seconds of refused forks after which a room is taken for a fork bomb

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class SandboxWatch:
    """Told of the time by the shim's loop; never waits. Without limits it lets everything pass."""

    def __init__(
        self, limits: StageLimits | None, living: Callable[[], list[Process]], now: float
    ) -> None:
        """`living` gives all processes of the room. Makes the room's groups, if it may have any."""
        self._limits = limits
        self._living = living
        self._group = _create_group(limits)
        self._disk = DiskWatch(limits.directories, limits.disk, now) if limits else None
        self._next_poll_at = now + _INTERVAL_SECONDS if limits else inf
        self._refused_forks = 0
        self._refused_since: float | None = None

    def enter(self) -> None:
        """In the room's first process, before it runs anything. Raises OSError."""
        if self._limits is None:
            return
        if self._group:
            self._group.enter()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = self._limits.files if most < 0 else min(self._limits.files, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    def next_poll_at(self) -> float:
        """When `look` wants to be called next, in boot-time seconds."""
        return self._next_poll_at

    def poll(self, now: float) -> Breach | None:
        """The limit that was hit, if it is time to look."""
        if now < self._next_poll_at or self._limits is None or self._disk is None:
            return None
        # The processor's time: who is kept waiting by a fork bomb must not look the less for it.
        began = process_time()
        breach = (
            self._kernel_breach(now) if self._group else find_breach(self._living(), self._limits)
        )
        with contextlib.suppress(OSError):  # nothing can be forked just now
            breach = breach or self._disk.poll(now)
        self._next_poll_at = now + max(_INTERVAL_SECONDS, _TIME_DIVISOR * (process_time() - began))
        return breach

    def stop(self) -> None:
        """Looks no more: the room is ending."""
        self._next_poll_at = inf
        if self._disk:
            self._disk.close()

    def final_breach(self, ended_badly: bool) -> Breach | None:
        """What was hit by the time that all is over. A room that was refused forks has hit its
        limit only if it ended badly: who copes with it has done nothing wrong."""
        if self._group is None:
            return None
        if breach := self._group.memory_breach():
            return breach
        if ended_badly and self._group.refused_forks():
            return self._group.processes_breach()
        return None

    def kill(self) -> None:
        """Has the kernel kill the room, or at least lets it fork no more. Looks no more."""
        self.stop()
        if self._group:
            self._group.kill()

    def close(self) -> None:
        """Once nothing of the room is left."""
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
    """The limit of memory or processes that these are beyond, all together."""
    if (count := sum(_thread_count(each) for each in room)) > limits.processes:
        return processes_breach(limits.processes, count)
    # What they share is in there many times, but it costs little to ask.
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
    except OSError:  # no more can be made, or somebody took them away: then it is added up
        return None


def _thread_count(process: Process) -> int:
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{process.pid}/task").st_nlink - 2
    return 0


def _resident_bytes(process: Process) -> int:
    """Bytes in memory, with all that it shares with others."""
    with contextlib.suppress(OSError), open(f"/proc/{process.pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * _PAGE_BYTES
    return 0


def _proportional_bytes(process: Process) -> int:
    """Bytes in memory and swap, with its part of what it shares; all of that where we may not see
    how it is shared."""
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:
            lines = [line.split() for line in file]
    except OSError:
        return _resident_bytes(process)
    return sum(int(words[1]) << 10 for words in lines if words[0] in (b"Pss:", b"SwapPss:"))
