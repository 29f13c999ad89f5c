"""People's actions on tasks: create, cancel, retry."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from app import wakeups
from app.domain import agents, branch_name, field_errors, labels, pipeline, protection
from app.domain import budget as budgets
from app.domain import task as rules
from app.domain.agents import AgentWarning, Options
from app.domain.errors import InvalidFields, NotFound, TaskEnded, TaskNotEnded
from app.domain.machine import MachineStatus
from app.domain.roles import Permission
from app.domain.task import EventType, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Developer, Project, Task
from app.services import audit, locks, rights
from app.services.clock import now as clock_now
from app.services.projects import agents as agents_asked
from app.services.projects import projects
from app.services.tasks import attempts, gates, history, images, queries, rounds, statements

# Columns of later use: for a new task, missing values would be queried.
_UNUSED = {
    **dict.fromkeys(
        ("partial", "quota", "resume_at", "usage", "warned_grants", "result", "failure")
    ),
    **dict.fromkeys(("assigned_at", "started_at", "finished_at", "machine_id", "suspend_reason")),
    **dict.fromkeys(("allowed", "running_since", "branch_commit")),
    **dict.fromkeys(("grants", "attempt", "events", "stage_index"), 0),
    "has_contents": False,
    "follow_up": None,
    "follow_ups_queued": 0,
    "messages_waiting": 0,
}


def create(
    actor: Developer,
    *,
    project_key: str,
    description: str,
    machine_id: uuid.UUID | None = None,
    machine_selector: str | None = None,
    agent_type: str | None = None,
    agent_options: Options | None = None,
    priority: int = 0,
    budget: Mapping[str, Any] | None = None,
    image_ids: Sequence[int] = (),
    warn: Callable[[list[AgentWarning]], None] | None = None,
    remember: Callable[[Task], None] | None = None,
) -> Task:
    """Create a task: queued, or waiting at its first stage's gate. Its pipeline is frozen here.
    Commits.

    `warn` is called with warnings for its creator, `remember` with the task, just before the
    commit; if one raises, there is no task. Raises NotFound, Forbidden, InvalidFields, or
    ProjectArchived."""
    new = _new_task(actor, project_key, machine_id, agent_type)
    project, now = new.project, clock_now()
    if warn:
        warn(new.warnings(agent_options))
    attached = images.lock_uploads(actor, project.id, image_ids)
    task = Task(
        id=new.task_id,
        project=project,
        project_id=project.id,
        creator=actor,
        created_by=actor.id,
        machine=None,
        description=description,
        images=attached,
        status=TaskStatus.QUEUED,
        machine_selector=labels.canonicalize(machine_selector),
        requested_machine_id=machine_id,
        agent_type=new.agent_type,
        agent_options=agents.exclude_none(agent_options),
        priority=priority,
        budget=budgets.exclude_none(budget) or project.task_budget,
        pipeline=project.pipeline,
        branch_name=branch_name.render(project.branch_name, new.task_id),
        checkpoints={},
        round=1,
        **_UNUSED,
        **dict.fromkeys(("created_at", "queued_at", "updated_at"), now),
        **{name: [] for name in ("allowed_actions", "turns")},
    )
    first = history.first_event(task, f"created by {actor.name}", now)
    asks = gates.open_first_gate(task, now)
    wakeups.wake_dispatch()
    statements.insert_task(task, first, commits=not (asks or remember or attached))
    images.attach(task.id, attached)
    if remember:
        remember(task)
    db.session.commit()
    return task


def require_creator(actor: Developer, project_key: str) -> None:
    """Require that the developer can create tasks in the project. Raises NotFound, Forbidden."""
    rights.require(Permission.CREATE_TASK, actor, projects.get(actor, project_key))


class _NewTask(NamedTuple):
    """A new task's project, ID and agent, and whether some machine has that agent."""

    project: Project
    task_id: int
    agent_type: str
    agent_is_known: bool

    def warnings(self, options: Options | None) -> list[AgentWarning]:
        """Return warnings for its creator, if it has these options."""
        is_known = self.agent_is_known
        return agents_asked.warnings(self.project, self.agent_type, options, is_known=is_known)


