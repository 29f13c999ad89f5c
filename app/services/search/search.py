"""Finding tasks, machines and projects by what is written on them. docs/decisions/0011 has why."""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Select, TextClause, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.search import SearchQuery, containing, like
from app.extensions import db
from app.models import Developer, Machine, Project, Task
from app.models.search import SHELF
from app.postgres import time_limit
from app.services import rights
from app.services.projects import projects
from app.services.search.statements import LOOKED_AT, NEWEST, Statements, Visibility
from app.services.tasks import reads

T = TypeVar("T")

_MACHINE_ID = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# How many of the newest tasks are read through. What is in 2 % of them fills an answer from here.
WINDOW = 1000
# Where there is no time for so many long texts, a part of them.
PARTS = (1, 10)
WINDOW_OF_PROJECT = 50  # at least, of each, where somebody is in many
# In more than these a look on each shelf of each costs more than it saves.
FEW_PROJECTS = 8


@dataclass(frozen=True)
class Found:
    """Best first. Not `complete` where there was no time to look through all older tasks."""

    query: str
    tasks: list[Task]
    machines: list[Machine]
    projects: list[Project]
    complete: bool


@dataclass
class _Hits:
    """Ids of tasks with their ranks."""

    ranks: dict[int, int] = field(default_factory=dict)
    complete: bool = True

    def add(self, rows: Iterable[Any]) -> None:
        self.ranks |= dict(rows)

    def best(self, most: int) -> list[int]:
        by_rank = sorted(((rank, task_id) for task_id, rank in self.ranks.items()), reverse=True)
        return [task_id for _, task_id in by_rank[:most]]


def find(actor: Developer, query: str, limit: int) -> Found:
    """What the developer may see of what the words of `query` are in; `limit` of each kind."""
    wanted = SearchQuery(query.strip())
    hits = _hits(wanted, _scope(actor), limit)
    ids = hits.best(limit)
    if (number := wanted.number) is not None:
        ids = [number, *(task_id for task_id in ids if task_id != number)]
    return Found(
        query=wanted.text,
        tasks=_tasks(actor, ids)[:limit],
        machines=_machines(wanted, limit),
        projects=_projects(actor, wanted, limit),
        complete=hits.complete,
    )


def _scope(actor: Developer) -> Visibility:
    if rights.sees_all_projects(actor):
        return Visibility(None, deleted=rights.visible_projects(actor) is None)
    return Visibility(
        list(db.session.scalars(projects.listing(actor).with_only_columns(Project.id)))
    )


def _hits(wanted: SearchQuery, scope: Visibility, limit: int) -> _Hits:
    """The newest first; then, where that is not enough, by the index, the newer half of it first.

    What the newest hold little of is rare, so that the index has little to give. Where that does
    not hold (old tasks are full of it) time ends the search.
    """
    hits = _Hits()
    if scope.projects == []:
        return hits
    statements = Statements(wanted, scope, limit)
    share = len(scope.projects or [None])
    window = max(WINDOW // share, min(WINDOW, WINDOW_OF_PROJECT))
    rows, window = _newest(statements, window)
    if rows is None:
        hits.complete = False
        return hits
    counts = {rank: number for number, rank in rows if rank < 0}
    looked_at, newest = counts[LOOKED_AT], counts[NEWEST]
    hits.add(row for row in rows if row[1] >= 0)
    if looked_at < window or len(hits.ranks) >= limit:
        return hits
    if not wanted.has_trigrams:
        hits.complete = False
        return hits
    for statement, bounds in _by_index(statements, newest // SHELF, share):
        older = time_limit.rows(statement, statements.parameters | bounds)
        hits.add(older or ())
        hits.complete = older is not None
        if len(hits.ranks) >= limit or not hits.complete:
            break
    return hits


def _newest(statements: Statements, window: int) -> tuple[list[Any] | None, int]:
    """Out of the newest, and how many (of each project) those were; None: no time for any."""
    for part in PARTS:
        window = max(1, window // part)
        parameters = statements.parameters | {"window": window}
        if (rows := time_limit.rows(statements.newest(), parameters)) is not None:
            return rows, window
    return None, window


def _by_index(
    statements: Statements, last: int, places: int
) -> Iterator[tuple[TextClause, dict[str, Any]]]:
    """Where to look, one after the other, when `last` is the newest shelf."""
    if places > FEW_PROJECTS:
        yield statements.older(), {"before": (last + 1) * SHELF}
        return
    yield statements.on_shelves(), {"shelves": [last, last - 1]}
    if last > 1:
        yield statements.older(), {"before": (last - 1) * SHELF}


def _tasks(actor: Developer, ids: list[int]) -> list[Task]:
    """Those of them that the developer may see, in that order."""
    if not ids:
        return []
    found = {task.id: task for task in reads.some(actor, ids)}
    return [found[task_id] for task_id in ids if task_id in found]


def _machines(wanted: SearchQuery, limit: int) -> list[Machine]:
    query = select(Machine)
    if _MACHINE_ID.fullmatch(wanted.text):
        query = query.where(Machine.id == uuid.UUID(wanted.text))
    else:
        query = _called(query, wanted.text, Machine.name)
    return list(db.session.scalars(query.limit(limit)))


def _projects(actor: Developer, wanted: SearchQuery, limit: int) -> list[Project]:
    query = _called(projects.listing(actor).order_by(None), wanted.text, Project.key, Project.name)
    return list(db.session.scalars(query.limit(limit)))


def _called(query: Select[T], name: str, *columns: InstrumentedAttribute[str]) -> Select[T]:
    """Those that are called so, begin so, hold it, or are called something like it; best first."""
    held = containing(name)
    rank = case(
        (or_(*(func.lower(column) == func.lower(name) for column in columns)), 3),
        (or_(*(column.ilike(f"{like(name)}%") for column in columns)), 2),
        (or_(*(column.ilike(held) for column in columns)), 1),
        else_=0,
    )
    likeness = func.greatest(*(func.similarity(column, name) for column in columns))
    holds = or_(*(column.ilike(held) for column in columns))
    resembles = or_(*(column.op("%")(name) for column in columns))
    return query.where(or_(holds, resembles)).order_by(rank.desc(), likeness.desc(), columns[0])
