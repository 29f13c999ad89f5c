"""How much an attempt may use, and the words for having used it up. Standard library only: the
shim imports this."""

from typing import NamedTuple

DEFAULT_PROCESSES = 4096
DEFAULT_OPEN_FILES = 65_536
_MIN_MEMORY_BYTES = 4 << 30
_MAX_DEFAULT_DISK_BYTES = 20 << 30
_MIN_DISK_BYTES = 1 << 30


class AttemptLimits(NamedTuple):
    """What one attempt may use at once: bytes of memory, processes with their threads, files that
    a process may have open, bytes on disk."""

    memory: int
    processes: int
    files: int
    disk: int

    def __str__(self) -> str:
        return (
            f"memory {format_bytes(self.memory)}, {self.processes} processes, "
            f"{self.files} open files, "
            f"disk {format_bytes(self.disk)}"
        )


class StageLimits(NamedTuple):
    """The limits of one stage. `directories` are what counts as its disk; `groups` the control
    groups to make for its room, and none where the machine has none to give."""

    memory: int
    processes: int
    files: int
    disk: int
    directories: list[str] = []
    groups: list[str] = []


class Breach(NamedTuple):
    """A limit that was hit: the code that the attempt fails with, and a sentence."""

    code: str
    message: str


def format_bytes(number: int) -> str:
    """Bytes as people say them: `1.5 GiB`."""
    for unit, name in ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= unit:
            return f"{number / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{number} bytes"


def default_limits(memory: int, free_disk: int, slots: int) -> AttemptLimits:
    """What an attempt may use of a machine with that much, if its operator says nothing.

    All attempts together fit into three quarters of the memory; but where that leaves one with
    less than 4 GiB it may have these, or three quarters of what there is: that a few share a small
    machine is no reason to kill what a single one needs.
    """
    most = memory * 3 // 4
    return AttemptLimits(
        memory=max(most // max(slots, 1), min(_MIN_MEMORY_BYTES, most)),
        processes=DEFAULT_PROCESSES,
        files=DEFAULT_OPEN_FILES,
        disk=max(min(_MAX_DEFAULT_DISK_BYTES, free_disk // 2), _MIN_DISK_BYTES),
    )


def memory_breach(limit: int, used: int) -> Breach:
    return Breach(
        "memory_exceeded",
        f"it needed more memory than an attempt may have: {format_bytes(limit)} "
        f"({format_bytes(used)} in use, "
        "what lies in /tmp and /dev/shm may count); `worker run --attempt-memory` sets the limit",
    )


def processes_breach(limit: int, used: int) -> Breach:
    return Breach(
        "processes_exceeded",
        f"it started more processes than an attempt may have: {limit}, threads included ({used} "
        "at once); `worker run --attempt-processes` sets the limit",
    )


def disk_breach(limit: int, used: int) -> Breach:
    return Breach(
        "disk_exceeded",
        f"it took more disk than an attempt may have: {format_bytes(limit)} "
        f"({format_bytes(used)} in workspace, "
        "home and /tmp); `worker run --attempt-disk` sets the limit",
    )