def _new_task(
    actor: Developer, key: str, machine_id: uuid.UUID | None, agent_type: str | None
) -> _NewTask:
    """Return the project for a new task, and an ID.

    The project is locked against deletion until the end of the transaction. Raises NotFound,
    Forbidden, InvalidFields, ProjectArchived.
    """
    asked = {
        "key": key.lower(),
        "machine": machine_id,
        "agent": agent_type,
        "asking": actor.id,
        "sees_all": rights.can_see_without_membership(actor),
    }
    # An impossible key isn't queried: Postgres rejects some of them (NUL).
    is_key = projects.KEY.fullmatch(key)
    row = db.session.execute(statements.NEW_TASK_CONTEXT, asked).first() if is_key else None
    if row is None or not actor.access_scope.covers(row.Project.id):
        raise NotFound(f"Project {key!r} not found, or you don't have access.")
    rights.require(Permission.CREATE_TASK, actor, row.Project)
    projects.require_active(row.Project)
    if machine_id is not None and row.machine_status is None:
        raise InvalidFields({"machineId": [field_errors.NO_SUCH_MACHINE]})
    if row.machine_status is MachineStatus.DECOMMISSIONED:
        raise InvalidFields({"machineId": [field_errors.DECOMMISSIONED]})
    only = protection.allowed_machines(row.Project.protected, row.Project.protected_machines)
    if machine_id is not None and not protection.is_machine_allowed(only, str(machine_id)):
        raise InvalidFields({"machineId": [field_errors.MACHINE_NOT_NAMED]})
    asked_for = agent_type or row.Project.agent_type
    return _NewTask(row.Project, row.task_id, asked_for, row.agent_is_known)


def cancel(actor: Developer, task_id: int) -> Task:
    """Cancel a live task at once. Its machine gets an order, and its slot is freed when the machine
    confirms. Returns the task. Commits.

    Raises NotFound, Forbidden, TaskEnded.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.CANCEL_TASK, actor, seen.project, creator_id=seen.created_by)
    return cancel_unchecked(actor, seen)


def cancel_unchecked(actor: Developer, seen: Task) -> Task:
    """Cancel a task without checking rights. Returns it. Commits. Raises TaskEnded."""
    locked = locks.lock_loaded_task(seen)
    task = locked.task
    if not rules.accepts(task.status, TaskEvent.CANCEL):
        raise TaskEnded(f"Task {task.id} is already {task.status}.")
    attempts.cancel(locked, f"cancelled by {actor.name}", by=actor.id, gone=False)
    audit.record_privileged("task.cancelled", task, actor)
    locked.wake_machine()
    db.session.commit()
    return task


def retry(actor: Developer, task_id: int, from_stage: int | None = None) -> Task:
    """Queue a failed or cancelled task again, as a new round. Returns the task. Commits.

    Its gates are asked again, except for those of stages that stay done. Raises NotFound,
    Forbidden, ProjectArchived, TaskNotEnded, NoCheckpoint, InvalidFields.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.RETRY_TASK, actor, seen.project, creator_id=seen.created_by)
    projects.require_active(seen.project)
    locked = locks.lock_loaded_task(seen)
    task, now, start = locked.task, locked.now, from_stage or 0
    if not rules.accepts(task.status, TaskEvent.RETRY):
        raise TaskNotEnded(f"Task {task_id} is {task.status}.")
    if start >= len(task.pipeline):
        raise InvalidFields({"fromStage": [field_errors.NO_SUCH_STAGE(stages=len(task.pipeline))]})
    rounds.start_round(task, TaskEvent.RETRY, start, rounds.checkpoints_for_retry(task, start), now)
    name = pipeline.parse(task.pipeline)[start].name
    text = f"retried by {actor.name} from stage “{name}”"
    history.record_event(task, EventType.RETRIED, text, now, stage_index=start)
    gates.open_first_gate(task, now)
    audit.record_privileged("task.retried", task, actor)
    db.session.commit()
    return task
