"""Search for tasks by their descriptions, and for machines and projects by their names.

docs/decisions/0011-search-cost.md has the reasons.
"""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Select, TextClause, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.search import SearchQuery, contains_pattern, escape_like
from app.extensions import db
from app.models import Developer, Machine, Project, Task
from app.models.search import PARTITION_SIZE
from app.postgres import statement_timeout
from app.services import rights
from app.services.projects import projects
from app.services.search.statements import NEWEST, SCANNED, Statements, Visibility
from app.services.tasks import queries

T = TypeVar("T")

_MACHINE_ID = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# How many of the newest tasks are read. A word that is in 2 % of them fills a response from here.
WINDOW = 1000
# If the texts are too long for the time limit, a tenth of the tasks is read.
WINDOW_DIVISORS = (1, 10)
WINDOW_OF_PROJECT = 50  # the minimum of tasks read per project, for members of many
# In more projects than this, searching partition by partition costs more than it saves.
FEW_PROJECTS = 8


@dataclass(frozen=True)
class SearchResult:
    """Matches, the best first. Not `complete` if the time limit ended the search of older tasks."""

    query: str
    tasks: list[Task]
    machines: list[Machine]
    projects: list[Project]
    complete: bool


@dataclass
class _Hits:
    """IDs of matching tasks, with their ranks. Not `complete`: the time limit ended the search."""

    ranks: dict[int, int] = field(default_factory=dict)
    complete: bool = True

    def add(self, rows: Iterable[Any]) -> None:
        self.ranks |= dict(rows)

    def best(self, most: int) -> list[int]:
        by_rank = sorted(((rank, task_id) for task_id, rank in self.ranks.items()), reverse=True)
        return [task_id for _, task_id in by_rank[:most]]


def find(actor: Developer, query: str, limit: int) -> SearchResult:
    """Search for all words of `query`, among what the developer can see; at most `limit` matches
    per kind.

    A task whose ID is the query comes first.
    """
    wanted = SearchQuery(query.strip())
    hits = _hits(wanted, _scope(actor), limit)
    ids = hits.best(limit)
    if (number := wanted.number) is not None:
        ids = [number, *(task_id for task_id in ids if task_id != number)]
    return SearchResult(
        query=wanted.text,
        tasks=_tasks(actor, ids)[:limit],
        machines=_machines(wanted, limit),
        projects=_projects(actor, wanted, limit),
        complete=hits.complete,
    )


def _scope(actor: Developer) -> Visibility:
    if rights.can_see_all_projects(actor):
        return Visibility(None, deleted=rights.visible_projects(actor) is None)
    return Visibility(
        list(db.session.scalars(projects.listing(actor).with_only_columns(Project.id)))
    )


def _hits(wanted: SearchQuery, scope: Visibility, limit: int) -> _Hits:
    """Search the newest tasks and, if they have too few matches, the older ones by the index.

    A word that is rare among the newest tasks usually is rare everywhere, so the index has few
    entries of it. If it's frequent in old tasks anyway, the time limit ends the search.
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
    looked_at, newest = counts[SCANNED], counts[NEWEST]
    hits.add(row for row in rows if row[1] >= 0)
    if looked_at < window or len(hits.ranks) >= limit:
        return hits
    if not wanted.has_trigrams:
        hits.complete = False
        return hits
    for statement, bounds in _index_statements(statements, newest // PARTITION_SIZE, share):
        older = statement_timeout.fetch_rows(statement, statements.parameters | bounds)
        hits.add(older or ())
        hits.complete = older is not None
        if len(hits.ranks) >= limit or not hits.complete:
            break
    return hits


def _newest(statements: Statements, window: int) -> tuple[list[Any] | None, int]:
    """Return the matches among the newest tasks, and how many tasks (per project) were read.

    None for the matches if even the smallest window took too long.
    """
    for part in WINDOW_DIVISORS:
        window = max(1, window // part)
        parameters = statements.parameters | {"window": window}
        if (rows := statement_timeout.fetch_rows(statements.newest(), parameters)) is not None:
            return rows, window
    return None, window


def _index_statements(
    statements: Statements, last: int, places: int
) -> Iterator[tuple[TextClause, dict[str, Any]]]:
    """Yield the statements that search the index, with their limits, in order.

    `last` is the newest partition, `places` the number of projects.
    """
    if places > FEW_PROJECTS:
        yield statements.older(), {"before": (last + 1) * PARTITION_SIZE}
        return
    yield statements.in_partitions(), {"shelves": [last, last - 1]}
    if last > 1:
        yield statements.older(), {"before": (last - 1) * PARTITION_SIZE}


def _tasks(actor: Developer, ids: list[int]) -> list[Task]:
    """Return the tasks with these IDs that the developer can see, in the same order."""
    if not ids:
        return []
    found = {task.id: task for task in queries.list_by_ids(actor, ids, queries.FOR_LISTS)}
    return [found[task_id] for task_id in ids if task_id in found]


def _machines(wanted: SearchQuery, limit: int) -> list[Machine]:
    query = select(Machine)
    if _MACHINE_ID.fullmatch(wanted.text):
        query = query.where(Machine.id == uuid.UUID(wanted.text))
    else:
        query = _match_name(query, wanted.text, Machine.name)
    return list(db.session.scalars(query.limit(limit)))


def _projects(actor: Developer, wanted: SearchQuery, limit: int) -> list[Project]:
    query = _match_name(
        projects.listing(actor).order_by(None), wanted.text, Project.key, Project.name
    )
    return list(db.session.scalars(query.limit(limit)))


def _match_name(query: Select[T], name: str, *columns: InstrumentedAttribute[str]) -> Select[T]:
    """Return the query for rows whose name in one of the columns matches, best first.

    The ranks: equal, starting with `name`, containing it, resembling it (by trigrams).
    """
    held = contains_pattern(name)
    rank = case(
        (or_(*(func.lower(column) == func.lower(name) for column in columns)), 3),
        (or_(*(column.ilike(f"{escape_like(name)}%") for column in columns)), 2),
        (or_(*(column.ilike(held) for column in columns)), 1),
        else_=0,
    )
    likeness = func.greatest(*(func.similarity(column, name) for column in columns))
    holds = or_(*(column.ilike(held) for column in columns))
    resembles = or_(*(column.op("%")(name) for column in columns))
    return query.where(or_(holds, resembles)).order_by(rank.desc(), likeness.desc(), columns[0])
