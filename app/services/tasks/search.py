"""The newest of the tasks that match, at the same cost however many there are.

A scan that goes back from the newest task and throws away what does not match would read all of
them for a small old project. So whatever a list is filtered by is asked for value by value, each
where an index has its newest rows side by side, and the newest of all those are taken.
"""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    func,
    or_,
    select,
    true,
    union,
)

from app.domain.search import containing, has_trigrams, number
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Project, Task, TaskText
from app.postgres import time_limit
from app.postgres.lateral import lateral_values

WINDOW = 2000
"""So many of the newest are looked through for a text before an index of texts is asked."""
PARTS = (1, 10, 100)
"""Where there is no time for so many long texts, a part of them; the last is waited for."""


@dataclass(frozen=True)
class TaskFilter:
    """`visible` filters projects, None where all are seen. Empty or None: not filtered by."""

    visible: ColumnElement[bool] | None = None
    project_key: str | None = None
    statuses: tuple[TaskStatus, ...] = ()
    machine_id: uuid.UUID | None = None
    created_by: int | None = None
    q: str | None = None

    @property
    def projects(self) -> Select[int] | None:
        """Those whose tasks are wanted; None: all."""
        if self.visible is None and self.project_key is None:
            return None
        found = select(Project.id)
        if self.visible is not None:
            found = found.where(self.visible)
        if self.project_key is not None:
            found = found.where(func.lower(Project.key) == self.project_key.lower())
        return found

    @property
    def plain(self) -> list[ColumnElement[bool]]:
        """Conditions that are one value each."""
        found = []
        if self.machine_id is not None:
            found.append(Task.machine_id == self.machine_id)
        if self.created_by is not None:
            found.append(Task.created_by == self.created_by)
        return found


@dataclass(frozen=True)
class Newest:
    """Ids; where time ended the look, all that match and are not below `lowest`."""

    ids: Select[int] | list[int]
    lowest: int | None = None


def newest(wanted: TaskFilter, before: int | None, limit: int) -> Newest:
    """The newest `limit` of them, below `before`."""
    if wanted.q is None:
        return Newest(_newest(wanted, before, limit))
    return _with_text(wanted, wanted.q, before, limit)


def _newest(wanted: TaskFilter, before: int | None, limit: int) -> Select[int]:
    """Whatever they contain."""
    rows = _rows(wanted, before, limit).subquery("newest")
    return select(rows.c.id).order_by(rows.c.id.desc()).limit(limit)


def _rows(wanted: TaskFilter, before: int | None, limit: int) -> Select[int]:
    """The newest `limit` for each project and each status that is asked for."""
    wanted = _with_statuses(wanted)
    sources: list[FromClause] = []
    mine = [*wanted.plain]
    if (projects := wanted.projects) is not None:
        sources.append(projects.subquery("of_project"))
        mine.append(Task.project_id == sources[-1].c.id)
    if wanted.statuses:
        sources.append(lateral_values(Task.status, wanted.statuses))
        mine.append(Task.status == sources[-1].c.value)
    if before is not None:
        mine.append(Task.id < before)
    rows = select(Task.id).where(*mine).order_by(Task.id.desc()).limit(limit)
    if not sources:
        return rows
    first, *others = sources
    found = rows.lateral("of_each")
    joined: Any = first
    for source in (*others, found):
        joined = joined.join(source, true())
    return select(found.c.id).select_from(joined)


def _with_statuses(wanted: TaskFilter) -> TaskFilter:
    """By two of project, machine and creator at once there are indexes by status only."""
    asked = len(wanted.plain) + (wanted.projects is not None)
    return replace(wanted, statuses=wanted.statuses or tuple(TaskStatus)) if asked > 1 else wanted


def _with_text(wanted: TaskFilter, q: str, before: int | None, limit: int) -> Newest:
    """Those that contain the text.

    A word that is in many tasks is in many of the newest; for the others an index on the
    descriptions is asked, unless the newest were all there are.
    """
    recent = _recent(wanted, q, before, limit)
    if len(recent.ids) == limit or recent.lowest is None:
        return Newest(recent.ids)
    if not recent.in_time:
        return Newest(recent.ids, recent.lowest)
    if (older := _older(wanted, q, recent.lowest, limit)) is None:
        return Newest(recent.ids)
    if (found := time_limit.rows(older)) is None:
        return Newest(recent.ids, recent.lowest)
    return Newest(recent.ids + [row.id for row in found])


@dataclass(frozen=True)
class _Recent:
    """Ids out of a window; the lowest that was in it, None where nothing is below."""

    ids: list[int]
    lowest: int | None
    in_time: bool


def _recent(wanted: TaskFilter, q: str, before: int | None, limit: int) -> _Recent:
    """Out of the newest; of fewer where time does not do for them."""
    for part in PARTS:
        size = max(1, WINDOW // part)
        look = _window(wanted, q, before, size, limit)
        if rows := time_limit.rows(look):
            break
    ((ids, count, lowest),) = rows or db.session.execute(look)
    return _Recent(ids, lowest if count == size else None, part == 1)


def _window(
    wanted: TaskFilter, q: str, before: int | None, size: int, limit: int
) -> Select[list[int], int, int | None]:
    """One row: which of the newest `size` contain the text, how many there are, the last one."""
    ids = _newest(wanted, before, size)
    window = select(Task.id, Task.description).where(Task.id.in_(ids)).cte("recent")
    contains = or_(window.c.description.ilike(containing(q)), window.c.id == number(q))
    found = select(window.c.id).where(contains).order_by(window.c.id.desc()).limit(limit)
    lowest = func.min(window.c.id)
    return select(func.array(found.scalar_subquery()), func.count(), lowest).select_from(window)


def _older(wanted: TaskFilter, q: str, before: int, limit: int) -> Select[int] | None:
    """The query of those that an index can tell; None: nothing."""
    older = select(Task.id).where(*_all(wanted, before))
    parts = []
    if has_trigrams(q):
        has_text = TaskText.description.ilike(containing(q))
        with_text = older.join(TaskText, TaskText.task_id == Task.id).where(has_text)
        # OFFSET keeps the limit outside: with it inside, a scan back from the newest looks cheap.
        parts.append(select(with_text.offset(0).subquery("older").c.id))
    if (named := number(q)) is not None:  # `#42` is also the number of a task
        parts.append(older.where(Task.id == named))
    if not parts:
        return None
    both = union(*parts).subquery("both")
    return select(both.c.id).order_by(both.c.id.desc()).limit(limit)


def _all(wanted: TaskFilter, before: int) -> list[ColumnElement[bool]]:
    found = [*wanted.plain, Task.id < before]
    if (projects := wanted.projects) is not None:
        found.append(Task.project_id.in_(projects))
    if wanted.statuses:
        found.append(Task.status.in_(wanted.statuses))
    return found
