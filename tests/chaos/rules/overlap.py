"""Never two live process groups of one task, but for a tree frozen as a whole, for a moment."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from tests.chaos.history import Frozen, History, Run
from tests.chaos.rules.violation import Violation

TOLERANCE_SECONDS = 2.0  # seconds that a shim needs to look at the clock, once it goes on


def check(history: History) -> Iterator[Violation]:
    yield from _overlaps(history)
    yield from _revivals(history)
    yield from _repeats(history)


def _overlaps(history: History) -> Iterator[Violation]:
    by_task: dict[int, list[Run]] = defaultdict(list)
    for run in history.runs:
        by_task[run.task_id].append(run)
    for task_id, runs in by_task.items():
        for earlier, later in combinations(sorted(runs, key=lambda run: run.began), 2):
            # The later one has begun: from here on no beat of the earlier is allowed.
            beats = [beat for beat in earlier.beats if beat > later.began]
            late = [beat for beat in beats if not is_thaw(history, earlier, beat)]
            if late:
                text = f"{earlier} was alive at {late[0]:.2f}, after the start of {later}"
                yield Violation("overlap", task_id, text)


def _revivals(history: History) -> Iterator[Violation]:
    """An attempt begins nothing any more once its successor has begun, also between its stages."""
    latest: dict[int, Run] = {}
    for run in history.runs:
        before = latest.setdefault(run.task_id, run)
        if run.attempt >= before.attempt:
            latest[run.task_id] = run
        elif not _has_just_thawed(history, run):
            yield Violation("attempt revived", run.task_id, f"{run}, after {before}")


def _has_just_thawed(history: History, run: Run) -> bool:
    mine = [frozen for frozen in history.frozen if _is_on(history, run, frozen)]
    return any(frozen.thawing <= run.began <= frozen.thawed + TOLERANCE_SECONDS for frozen in mine)


def is_thaw(history: History, run: Run, beat: float, moment: float = TOLERANCE_SECONDS) -> bool:
    """Whether the run was frozen with its machine, and went on only a moment before that beat."""
    mine = [frozen for frozen in history.frozen if _is_on(history, run, frozen)]
    return any(f.thawing <= beat <= f.thawed + moment and run.began <= f.at for f in mine)


def _is_on(history: History, run: Run, frozen: Frozen) -> bool:
    machine = history.machines.get(frozen.machine)
    return machine is not None and run.place.startswith(machine.home + "/")


def _repeats(history: History) -> Iterator[Violation]:
    """A stage is begun once in an attempt, and once more for each time that it was stopped in its
    middle."""
    seen: dict[tuple[int, int, int], list[Run]] = defaultdict(list)
    for run in history.runs:
        whose = (run.task_id, run.attempt, run.stage)
        seen[whose].append(run)
        if len(seen[whose]) > 1 + len(stops(history, *whose)):
            text = ", and again ".join(map(str, seen[whose]))
            yield Violation("stage begun twice", run.task_id, text)


def stops(history: History, task_id: int, attempt: int, stage: int) -> list[dict[str, Any]]:
    """The events by which the attempt's stage was stopped in its middle."""
    seen = history.tasks.get(task_id)
    return [
        event
        for event in (seen.events if seen else [])
        if (event["type"], event["attempt"], event["stageIndex"]) == ("suspended", attempt, stage)
        and event["data"].get("reason") in ("quota", "budget")
    ]
