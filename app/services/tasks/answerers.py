"""Who can answer open gates, by the people that projects have now."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, tuple_

from app.domain.answerers import GateAnswerers, NotAnAnswerer, Who
from app.domain.answers import Answerer
from app.domain.roles import ProjectRole, SystemRole
from app.extensions import db
from app.models import Developer, FollowUp, Gate, ProjectMember, Task
from app.services.projects import people


def require_answerer(actor: Developer, task: Task, gate: Gate) -> None:
    """Raise NotAnAnswerer if the gate's stage doesn't let the actor answer.

    All answers come through here. The caller has checked the permission.
    """
    found = find_answerers(task, gate)
    if found is not None and not found.allows(actor.id):
        raise NotAnAnswerer


def find_answerers(task: Task, gate: Gate | None) -> GateAnswerers | None:
    """Return who can answer the task's open gate; None: whoever the permissions table allows."""
    return read_answerers([(task, gate)] if gate else []).get(task.id)


def read_answerers(asking: Iterable[tuple[Task, Gate]]) -> dict[int, GateAnswerers]:
    """Return who can answer these tasks' open gates, by task. A gate that isn't narrowed is
    omitted.

    Two queries; none if no gate is narrowed.
    """
    narrowed = [(task, gate) for task, gate in asking if gate.answerers is not None]
    if not narrowed:
        return {}
    by_project = people.read_people({task.project_id for task, _ in narrowed})
    authors = _follow_up_authors([task for task, _ in narrowed])
    return {
        task.id: GateAnswerers(
            Who(gate.answerers["who"]),
            named=frozenset(gate.answerers.get("developerIds", ())),
            authors=frozenset({task.created_by, authors.get(task.id, task.created_by)}),
            people=by_project[task.project_id],
        )
        for task, gate in narrowed
        if gate.answerers is not None
    }


def is_answerer(answerers: GateAnswerers | None, developer: Developer) -> bool:
    """Whether the gate's stage lets the developer answer, as far as its answerers decide."""
    return answerers is None or answerers.allows(developer.id)


def gates_where(actor: Developer, task: Any = Task) -> ColumnElement[bool]:
    """Return a condition on `Gate` rows, with their `task`: those that let the actor answer, as far
    as their answerers decide.
    """
    fits = _fits(literal(actor.id), task)
    if actor.role is not SystemRole.ADMIN:
        return fits
    member = exists().where(
        ProjectMember.project_id == task.project_id, ProjectMember.developer_id == Developer.id
    )
    someone = exists().where(
        Developer.disabled_at.is_(None),
        or_(Developer.role == SystemRole.ADMIN, member),
        _fits(Developer.id, task),
    )
    return or_(fits, ~someone)


def _fits(developer_id: Any, task: Any) -> ColumnElement[bool]:
    """Return the condition of `GateAnswerers`, for a developer's ID."""
    who = Gate.answerers["who"].as_string()
    is_maintainer = exists().where(
        ProjectMember.project_id == task.project_id,
        ProjectMember.developer_id == developer_id,
        ProjectMember.role == ProjectRole.MAINTAINER,
    )
    wrote_follow_up = exists().where(
        FollowUp.task_id == task.id,
        FollowUp.number == task.follow_up,
        FollowUp.created_by == developer_id,
    )
    is_named = Gate.answerers["developerIds"].contains(func.to_jsonb(developer_id))
    return or_(
        Gate.answerers.is_(None),
        and_(who == Who.MAINTAINERS.value, is_maintainer),
        and_(who == Who.NOT_AUTHOR.value, task.created_by != developer_id, ~wrote_follow_up),
        and_(who == Who.NAMED.value, is_named),
    )


def _follow_up_authors(tasks: Collection[Task]) -> dict[int, int]:
    """Return who created the follow-up of each task's round, if it has one."""
    rounds = [(task.id, task.follow_up) for task in tasks if task.follow_up is not None]
    if not rounds:
        return {}
    query = select(FollowUp.task_id, FollowUp.created_by).where(
        tuple_(FollowUp.task_id, FollowUp.number).in_(rounds)
    )
    return {row.task_id: row.created_by for row in db.session.execute(query)}


def find_answerer(task: Task, stage_index: int, number: int | None) -> Answerer | None:
    """Return who answered that question of the stage; without a number, the latest of them."""
    query = select(Developer.id, Developer.name).join(Gate, Gate.answered_by == Developer.id)
    query = query.where(
        Gate.task_id == task.id,
        Gate.round == task.round,
        Gate.stage_index == stage_index,
        Gate.result.is_not(None),
    )
    if number is not None:
        query = query.where(Gate.number == number)
    row = db.session.execute(query.order_by(Gate.answered_at.desc()).limit(1)).one_or_none()
    return Answerer(*row) if row else None
