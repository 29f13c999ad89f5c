"""The processes of a user."""

import contextlib

from muster.worker import processes
from muster.worker.processes import Process


def processes_of(*uids: int) -> list[Process]:
    """Return the processes with one of these uids, be it real, effective, saved or for files."""
    wanted = {*uids}
    return [
        p
        for p in processes.iterate_processes()
        if p.is_alive and not wanted.isdisjoint(_uids(p.pid))
    ]


def _uids(pid: int) -> list[int]:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"Uid:"):
                return [int(uid) for uid in line.split()[1:]]
    return []
