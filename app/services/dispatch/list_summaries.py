"""Task summaries for lists: why each task waits, and the developer's actions.

The number of queries doesn't depend on the number of tasks.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, null, select

from app.domain import scheduling, task_actions
from app.domain.quota import QuotaWaits
from app.domain.scheduling import Reason, Request
from app.domain.task import TaskStatus
from app.domain.task_actions import TaskAction
from app.extensions import db
from app.models import Developer, Gate, Machine, Project, Task
from app.services import rights, settings
from app.services.clock import now as clock_now
from app.services.dispatch import candidates, wait_reasons
from app.services.dispatch.wait_reasons import Wait
from app.services.tasks import actions, activities, answerers, last_answers, rounds
from app.services.tasks.activities import AgentActivity
from app.services.tasks.last_answers import LastAnswer

MAX_POSITION = 10_000
"""Positions in the queue are counted up to this."""
MAX_NAMED_MACHINES = 3
"""Maximum machines named per blocking rule."""
ACTIONS = (TaskAction.ANSWER, TaskAction.FOLLOW_UP, TaskAction.CANCEL, TaskAction.RETRY)
"""Actions shown in lists: those that people take without opening the task."""


@dataclass(frozen=True)
class Block:
    """A rule, the number of machines that it blocks for the task, and some of their names."""

    reason: Reason
    count: int
    machines: Sequence[str]


@dataclass(frozen=True)
class TaskSummary:
    """A task's summary: what it waits for, what its agent does now, its open question, the latest
    answer to one, its position in the queue (None: not queued, or too far back), what blocks
    machines, and the allowed actions.
    """

    wait: Wait | None
    activity: AgentActivity | None
    gate: Gate | None
    last_answer: LastAnswer | None
    position: int | None
    blocked_by: Sequence[Block]
    allowed_actions: Sequence[TaskAction]


def summarize_tasks(
    actor: Developer, tasks: Sequence[Task], *, with_queue: bool = True
) -> dict[int, TaskSummary]:
    """Return the summaries by task ID. The tasks are loaded with `tasks.queries.FOR_LISTS`.

    `with_queue` adds positions, and what blocks machines, which cost the most.
    """
    gates = wait_reasons.open_gates(tasks)
    waits = wait_reasons.find_waits(tasks, gates)
    queued = [task.id for task in tasks if with_queue and task.status is TaskStatus.QUEUED]
    positions, blocks = _positions(queued), _blocks(queued)
    allowed = _allowed_actions(actor, tasks, gates)
    answers, running = last_answers.find_last_answers(tasks), activities.find_activities(tasks)
    return {
        task.id: TaskSummary(
            waits.get(task.id),
            running.get(task.id),
            gates.get(task.id),
            answers.get(task.id),
            positions.get(task.id),
            blocks.get(task.id, ()),
            allowed[task.id],
        )
        for task in tasks
    }


# ---- actions -------------------------------------------------------------------------------------


def _allowed_actions(
    actor: Developer, tasks: Sequence[Task], gates: Mapping[int, Gate]
) -> dict[int, list[TaskAction]]:
    """Return the actions of `ACTIONS` that are allowed for each task."""
    roles = rights.roles_of(actor, {task.project_id for task in tasks})
    with_work = rounds.find_with_work(tasks)
    narrowed = answerers.read_answerers((t, gates[t.id]) for t in tasks if t.id in gates)
    found = {}
    for task in tasks:
        role = roles.get(task.project_id)
        access = rights.access_with_role(actor, task.project, role, creator_id=task.created_by)
        state = actions.known_state(
            task,
            gates.get(task.id),
            has_work=task.id in with_work,
            is_answerer=answerers.is_answerer(narrowed.get(task.id), actor),
        )
        found[task.id] = task_actions.allowed_actions(access, state, ACTIONS)
    return found


# ---- the queue -----------------------------------------------------------------------------------


def _positions(task_ids: Sequence[int]) -> dict[int, int]:
    """Return the positions in the queue, from 1, up to `MAX_POSITION`."""
    if not task_ids:
        return {}
    order = (Task.priority.desc(), Task.id)
    first = (
        select(Task.id).where(Task.status == TaskStatus.QUEUED).order_by(*order).limit(MAX_POSITION)
    )
    line = first.add_columns(func.row_number().over(order_by=order).label("position")).subquery()
    query = select(line.c.id, line.c.position).where(line.c.id.in_(task_ids))
    return {row.id: row.position for row in db.session.execute(query)}


_REQUIREMENTS = select(
    Task.id,
    Task.agent_type,
    Task.requested_machine_id,
    Task.quota,
    null().label("prefers"),
    Task.machine_selector.label("task_selector"),
    Project.repo_url,
    Project.min_sandbox,
    Project.machine_selector.label("project_selector"),
    Project.protected,
    Project.protected_machines,
).join(Project, Project.id == Task.project_id)


def _blocks(task_ids: Sequence[int]) -> dict[int, Sequence[Block]]:
    """Return what blocks machines for these tasks. Tasks with equal requirements are checked
    once.
    """
    if not task_ids:
        return {}
    rows = db.session.execute(_REQUIREMENTS.where(Task.id.in_(task_ids))).all()
    now, limit = clock_now(), settings.value("maxLoadPercent")
    avoided = {row.id: QuotaWaits.from_json(row.quota).avoided_machines(now) for row in rows}
    requests = {row.id: candidates.request_from_row(row, avoided[row.id]) for row in rows}
    machines = candidates.list_candidates()

    def find_blocks(request: Request) -> dict[Reason, list[str]]:
        found: dict[Reason, list[str]] = defaultdict(list)
        for machine in machines:
            if reason := scheduling.block_reason(request, machine, now, limit):
                found[reason].append(machine.id)
        found.pop(Reason.NOT_REQUESTED, None)  # no need to show those
        return found

    kept = {request: find_blocks(request) for request in set(requests.values())}
    names = _names(ids[:MAX_NAMED_MACHINES] for found in kept.values() for ids in found.values())
    blocks = {request: _list_blocks(found, names) for request, found in kept.items()}
    return {task_id: blocks[request] for task_id, request in requests.items()}


def _list_blocks(found: Mapping[Reason, Sequence[str]], names: Mapping[str, str]) -> list[Block]:
    """Return the rules in order, each with the machines that it blocks for a task."""
    return [
        Block(reason, len(ids), [names[id_] for id_ in ids[:MAX_NAMED_MACHINES] if id_ in names])
        for reason in Reason
        if (ids := found.get(reason))
    ]


def _names(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    ids = {uuid.UUID(id_) for group in groups for id_ in group}
    query = select(Machine.id, Machine.name).where(Machine.id.in_(ids))
    return {str(row.id): row.name for row in db.session.execute(query)}
