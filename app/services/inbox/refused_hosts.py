"""Hosts that tasks were denied and that their projects can allow."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.sql.selectable import ScalarSelect

from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Event, Project, Task

MAX_HOSTS = 5
"""Maximum denied hosts listed per task."""

_HOST = Event.data["host"].as_string()


def first_refusal() -> ScalarSelect[datetime]:
    """Return the time, for a `Task` row with its `Project`, of the first refusal in its attempt
    that people can still allow; null without one.
    """
    query = select(func.min(Event.created_at)).where(Event.task_id == Task.id, _is_open())
    return query.where(_is_in_attempt()).correlate(Task, Project).scalar_subquery()


def read_hosts(task_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the latest hosts that these tasks were denied; of those that run, in their attempt."""
    if not task_ids:
        return {}
    query = (
        select(Event.task_id, _HOST.label("host"))
        .join(Task, Task.id == Event.task_id)
        .join(Project, Project.id == Task.project_id)
        .where(
            Event.task_id.in_(task_ids),
            _is_open(),
            or_(Task.status != TaskStatus.RUNNING, _is_in_attempt()),
        )
    )
    found: dict[int, dict[str, None]] = {}
    for row in db.session.execute(query.order_by(Event.task_id, Event.number.desc())):
        found.setdefault(row.task_id, {}).setdefault(row.host)
    return {task_id: list(hosts)[:MAX_HOSTS] for task_id, hosts in found.items()}


def _is_open() -> ColumnElement[bool]:
    """Whether it's a refusal that the project can allow, and hasn't allowed since."""
    return and_(
        Event.type == EventType.EGRESS_REFUSED,
        Event.data["network"].as_string() == "project",
        Project.network.is_not(None),
        ~Project.network.contains(func.to_jsonb(_HOST)),
    )


def _is_in_attempt() -> ColumnElement[bool]:
    return Event.attempt == Task.attempt
