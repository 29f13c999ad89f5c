"""A machine never runs more than it has slots for, and in the end none is taken."""

from collections.abc import Iterator

from tests.chaos.history import History, MachineSeen, Run
from tests.chaos.rules.violation import Violation


def check(history: History) -> Iterator[Violation]:
    for machine in history.machines.values():
        runs = [run for run in history.runs if run.place.startswith(machine.home + "/")]
        if crowd := _overfilled(machine, runs):
            text = f"{machine.name} has {machine.slots} slots, and ran " + "; ".join(
                map(str, crowd)
            )
            yield Violation("slots over-filled", crowd[-1].task_id, text)
        is_idle = all(seen.task["status"] != "running" for seen in history.tasks.values())
        if machine.used and is_idle:
            text = f"{machine.name} ({machine.status}): {machine.used} taken, and nothing runs"
            yield Violation("slot kept", 0, text)


def _overfilled(machine: MachineSeen, runs: list[Run]) -> list[Run]:
    """The first runs that were too many at a time."""
    live: list[Run] = []
    for run in sorted(runs, key=lambda run: run.began):
        live = [other for other in live if other.last > run.began] + [run]
        if len(live) > machine.slots:
            return live
    return []
