"""The limits of an attempt, and the messages for exceeding them. Standard library only, because the
shim imports this."""

from typing import NamedTuple

DEFAULT_PROCESSES = 4096
DEFAULT_OPEN_FILES = 65_536
_MIN_MEMORY_BYTES = 4 << 30
_MAX_DEFAULT_DISK_BYTES = 20 << 30
_MIN_DISK_BYTES = 1 << 30


class AttemptLimits(NamedTuple):
    """An attempt's maximum concurrent use: bytes of memory, processes including threads, open files
    per process, bytes on disk."""

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
    """The limits of one stage. `directories` count as its disk; `groups` are the control groups to
    create for its sandbox, empty if the machine has none."""

    memory: int
    processes: int
    files: int
    disk: int
    directories: list[str] = []
    groups: list[str] = []


class Breach(NamedTuple):
    """An exceeded limit: the attempt's failure code, and a sentence."""

    code: str
    message: str


def format_bytes(number: int) -> str:
    """Format bytes for people: `1.5 GiB`."""
    for unit, name in ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= unit:
            return f"{number / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{number} bytes"


def default_limits(memory: int, free_disk: int, slots: int) -> AttemptLimits:
    """Return the default limits of an attempt on a machine with that memory.

    All attempts together fit into three quarters of the memory. If that leaves one with less than 4
    GiB, it may still use 4 GiB, or three quarters of the memory: a small machine with several slots
    is no reason to kill an attempt that needs more.
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
        f"it exceeded the attempt's memory limit of {format_bytes(limit)} "
        f"({format_bytes(used)} in use; "
        "files in /tmp and /dev/shm may count); set the limit with `worker run --attempt-memory`",
    )


def processes_breach(limit: int, used: int) -> Breach:
    return Breach(
        "processes_exceeded",
        f"it exceeded the attempt's limit of {limit} processes, including threads ({used} at "
        "once); set the limit with `worker run --attempt-processes`",
    )


def disk_breach(limit: int, used: int) -> Breach:
    return Breach(
        "disk_exceeded",
        f"it exceeded the attempt's disk limit of {format_bytes(limit)} "
        f"({format_bytes(used)} in workspace, home and /tmp); "
        "set the limit with `worker run --attempt-disk`",
    )
