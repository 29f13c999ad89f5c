"""A task's events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, func, or_, select, true

from app.domain.search import containing
from app.domain.task import EventType
from app.extensions import db
from app.models import Developer, Event, Task
from app.services import task_reads
from app.services.turns import in_turn


def record(
    task: Task,
    type_: EventType,
    message: str,
    now: datetime,
    *,
    attempt: int | None = None,
    stage_index: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Add an event. The caller holds the task's lock, so that numbers have no holes."""
    about = {"attempt": task.attempt if attempt is None else attempt, "stage_index": stage_index}
    db.session.add(_next(task, type_, message, now, **about, data=data or {}))


def first(task: Task, message: str, now: datetime) -> Event:
    """A new task's first event, for whoever writes both. The session does not know it."""
    return _next(task, EventType.CREATED, message, now, attempt=0, stage_index=None, data={})


def _next(task: Task, type_: EventType, message: str, now: datetime, **about: Any) -> Event:
    task.events += 1
    task.updated_at = now
    return Event(
        task_id=task.id,
        project_id=task.project_id,
        number=task.events,
        type=type_,
        message=message.replace("\0", "�"),
        created_at=now,
        **about,
    )


def events(
    actor: Developer,
    task_id: int,
    *,
    types: Sequence[EventType] = (),
    search: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Event], int]:
    """A page of a task's events in order, and how many match. Raises NotFound."""
    task = task_reads.get(actor, task_id)
    wanted = [Event.task_id == task_id]
    if types:
        wanted.append(Event.type.in_(types))
    if search:
        pattern = containing(search)
        wanted.append(or_(Event.message.ilike(pattern), cast(Event.data, String).ilike(pattern)))
    if len(wanted) == 1:
        # Numbers have no holes, so that the count is known and the page is found by number.
        total = task.events
        page = select(Event).where(*wanted, Event.number > offset, Event.number <= offset + limit)
        return list(db.session.scalars(page.order_by(Event.number))), total
    total = db.session.scalar(select(func.count()).where(*wanted)) or 0
    if offset >= total:
        return [], total
    page = select(Event).order_by(Event.number)
    if search:
        page = page.where(*wanted).limit(limit).offset(offset)
    else:
        numbers = _numbers(task_id, types, limit, offset)
        page = page.where(Event.task_id == task_id, Event.number.in_(numbers))
    return list(db.session.scalars(page)), total


def _numbers(task_id: int, types: Sequence[EventType], limit: int, offset: int) -> Select[int]:
    """The page's numbers, out of the first ones of each type: a million others are not read."""
    turns = in_turn(Event.type, types)
    first = select(Event.number).where(Event.task_id == task_id, Event.type == turns.c.value)
    of_each = first.order_by(Event.number).limit(offset + limit).lateral("of_each")
    found = select(of_each.c.number).select_from(turns.join(of_each, true()))
    return found.order_by(of_each.c.number).limit(limit).offset(offset)
