"""Processor time that a stack's processes have spent."""

from collections.abc import Iterable

import psutil

from app.embedded.stack import Stack


def process_tree(stack: Stack, name: str) -> list[psutil.Process]:
    """The stack's process of that name, with all that it has started."""
    first = psutil.Process(stack.processes[name].pid)
    return [first, *first.children(recursive=True)]


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """Seconds so far, of all of them together."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # what a backend that ended had spent is its parent's now
        total += times.user + times.system
        total += times.children_user + times.children_system
    return total
