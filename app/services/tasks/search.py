"""The newest tasks that match a filter, at a constant cost.

One scan back from the newest task would discard what doesn't match, and so read all tasks for a
small old project. Instead each project and each requested status is queried by itself: an index has
the newest tasks of each side by side (`ix_tasks_project_status` and its siblings). Then the newest
of all those are taken. docs/decisions/0013-task-list-queries.md has the reasons.

Filters without such an index, above all texts, are searched in two steps: in the newest tasks
(`_search_window`), then in the older ones (`_older_query`), a text by a trigram index. Both have a
time limit; see `NewestTasks.lowest`. Conditions that match few tasks (`TaskFilter.few`) have their
own index.
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

from app.domain.search import contains_pattern, has_trigrams, parse_id
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Project, Task, TaskText
from app.postgres import statement_timeout
from app.postgres.lateral import lateral_values

WINDOW = 2000
"""Number of newest tasks searched for a text before the trigram index is used."""
WINDOW_DIVISORS = (1, 10, 100)
"""If descriptions are too long to search a complete window in time, a tenth of it is tried, then
a hundredth, the last without a time limit.
"""


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks are listed: all that meet every field. None and () don't filter.

    `visible` is a condition on projects (`rights.visible_projects`). `q` is a text that the
    description contains, or the task's ID. `few` is a condition that holds for few tasks, with its
    own index.
    """

    visible: ColumnElement[bool] | None = None
    project_keys: tuple[str, ...] = ()
    statuses: tuple[TaskStatus, ...] = ()
    machine_id: uuid.UUID | None = None
    created_by: int | None = None
    agent_type: str | None = None
    machine_selector: str | None = None
    q: str | None = None
    few: ColumnElement[bool] | None = None

    @property
    def projects(self) -> Select[int] | None:
        """Return the IDs of the projects whose tasks are listed; None for all projects."""
        if self.visible is None and not self.project_keys:
            return None
        ids = select(Project.id)
        if self.visible is not None:
            ids = ids.where(self.visible)
        if self.project_keys:
            ids = ids.where(func.lower(Project.key).in_([key.lower() for key in self.project_keys]))
        return ids

    @property
    def single_values(self) -> list[ColumnElement[bool]]:
        """Return the conditions that allow one value of a column: of the machine, and of the
        creator.
        """
        conditions = []
        if self.machine_id is not None:
            conditions.append(Task.machine_id == self.machine_id)
        if self.created_by is not None:
            conditions.append(Task.created_by == self.created_by)
        return conditions

    @property
    def unindexed_values(self) -> dict[str, str]:
        """Return the values of columns that no list's index has, by column name."""
        wanted = {"agent_type": self.agent_type, "machine_selector": self.machine_selector}
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class NewestTasks:
    """The IDs of a page's tasks, as a list or as a query.

    `lowest` is set if the time limit ended the search: `ids` are then all matching tasks whose ID
    isn't below `lowest`. The next page starts below it.
    """

    ids: Select[int] | list[int]
    lowest: int | None = None


def find_newest(wanted: TaskFilter, before: int | None, limit: int) -> NewestTasks:
    """Return the newest `limit` matching tasks with IDs below `before` (None: of all)."""
    if wanted.few is not None:
        return NewestTasks(_newest_of_few(wanted, wanted.few, before, limit))
    if wanted.q is None and not wanted.unindexed_values:
        return NewestTasks(_newest_ids(wanted, before, limit))
    return _search_newest(wanted, before, limit)


# ---- without a text ------------------------------------------------------------------------------


def _newest_ids(wanted: TaskFilter, before: int | None, limit: int) -> Select[int]:
    """Return the query of the newest `limit` IDs, ignoring texts."""
    rows = _newest_of_each(wanted, before, limit).subquery("newest")
    return select(rows.c.id).order_by(rows.c.id.desc()).limit(limit)


def _newest_of_each(wanted: TaskFilter, before: int | None, limit: int) -> Select[int]:
    """Return the query of the newest `limit` IDs of each pair of a project and a status.

    SELECT of_each.id FROM <projects> JOIN <statuses> JOIN LATERAL (<newest ids of this pair>).
    Parts that the filter doesn't set are omitted from the FROM; if it sets neither, so is the
    LATERAL.
    """
    wanted = _add_statuses(wanted)
    values: list[FromClause] = []
    conditions = [*wanted.single_values]
    if (projects := wanted.projects) is not None:
        values.append(projects.subquery("of_project"))
        conditions.append(Task.project_id == values[-1].c.id)
    if wanted.statuses:
        values.append(lateral_values(Task.status, wanted.statuses))
        conditions.append(Task.status == values[-1].c.value)
    if before is not None:
        conditions.append(Task.id < before)
    rows = select(Task.id).where(*conditions).order_by(Task.id.desc()).limit(limit)
    if not values:
        return rows
    first, *others = values
    of_each = rows.lateral("of_each")
    joined: Any = first
    for source in (*others, of_each):
        joined = joined.join(source, true())
    return select(of_each.c.id).select_from(joined)


