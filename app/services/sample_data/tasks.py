"""Sample tasks and attempts: most have ended, the newest are running, at a gate or queued."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from app.domain import pipeline
from app.domain.task import ENDED, FailureCode, SuspendReason, TaskStatus
from app.services.sample_data import descriptions, event_sequences, tables
from app.services.sample_data.people import AGENT, Crowd, SampleProject
from app.services.sample_data.sizes import Sizes

_SPAN = timedelta(days=180)
_QUIET = timedelta(hours=2)  # the age of the newest task, so that no task ends in the future
_OLD_TASKS = 20
_GATED = [{**pipeline.DEFAULT[0], "confirm": True}]
_ENDS = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)
_SHARES = (80, 12, 8)
_COLUMN_LIST = """id project_id description status suspend_reason created_by machine_id agent_type
priority pipeline stage_index round attempt checkpoints events branch_name result failure created_at
queued_at assigned_at started_at finished_at updated_at"""

_ATTEMPTS = text("""
    INSERT INTO attempts (task_id, number, round, machine_id, phase, stage_index, has_slot,
                          uncounted, outcome, assigned_at, accepted_at, started_at, ended_at,
                          forget_at, forgotten_at, log_bytes, log_lines, log_gaps, work)
    SELECT id, 1, 1, machine_id,
           CASE status WHEN 'completed' THEN 'publish' ELSE 'run' END::attempt_phase, 0,
           status = 'running', false,
           CASE status WHEN 'completed' THEN 'published' WHEN 'failed' THEN 'failed'
                       WHEN 'cancelled' THEN 'cancelled' END::attempt_outcome,
           assigned_at, assigned_at, started_at, finished_at, finished_at, finished_at, 0, 0, '[]',
           '{}'
    FROM tasks WHERE attempt = 1 AND id BETWEEN :first AND :last
""")
_GATES = text("""
    INSERT INTO gates (task_id, round, stage_index, kind, prompt, choices, requested_at)
    SELECT id, 1, 0, 'confirm', :prompt, '[]', created_at
    FROM tasks WHERE status = 'suspended' AND id BETWEEN :first AND :last
""")
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
    tables.copy(connection, "tasks", _COLUMN_LIST.split(), _rows(plan, report_progress))
    connection.execute(_ATTEMPTS, plan.ids)
    prompt = pipeline.parse(_GATED)[0].gate
    assert prompt is not None
    connection.execute(_GATES, {**plan.ids, "prompt": prompt.prompt})
    connection.execute(_SLOTS, plan.ids)


def _rows(plan: Plan, report_progress: Callable[[str, int, int], None]) -> Iterator[str]:
    texts, places = descriptions.generate_descriptions(plan.random), _places(plan)
    rare, total = plan.rare, plan.sizes.tasks
    for index, status in enumerate(plan.statuses):
        text_ = next(texts)
        if index in rare:
            text_ = f"{text_[:-1]} {descriptions.RARE}."
        yield "\t".join(map(tables.cell, _row(plan, index, status, next(places), text_)))
        if index % 10_000 == 0 or index == total - 1:
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


def _row(
    plan: Plan, index: int, status: TaskStatus, place: SampleProject, text_: str
) -> tuple[Any, ...]:
    random, task_id = plan.random, plan.id_of(index)
    created = plan.now - _QUIET - _SPAN * (1 - index / plan.sizes.tasks)
    is_done, is_begun = status in ENDED, status in ENDED or status is TaskStatus.RUNNING
    assigned = created + timedelta(seconds=random.uniform(1, 30)) if is_begun else None
    started = assigned + timedelta(seconds=2) if assigned else None
    finished = started + timedelta(seconds=random.uniform(20, 5400)) if started else None
    is_at_gate = status is TaskStatus.SUSPENDED
    return (
        task_id,
        place.id,
        text_,
        status.value,
        SuspendReason.GATE.value if is_at_gate else None,
        random.choice(place.members),
        _machine(plan, index, status) if is_begun else None,
        AGENT,
        0,
        _GATED_JSON if is_at_gate else _PIPELINE_JSON,
        0,
        1,
        1 if is_begun else 0,
        _checkpoints(task_id) if status is TaskStatus.COMPLETED else "{}",
        plan.events[index],
        f"muster/{task_id}",
        _RESULT % (task_id, task_id, index % 9 + 1, index % 200, index % 50)
        if status is TaskStatus.COMPLETED
        else None,
        _FAILURE if status is TaskStatus.FAILED else None,
        created,
        created,
        assigned,
        started,
        finished if is_done else None,
        finished if is_done else (started or created),
    )


def _machine(plan: Plan, index: int, status: TaskStatus) -> Any:
    machines = plan.crowd.machines
    if status is TaskStatus.RUNNING:  # one on each online machine
        return machines[index % (len(machines) - 1)].id
    return plan.random.choice(machines).id


def _checkpoints(task_id: int) -> str:
    return f'{{"0": {{"ref": "refs/muster/{task_id}/1/0", "commit": "{task_id:040x}"}}}}'


_PIPELINE_JSON = json.dumps(pipeline.DEFAULT)
_GATED_JSON = json.dumps(_GATED)
_RESULT = (
    '{"commit": "%040x", "pushed": true, "branch": "muster/%d", '
    '"filesChanged": %d, "insertions": %d, "deletions": %d}'
)
_FAILURE = json.dumps(
    {
        "code": FailureCode.STAGE_FAILED.value,
        "message": "stage “develop” ended with exit code 1",
        "stageIndex": 0,
    },
    ensure_ascii=False,
)
