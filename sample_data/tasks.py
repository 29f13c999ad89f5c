"""Sample tasks and attempts: most have ended, the newest are running, at a gate or queued."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from app.domain import pipeline
from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.task import ENDED, FailureCode, SuspendReason, TaskStatus
from app.models import Attempt, Gate, Task
from sample_data import descriptions, event_sequences, rows, tables
from sample_data.people import Crowd, SampleProject
from sample_data.rows import Row
from sample_data.sizes import Sizes

_SPAN = timedelta(days=180)
_QUIET = timedelta(hours=2)  # the age of the newest task, so that no task ends in the future
_OLD_TASKS = 20
_GATED = [{**rows.PIPELINE[0], "confirm": True}]
_FAILURE = {
    "code": FailureCode.STAGE_FAILED,
    "message": "stage “develop” ended with exit code 1",
    "stageIndex": 0,
}
_ENDS = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)
_SHARES = (80, 12, 8)
_TASKS_AT_ONCE = 2_000
_OUTCOMES = {
    TaskStatus.COMPLETED: AttemptOutcome.PUBLISHED,
    TaskStatus.FAILED: AttemptOutcome.FAILED,
    TaskStatus.CANCELLED: AttemptOutcome.CANCELLED,
}
_SLOTS = text("""
    UPDATE machines SET slots_used = slots_used + at_work.slots
    FROM (SELECT machine_id, count(*) AS slots FROM tasks
          WHERE status = 'running' AND id BETWEEN :first AND :last GROUP BY 1) AS at_work
    WHERE machines.id = at_work.machine_id