def _add_statuses(wanted: TaskFilter) -> TaskFilter:
    """Return the filter, with all statuses listed if an index needs them.

    The indexes that have two of project, machine and creator have the status before the ID.
    """
    columns = len(wanted.single_values) + (wanted.projects is not None)
    if columns < 2 or wanted.statuses:
        return wanted
    return replace(wanted, statuses=tuple(TaskStatus))


# ---- by conditions for few tasks ----------------------------------------------------------------


def _newest_of_few(
    wanted: TaskFilter, few: ColumnElement[bool], before: int | None, limit: int
) -> Select[int]:
    """Return the query of the matching ones of the few tasks."""
    found = select(Task.id).where(few, *_conditions(wanted, before))
    if wanted.q is not None:
        has_text = Task.description.ilike(contains_pattern(wanted.q))
        found = found.where(or_(has_text, Task.id == parse_id(wanted.q)))
    # OFFSET keeps the limit outside: with it inside, a scan back from the newest looks cheap.
    ids = found.offset(0).subquery("few")
    return select(ids.c.id).order_by(ids.c.id.desc()).limit(limit)


# ---- by text ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _WindowMatches:
    """The IDs of a window's matching tasks.

    `lowest` is the lowest ID of the window, None if no older task passes the filter. `in_time`: the
    window was complete.
    """

    ids: list[int]
    lowest: int | None
    in_time: bool


def _search_newest(wanted: TaskFilter, before: int | None, limit: int) -> NewestTasks:
    """Return the newest tasks that contain the text, and have the values that no index has.

    A common word is in many of the newest tasks, so the window fills a page. A rare one is found by
    the trigram index, which is used only if there are tasks below the window.
    """
    recent = _search_window(wanted, before, limit)
    if len(recent.ids) == limit or recent.lowest is None:
        return NewestTasks(recent.ids)
    if not recent.in_time:
        return NewestTasks(recent.ids, recent.lowest)
    if (older := _older_query(wanted, recent.lowest, limit)) is None:
        return NewestTasks(recent.ids)
    if (rows := statement_timeout.fetch_rows(older)) is None:
        return NewestTasks(recent.ids, recent.lowest)
    return NewestTasks(recent.ids + [row.id for row in rows])


def _search_window(wanted: TaskFilter, before: int | None, limit: int) -> _WindowMatches:
    """Search the newest `WINDOW` tasks or, if that takes too long, fewer (`WINDOW_DIVISORS`)."""
    for divisor in WINDOW_DIVISORS:
        size = max(1, WINDOW // divisor)
        query = _window_query(wanted, before, size, limit)
        if rows := statement_timeout.fetch_rows(query):
            break
    ((ids, count, lowest),) = rows or db.session.execute(query)
    return _WindowMatches(ids, lowest if count == size else None, in_time=divisor == 1)


def _window_query(
    wanted: TaskFilter, before: int | None, size: int, limit: int
) -> Select[list[int], int, int | None]:
    """Return the query of one row about the newest `size` tasks: the IDs of matches, the number
    of tasks, and their lowest ID.
    """
    ids = _newest_ids(wanted, before, size)
    columns = (Task.id, Task.description, Task.agent_type, Task.machine_selector)
    window = select(*columns).where(Task.id.in_(ids)).cte("recent")
    match = [window.c[name] == value for name, value in wanted.unindexed_values.items()]
    if (q := wanted.q) is not None:
        match.append(
            or_(window.c.description.ilike(contains_pattern(q)), window.c.id == parse_id(q))
        )
    matches = select(window.c.id).where(*match).order_by(window.c.id.desc()).limit(limit)
    lowest = func.min(window.c.id)
    return select(func.array(matches.scalar_subquery()), func.count(), lowest).select_from(window)


def _older_query(wanted: TaskFilter, before: int, limit: int) -> Select[int] | None:
    """Return the query of older IDs, by indexes; None if no index can find such a text."""
    older = select(Task.id).where(*_conditions(wanted, before))
    if (q := wanted.q) is None:
        return older.order_by(Task.id.desc()).limit(limit)
    parts = []
    if has_trigrams(q):
        has_text = TaskText.description.ilike(contains_pattern(q))
        with_text = older.join(TaskText, TaskText.task_id == Task.id).where(has_text)
        # OFFSET keeps the limit outside: with it inside, a scan back from the newest looks cheap.
        parts.append(select(with_text.offset(0).subquery("older").c.id))
    if (task_id := parse_id(q)) is not None:  # `#42` is also the number of a task
        parts.append(older.where(Task.id == task_id))
    if not parts:
        return None
    both = union(*parts).subquery("both")
    return select(both.c.id).order_by(both.c.id.desc()).limit(limit)


def _conditions(wanted: TaskFilter, before: int | None) -> list[ColumnElement[bool]]:
    """Return the complete filter except its text, as conditions of one WHERE."""
    conditions = [*wanted.single_values]
    conditions += [getattr(Task, name) == value for name, value in wanted.unindexed_values.items()]
    if before is not None:
        conditions.append(Task.id < before)
    if (projects := wanted.projects) is not None:
        conditions.append(Task.project_id.in_(projects))
    if wanted.statuses:
        conditions.append(Task.status.in_(wanted.statuses))
    return conditions
