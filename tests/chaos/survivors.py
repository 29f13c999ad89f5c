"""What lives of the stages of a run: the kernel's word, taken from outside of all rooms."""

import os
from pathlib import Path

from muster.worker import processes
from muster.worker.processes import Process
from tests.chaos.client import wait_until
from tests.chaos.history import Run, Survived
from tests.chaos.machines import Machine, Whose

_DYING = 2.0  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")


def survivors(machines: list[Machine], runs: list[Run]) -> list[Survived]:
    """The processes that carry a stage's mark or are in its pid namespace, and stay."""
    found = _living(machines, runs)
    staying = set(found)

    def all_gone() -> bool:
        staying.intersection_update(_living(machines, runs))
        return not staying

    wait_until(all_gone, _DYING)
    return [Survived(pid, *found[pid, started], _words(pid)) for pid, started in sorted(staying)]


def _living(machines: list[Machine], runs: list[Run]) -> dict[tuple[int, int], Whose]:
    """By pid and start."""
    marked = [pair for machine in machines for pair in machine.stages()]
    return {(one.pid, one.started): whose for one, whose in [*marked, *_find_in_sandboxes(runs)]}


def _find_in_sandboxes(runs: list[Run]) -> list[tuple[Process, Whose]]:
    own = _namespace(os.getpid())
    # The kernel uses a number again: then the first process in there is younger than the run.
    rooms = {run.namespace: run for run in runs if run.namespace != own}
    inside: dict[int, list[Process]] = {}
    for process in processes.iterate_processes():
        if process.is_alive and (namespace := _namespace(process.pid)) in rooms:
            inside.setdefault(namespace, []).append(process)
    return [
        (process, (rooms[namespace].task_id, rooms[namespace].attempt))
        for namespace, those in inside.items()
        if min(one.started for one in those) / _TICKS <= rooms[namespace].began
        for process in those
    ]


def _namespace(pid: int) -> int:
    """0: gone, or not ours to see."""
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return 0


def _words(pid: int) -> str:
    try:
        command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return command_line.replace(b"\0", b" ").decode(errors="replace").strip()[:200]
