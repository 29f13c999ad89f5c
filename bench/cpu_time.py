"""CPU time of a stack's processes."""

from collections.abc import Iterable

import psutil

from app.embedded.stack import Stack


def process_tree(stack: Stack, name: str) -> list[psutil.Process]:
    """Return the stack's process of that name with its descendants."""
    first = psutil.Process(stack.processes[name].pid)
    return [first, *first.children(recursive=True)]


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """Return their total seconds so far."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # the parent accumulates the time of ended backends
        total += times.user + times.system
        total += times.children_user + times.children_system
    return total
