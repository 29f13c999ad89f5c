"""The latest events of all projects that a developer can see.

A page costs the same however many events there are, and however few projects the developer sees.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, literal, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.domain.task import EventType
from app.models import Attempt, Developer, Event, Machine, Project
from app.services.projects import projects

# Newest first.
ORDER = (Event.created_at, Event.task_id, Event.number)
SortKey = Sequence[Any]
"""An event's values in those columns."""


class Activity(NamedTuple):
    """An event, the key of its project, and the name of its attempt's machine, if it has one."""

    event: Event
    project_key: str
    machine_name: str | None


def latest_events(
    actor: Developer, before: SortKey | None, limit: int
) -> Select[Event, str, str | None]:
    """Return the query of the latest events (below `before`, if given) that the developer can see,
    newest first, without events of the type log.

    Its rows are the fields of an `Activity`.
    """
    # Only the `limit` projects with the newest events can have an event on the page. An index has
    # each project's events in order.
    newest = _latest(before, 1).lateral()
    busiest = (
        projects.visible_ids(actor)
        .join(newest, true())
        .order_by(*(column.desc() for column in newest.c))
        .limit(limit)
        .subquery()
    )
    events = _latest(before, limit, busiest.c.id).lateral()
    page = (
        select(events)
        .select_from(busiest)
        .join(events, true())
        .order_by(*(column.desc() for column in events.c))
        .limit(limit)
        .subquery()
    )
    # A subquery per row: Postgres expects a thousand times as many rows as the page has, and would
    # read all attempts for a join.
    machine_name = (
        select(Machine.name)
        .join(Attempt, Attempt.machine_id == Machine.id)
        .where(Attempt.task_id == Event.task_id, Attempt.number == Event.attempt)
        .scalar_subquery()
    )
    return (
        select(Event, Project.key, machine_name)
        .join(page, and_(Event.task_id == page.c.task_id, Event.number == page.c.number))
        .join(Project, Project.id == Event.project_id)
        .order_by(*(column.desc() for column in ORDER))
    )


def _latest(
    before: SortKey | None,
    limit: int,
    project_id: ColumnElement[int] | InstrumentedAttribute[int] = Project.id,
) -> Select[datetime, int, int]:
    event = aliased(Event)
    place = event.created_at, event.task_id, event.number
    query = select(*place).where(event.project_id == project_id, event.type != EventType.LOG)
    if before is not None:
        query = query.where(tuple_(*place) < tuple_(*map(literal, before)))
    return query.order_by(*(column.desc() for column in place)).limit(limit)