""")


@dataclass(frozen=True)
class Plan:
    """The plan of all tasks, by index. A task's ID is `first_id` plus its index."""

    sizes: Sizes
    crowd: Crowd
    random: Random
    now: datetime
    first_id: int
    statuses: list[TaskStatus]
    events: list[int]
    old: int  # the number of tasks of the small project

    @classmethod
    def create(
        cls, connection: Connection, sizes: Sizes, crowd: Crowd, now: datetime, random: Random
    ) -> "Plan":
        statuses = _statuses(sizes, crowd, random)
        events = event_sequences.event_counts(
            statuses, sizes.events, sizes.deep_task_events, _deep(sizes)
        )
        old = min(_OLD_TASKS, sizes.tasks // 10)
        first = tables.next_id(connection, "tasks")
        return cls(sizes, crowd, random, now, first, statuses, events, old)

    def id_of(self, index: int) -> int:
        return self.first_id + index

    @property
    def ids(self) -> dict[str, int]:
        return {"first": self.first_id, "last": self.first_id + self.sizes.tasks - 1}

    @property
    def deep(self) -> int:
        return _deep(self.sizes)

    @property
    def long_log(self) -> int:
        return self.deep + 1

    @property
    def ordinary(self) -> int:
        return self.deep + 2

    @property
    def first_queued(self) -> int:
        return self.statuses.index(TaskStatus.QUEUED)

    @property
    def rare(self) -> frozenset[int]:
        """Return the indexes of tasks whose description has the rare word."""
        return frozenset({self.deep - 1, self.deep + 1, self.first_queued})


def _deep(sizes: Sizes) -> int:
    return sizes.tasks // 2


def _statuses(sizes: Sizes, crowd: Crowd, random: Random) -> list[TaskStatus]:
    """Return the tasks' statuses, by index. At least one task is queued, and every machine has a
    free slot.
    """
    at_gate = _cap_share(sizes.tasks, 20)
    running = _cap_share(sizes.tasks, len(crowd.machines) - 1)
    queued = max(1, _cap_share(sizes.tasks, 100))
    ended = sizes.tasks - at_gate - running - queued
    found = random.choices(_ENDS, _SHARES, k=ended)
    for known in range(_deep(sizes), _deep(sizes) + 3):
        found[known] = TaskStatus.COMPLETED
    found += [TaskStatus.SUSPENDED] * at_gate + [TaskStatus.RUNNING] * running
    return found + [TaskStatus.QUEUED] * queued


def _cap_share(tasks: int, wanted: int) -> int:
    return min(wanted, tasks // 20)


def make(
    connection: Connection, plan: Plan, report_progress: Callable[[str, int, int], None]
) -> None:
    found = _tasks(plan, report_progress)
    while batch := list(islice(found, _TASKS_AT_ONCE)):
        tables.copy(connection, Task, batch)
        tables.copy(connection, Attempt, (_attempt(task) for task in batch if task["attempt"]))
        tables.copy(connection, Gate, (_gate(task) for task in batch if task["suspend_reason"]))
    connection.execute(_SLOTS, plan.ids)


def _tasks(plan: Plan, report_progress: Callable[[str, int, int], None]) -> Iterator[Row]:
    texts, places = descriptions.generate_descriptions(plan.random), _places(plan)
    rare, total = plan.rare, plan.sizes.tasks
    for index, status in enumerate(plan.statuses):
        text_ = next(texts)
        if index in rare:
            text_ = f"{text_[:-1]} {descriptions.RARE}."
        yield _task(plan, index, status, next(places)) | {"description": text_}
        if index % _TASKS_AT_ONCE == 0 or index == total - 1:
            report_progress("tasks", index + 1, total)


def _places(plan: Plan) -> Iterator[SampleProject]:
    """Return the project of each task, by index. The first has a third of the tasks, later ones
    fewer.
    """
    *others, old = plan.crowd.projects
    for _ in range(plan.old):
        yield old
    weights = [1 / (rank + 1) for rank in range(len(others))]
    left = plan.sizes.tasks - plan.old
    special = {plan.first_queued, *range(plan.deep - 1, plan.ordinary + 1)}
    for index, place in enumerate(plan.random.choices(others, weights, k=left), plan.old):
        yield others[0] if index in special else place


def _task(plan: Plan, index: int, status: TaskStatus, place: SampleProject) -> Row:
    random, task_id = plan.random, plan.id_of(index)
    created = plan.now - _QUIET - _SPAN * (1 - index / plan.sizes.tasks)
    is_done, is_begun = status in ENDED, status in ENDED or status is TaskStatus.RUNNING
    assigned = created + timedelta(seconds=random.uniform(1, 30)) if is_begun else None
    started = assigned + timedelta(seconds=2) if assigned else None
    finished = started + timedelta(seconds=random.uniform(20, 5400)) if started else None
    is_at_gate, is_completed = status is TaskStatus.SUSPENDED, status is TaskStatus.COMPLETED
    stages = _GATED if is_at_gate else rows.PIPELINE
    return rows.task(place.id, random.choice(place.members), created, stages=stages) | {
        "id": task_id,
        "status": status,
        "suspend_reason": SuspendReason.GATE if is_at_gate else None,
        "machine_id": _machine(plan, index, status) if is_begun else None,
        "attempt": 1 if is_begun else 0,
        "checkpoints": _checkpoints(task_id) if is_completed else {},
        "events": plan.events[index],
        "branch_name": rows.task_branch(task_id),
        "result": _result(task_id, index) if is_completed else None,
        "failure": _FAILURE if status is TaskStatus.FAILED else None,
        "queued_at": created,
        "assigned_at": assigned,
        "started_at": started,
        "finished_at": finished if is_done else None,
        "updated_at": finished if is_done else (started or created),
    }


def _attempt(task: Row) -> Row:
    status, ended = task["status"], task["finished_at"]
    is_completed = status is TaskStatus.COMPLETED
    return rows.attempt(task["id"], 1, task["machine_id"], task["assigned_at"]) | {
        "phase": AttemptPhase.PUBLISH if is_completed else AttemptPhase.RUN,
        "has_slot": status is TaskStatus.RUNNING,
        "outcome": _OUTCOMES.get(status),
        "started_at": task["started_at"],
        "ended_at": ended,
        "forget_at": ended,
        "forgotten_at": ended,
    }


def _gate(task: Row) -> Row:
    prompt = pipeline.parse(_GATED)[0].gate
    assert prompt is not None
    return rows.gate(task["id"], task["created_at"]) | {"prompt": prompt.prompt}


def _machine(plan: Plan, index: int, status: TaskStatus) -> Any:
    machines = plan.crowd.machines
    if status is TaskStatus.RUNNING:  # one on each online machine
        return machines[index % (len(machines) - 1)].id
    return plan.random.choice(machines).id


def _checkpoints(task_id: int) -> dict[str, dict[str, str]]:
    return {"0": {"ref": f"refs/muster/{task_id}/1/0", "commit": f"{task_id:040x}"}}


def _result(task_id: int, index: int) -> dict[str, Any]:
    return {
        "commit": f"{task_id:040x}",
        "pushed": True,
        "branch": rows.task_branch(task_id),
        "filesChanged": index % 9 + 1,
        "insertions": index % 200,
        "deletions": index % 50,
    }
