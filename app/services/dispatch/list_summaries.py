"""What a list tells of its tasks: why each of them waits, and what the asking developer may do.

As many queries for many tasks as for few.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, null, select

from app.domain import scheduling
from app.domain.quota import QuotaWaits
from app.domain.roles import Act, Person, ProjectRole, SystemRole, may
from app.domain.scheduling import Reason, Request
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Gate, Machine, Project, ProjectMember, Task
from app.services import settings
from app.services.clock import now as clock_now
from app.services.dispatch import candidates, wait_reasons
from app.services.dispatch.wait_reasons import Wait

FARTHEST = 10_000
"""Positions in the queue are counted to here."""
NAMED = 3
"""So many machines are named of those that one rule keeps from a task."""
_ENDED = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


class TaskAct(StrEnum):
    """What can be done to a task as it stands, and is one's right."""

    ANSWER = "answer"
    CANCEL = "cancel"
    RETRY = "retry"


@dataclass(frozen=True)
class Block:
    """A rule, how many machines it keeps from the task, and what some of them are called."""

    reason: Reason
    count: int
    machines: Sequence[str]


@dataclass(frozen=True)
class Outlook:
    """Of one task: what it waits for, the question that is open, its position in the queue (None:
    it is in none, or far behind), what keeps machines from it, and what may be done.
    """

    wait: Wait | None
    gate: Gate | None
    position: int | None
    blocked_by: Sequence[Block]
    may: Sequence[TaskAct]


def of(actor: Developer, tasks: Sequence[Task]) -> dict[int, Outlook]:
    """By the tasks' ids. The tasks are as `tasks.reads.FOR_LISTS` loads them."""
    gates = wait_reasons.open_gates(tasks)
    waits = wait_reasons.waits_of(tasks, gates)
    queued = [task.id for task in tasks if task.status is TaskStatus.QUEUED]
    positions, blocks = _positions(queued), _blocks(queued)
    roles = _roles(actor, {task.project_id for task in tasks})
    return {
        task.id: Outlook(
            waits.get(task.id),
            gates.get(task.id),
            positions.get(task.id),
            blocks.get(task.id, ()),
            _acts(actor, task, roles.get(task.project_id), asks=task.id in gates),
        )
        for task in tasks
    }


# ---- rights --------------------------------------------------------------------------------------


def _roles(actor: Developer, project_ids: Iterable[int]) -> dict[int, ProjectRole]:
    """What the developer is in these projects; nothing is asked for an admin, who may do all."""
    if actor.role is SystemRole.ADMIN:
        return {}
    query = select(ProjectMember.project_id, ProjectMember.role).where(
        ProjectMember.developer_id == actor.id, ProjectMember.project_id.in_(project_ids)
    )
    return {row.project_id: row.role for row in db.session.execute(query)}


def _acts(actor: Developer, task: Task, role: ProjectRole | None, *, asks: bool) -> list[TaskAct]:
    """The same as the services find, of `rights`, when they are asked."""
    person = Person(actor.role, role, is_creator=task.created_by == actor.id)
    is_there = task.project.deleted_at is None
    found = {
        TaskAct.ANSWER: asks and is_there and may(Act.ANSWER_GATE, person),
        TaskAct.CANCEL: task.status not in _ENDED and may(Act.CANCEL_TASK, person),
        TaskAct.RETRY: task.status in (TaskStatus.FAILED, TaskStatus.CANCELLED)
        and is_there
        and may(Act.RETRY_TASK, person),
    }
    acts = {
        TaskAct.ANSWER: Act.ANSWER_GATE,
        TaskAct.CANCEL: Act.CANCEL_TASK,
        TaskAct.RETRY: Act.RETRY_TASK,
    }
    reach = actor.reach
    return [each for each in TaskAct if found[each] and reach.permits(acts[each], task.project_id)]


# ---- the queue -----------------------------------------------------------------------------------


def _positions(task_ids: Sequence[int]) -> dict[int, int]:
    """Positions in the queue, from 1, of those that are not beyond `FARTHEST`."""
    if not task_ids:
        return {}
    order = (Task.priority.desc(), Task.id)
    first = select(Task.id).where(Task.status == TaskStatus.QUEUED).order_by(*order).limit(FARTHEST)
    line = first.add_columns(func.row_number().over(order_by=order).label("position")).subquery()
    query = select(line.c.id, line.c.position).where(line.c.id.in_(task_ids))
    return {row.id: row.position for row in db.session.execute(query)}


_WISHES = select(
    Task.id,
    Task.agent_type,
    Task.requested_machine_id,
    Task.quota,
    null().label("prefers"),
    Task.machine_selector.label("task_selector"),
    Project.repo_url,
    Project.room,
    Project.machine_selector.label("project_selector"),
    Project.protected,
    Project.protected_machines,
    candidates.RESUMES.label("resumes"),
).join(Project, Project.id == Task.project_id)


def _blocks(task_ids: Sequence[int]) -> dict[int, Sequence[Block]]:
    """What keeps the machines from these tasks. Tasks that ask for the same are judged once."""
    if not task_ids:
        return {}
    rows = db.session.execute(_WISHES.where(Task.id.in_(task_ids))).all()
    now, limit = clock_now(), settings.value("maxLoadPercent")
    avoided = {row.id: QuotaWaits.of(row.quota).avoids(now) for row in rows}
    requests = {row.id: candidates.request_of(row, avoided[row.id]) for row in rows}
    machines = candidates.all_of_them()

    def kept_from(request: Request) -> dict[Reason, list[str]]:
        found: dict[Reason, list[str]] = defaultdict(list)
        for machine in machines:
            if reason := scheduling.blocked_by(request, machine, now, limit):
                found[reason].append(machine.id)
        found.pop(Reason.NOT_REQUESTED, None)  # nobody has to be told of those
        return found

    kept = {request: kept_from(request) for request in set(requests.values())}
    names = _names(ids[:NAMED] for found in kept.values() for ids in found.values())
    blocks = {request: _told(found, names) for request, found in kept.items()}
    return {task_id: blocks[request] for task_id, request in requests.items()}


def _told(found: Mapping[Reason, Sequence[str]], names: Mapping[str, str]) -> list[Block]:
    """The rules in their order, each with the machines that it keeps from a task."""
    return [
        Block(reason, len(ids), [names[id_] for id_ in ids[:NAMED] if id_ in names])
        for reason in Reason
        if (ids := found.get(reason))
    ]


def _names(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    ids = {uuid.UUID(id_) for group in groups for id_ in group}
    query = select(Machine.id, Machine.name).where(Machine.id.in_(ids))
    return {str(row.id): row.name for row in db.session.execute(query)}
