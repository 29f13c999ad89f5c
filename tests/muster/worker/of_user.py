"""Who runs as a user."""

import contextlib

from muster.worker import processes
from muster.worker.processes import Process


def owned_by(uid: int) -> list[Process]:
    """Those that run with a uid, be it real, effective, saved or for files."""
    everyone = processes.everyone()
    return [process for process in everyone if process.alive and uid in _uids(process.pid)]


def _uids(pid: int) -> list[int]:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"Uid:"):
                return [int(uid) for uid in line.split()[1:]]
    return []
