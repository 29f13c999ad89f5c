"""Task queries, limited to what the developer can see."""

import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import aliased, defer, joinedload, undefer
from sqlalchemy.sql.base import ExecutableOption

from app.domain import labels
from app.domain.errors import NotFound
from app.domain.roles import Permission, ProjectRole
from app.domain.task import LIVE, TaskStatus
from app.extensions import db
from app.models import Developer, Gate, Machine, Project, Task
from app.services import rights
from app.services.tasks import answerers, search
from app.services.tasks.search import TaskFilter

PageQuery = Callable[[Sequence[int] | None, int], tuple[Select[Task], list[int] | None]]
"""Takes [the ID to search below] (None: no limit) and the maximum number of tasks. Returns the
query and, if the time limit ended the search, [the ID to continue below].
"""

WITH_NAMES = (
    joinedload(Task.project, innerjoin=True),
    joinedload(Task.creator, innerjoin=True),
    joinedload(Task.machine),
)

FOR_LISTS = (
    defer(Task.pipeline, raiseload=True),
    undefer(Task.stages),
    joinedload(Task.project, innerjoin=True).load_only(
        Project.key, Project.deleted_at, Project.archived_at
    ),
    joinedload(Task.creator, innerjoin=True).load_only(Developer.name),
    joinedload(Task.machine).load_only(Machine.name, Machine.connected),
)
"""The columns of a task, its project and its machine for lists: the others may be large."""

FOR_PLANS = (undefer(Task.stages), *WITH_NAMES)
"""The columns for lists, and the complete task."""


def get(actor: Developer, task_id: int) -> Task:
    """Return the task with its project, creator and machine. Raises NotFound if it isn't
    visible.
    """
    if not (found := list_by_ids(actor, [task_id])):
        raise _not_found(task_id)
    return found[0]


def get_with_role(actor: Developer, task_id: int) -> tuple[Task, ProjectRole | None]:
    """Return the same, and the actor's role in its project, in one query. Raises NotFound."""
    role = rights.role_column(actor, Task.project_id)
    query = select(Task, role).where(Task.id == task_id).options(*WITH_NAMES)
    row = db.session.execute(_limit_to_visible(query, actor)).one_or_none()
    if row is None:
        raise _not_found(task_id)
    return row[0], row[1]


def list_by_ids(
    actor: Developer, task_ids: Collection[int], options: Sequence[ExecutableOption] = WITH_NAMES
) -> Sequence[Task]:
    """Return the tasks that the actor can see, with the same rows as `get`, in any order."""
    query = select(Task).where(Task.id.in_(task_ids)).options(*options)
    return db.session.scalars(_limit_to_visible(query, actor)).all()


def _limit_to_visible(query: Any, actor: Developer) -> Any:
    if (visible := rights.visible_projects(actor)) is not None:
        query = query.join(Task.project).where(visible)
    return query.execution_options(populate_existing=True)


def _not_found(task_id: int) -> NotFound:
    return NotFound(f"Task {task_id} not found, or you don't have access.")


def listing(
    actor: Developer,
    *,
    statuses: Sequence[TaskStatus] = (),
    project_keys: Sequence[str] = (),
    machine_id: uuid.UUID | None = None,
    created_by: int | None = None,
    agent_type: str | None = None,
    machine_selector: str | None = None,
    needs_me: bool = False,
    ids: Sequence[int] = (),
    q: str | None = None,
) -> PageQuery:
    """Return a function that builds the query of a page of matching tasks, newest first, for
    `pagination`.

    With `needs_me` only those with a question that the actor can answer.
    """
    few: list[ColumnElement[bool]] = [Task.id.in_(ids)] if ids else []
    if needs_me:
        few.append(_has_open_question(actor))
    wanted = TaskFilter(
        visible=rights.visible_projects(actor),
        project_keys=tuple(project_keys),
        statuses=tuple(statuses),
        machine_id=machine_id,
        created_by=created_by,
        agent_type=agent_type,
        machine_selector=labels.canonicalize(machine_selector),
        q=q or None,
        few=and_(*few) if few else None,
    )

    def page(before: Sequence[int] | None, limit: int) -> tuple[Select[Task], list[int] | None]:
        found = search.find_newest(wanted, before[0] if before else None, limit)
        tasks = select(Task).where(Task.id.in_(found.ids)).options(*FOR_LISTS)
        return tasks.order_by(Task.id.desc()), [found.lowest] if found.lowest else None

    return page


def _has_open_question(actor: Developer) -> ColumnElement[bool]:
    """Return the condition that a question of the task is open, and that the actor can answer
    it.
    """
    asked = aliased(Task)
    of_now = and_(asked.id == Gate.task_id, asked.round == Gate.round)
    is_open = Gate.answered_at.is_(None) & asked.status.in_(LIVE)
    lets_answer = answerers.gates_where(actor, asked)
    asking = Task.id.in_(select(Gate.task_id).join(asked, of_now).where(is_open, lets_answer))
    theirs = select(Project.id).where(rights.projects_where(Permission.ANSWER_GATE, actor))
    return asking & Task.project_id.in_(theirs)
