"""A task's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select, true

from app.domain.search import contains_pattern
from app.domain.storage_limits import MAX_EVENTS
from app.domain.task import EventType
from app.extensions import db
from app.models import Developer, Event, Task
from app.postgres import statement_timeout
from app.postgres.lateral import lateral_values
from app.services.locks import LockedTask
from app.services.notify import outbox
from app.services.tasks import event_offsets, queries

SEARCH_WINDOWS = (10_000, 1_000, 100)
"""Maximum recent events to search for a text. If a search would take too long, the next smaller
number applies; the smallest is always searched.
"""


@dataclass(frozen=True)
class EventPage:
    """A page of events. `total` is the number of matches. Only events from number
    `searched_from` on were searched; None: all.
    """

    items: list[Event]
    total: int
    searched_from: int | None = None


def record_event(
    task: Task,
    type_: EventType,
    message: str,
    now: datetime,
    *,
    attempt: int | None = None,
    stage_index: int | None = None,
    data: dict[str, Any] | None = None,
    by: int | None = None,
    is_news: bool = True,
) -> None:
    """Add an event to the task's history, and update the task's viewers.

    The caller holds the task's lock, so that numbers have no gaps, and commits. `by` is the
    developer who acted. Events that notify people go into the outbox too, except those that aren't
    news.
    """
    about = {"attempt": task.attempt if attempt is None else attempt, "stage_index": stage_index}
    event = _next_event(task, type_, message, now, **about, data=data or {})
    db.session.add(event)
    outbox.record_event(task, event, by, is_news=is_news)


def record_attempt_event(
    locked: LockedTask, type_: EventType, message: str, **about: object
) -> None:
    """Record an event about the locked attempt: at its stage, or at `stage_index` in `about`."""
    index = about.pop("stage_index", locked.attempt.stage_index)
    record_event(
        locked.task,
        type_,
        message,
        locked.now,
        attempt=locked.attempt.number,
        stage_index=index if isinstance(index, int) else None,
        data=about,
    )


def record_limited_event(
    locked: LockedTask, type_: EventType, message: str, **about: object
) -> None:
    """Record what the machine may report repeatedly, up to the limit."""
    if not is_full(locked.task):
        record_attempt_event(locked, type_, message, **about)


def is_full(task: Task) -> bool:
    """Whether the task has so many events that only its status changes."""
    return task.events >= MAX_EVENTS


def first_event(task: Task, message: str, now: datetime) -> Event:
    """Return a new task's first event, for a caller who writes both: the event isn't added to
    the session.
    """
    about: dict[str, Any] = {"attempt": 0, "stage_index": None, "data": {}, "type_number": 1}
    event = _next_event(task, EventType.CREATED, message, now, **about)
    outbox.record_event(task, event, task.created_by)
    return event


def _next_event(task: Task, type_: EventType, message: str, now: datetime, **about: Any) -> Event:
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


def read_events(
    actor: Developer,
    task_id: int,
    *,
    types: Sequence[EventType] = (),
    search: str | None = None,
    before: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> EventPage:
    """Return a page of a task's events in order, of those whose number is below `before`.

    Any page costs the same: docs/decisions/0024. Raises NotFound.
    """
    task = queries.get(actor, task_id)
    last = task.events if before is None else min(task.events, before - 1)
    if search:
        return _search(task_id, types, search, last, limit, offset)
    place = event_offsets.find_offset(task_id, types, last, offset)
    if place.number is None:
        return EventPage([], place.total)
    numbers = _events_between(task_id, types, place.number, last, limit).subquery("numbers")
    first = select(numbers.c.number).order_by(numbers.c.number).limit(limit)
    return EventPage(_rows(task_id, Event.number.in_(first)), place.total)


def _search(
    task_id: int, types: Sequence[EventType], search: str, last: int, limit: int, offset: int
) -> EventPage:
    """Return a page of the events that contain the text, among the last of them."""
    for most in SEARCH_WINDOWS:
        place = event_offsets.find_offset(task_id, types, last, -most)
        if place.number is None:
            return EventPage([], 0)
        texts = _events_between(task_id, types, place.number, last).subquery("texts")
        pattern = contains_pattern(search)
        contains = or_(texts.c.message.ilike(pattern), cast(texts.c.data, String).ilike(pattern))
        found = select(texts.c.number).where(contains).cte("found")
        part = select(found.c.number).order_by(found.c.number).limit(limit).offset(offset)
        look = select(func.count(), func.array(part.scalar_subquery())).select_from(found)
        if rows := statement_timeout.fetch_rows(look):
            break
    ((total, numbers),) = rows or db.session.execute(look)
    searched_from = place.number if place.total > most else None
    items = _rows(task_id, Event.number.in_(numbers)) if numbers else []
    return EventPage(items, total, searched_from)


def _events_between(
    task_id: int, types: Sequence[EventType], first: int, last: int, limit: int | None = None
) -> Select[int, str, Any]:
    """Return number and texts of the events in that range; with a limit, the first ones of each
    type.
    """
    texts = select(Event.number, Event.message, Event.data).where(
        Event.task_id == task_id, Event.number >= first, Event.number <= last
    )
    if limit is not None:
        texts = texts.order_by(Event.number).limit(limit)
    if not types:
        return texts
    turns = lateral_values(Event.type, types)
    of_each = texts.where(Event.type == turns.c.value).lateral("of_each")
    return select(*of_each.c).select_from(turns.join(of_each, true()))


def _rows(task_id: int, wanted: ColumnElement[bool]) -> list[Event]:
    rows = select(Event).where(Event.task_id == task_id, wanted).order_by(Event.number)
    return list(db.session.scalars(rows))
