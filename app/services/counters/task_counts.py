"""Task counts: stored counts, plus pending moves (`models.counters`).

Each read is one statement, whose snapshot sees a move once: either as a move, or in a count.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Select, Subquery, and_, delete, func, literal, select, text, union_all

from app.domain.shown_state import ASKING
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Gate, Task, TaskCount, TaskEnd, TaskStatusChange
from app.postgres.advisory_locks import AdvisoryLock
from app.services.counters import rollup

# The counts' foreign keys lock a project only on insert, not on update.
_ROLL_UP = text("""
    WITH gone AS (
        DELETE FROM task_status_changes
        WHERE ctid IN (SELECT ctid FROM task_status_changes LIMIT :batch)
        RETURNING project_id, old_status, new_status, day
    ), change AS (
        SELECT project_id, status, sum(n) AS n
        FROM gone
        CROSS JOIN LATERAL (VALUES (old_status, -1), (new_status, 1)) AS side(status, n)
        WHERE status IS NOT NULL
        GROUP BY project_id, status
    ), counted AS (
        INSERT INTO task_counts AS kept (project_id, status, tasks)
        SELECT project_id, status, n FROM change JOIN projects ON projects.id = project_id
        ON CONFLICT (project_id, status) DO UPDATE SET tasks = kept.tasks + excluded.tasks
    ), ended AS (
        INSERT INTO task_ends AS kept (project_id, day, status, tasks)
        SELECT project_id, day, new_status, count(*)
        FROM gone JOIN projects ON projects.id = project_id
        WHERE day >= :first_day
        GROUP BY project_id, day, new_status
        ON CONFLICT (project_id, day, status) DO UPDATE SET tasks = kept.tasks + excluded.tasks
    )
    SELECT count(*) FROM gone
""")


def counts_by_project(projects: Select[int]) -> dict[int, dict[TaskStatus, int]]:
    """Return the number of tasks by project ID and status. `projects` is a query of IDs;
    projects without tasks are omitted.
    """
    moves = _moves(projects)
    query = select(moves.c.project_id, moves.c.status, func.sum(moves.c.n)).group_by(
        moves.c.project_id, moves.c.status
    )
    found: dict[int, dict[TaskStatus, int]] = defaultdict(dict)
    for project_id, status, number in db.session.execute(query):
        found[project_id][status] = int(number)
    return found


def counts_by_status(projects: Select[int]) -> dict[TaskStatus, int]:
    """Return the number of the projects' tasks with each status. `projects` is a query of IDs."""
    moves = _moves(projects)
    query = select(moves.c.status, func.sum(moves.c.n)).group_by(moves.c.status)
    found = {status: int(number) for status, number in db.session.execute(query)}
    return dict.fromkeys(TaskStatus, 0) | found


def asking_by_project(projects: Select[int]) -> dict[int, dict[TaskStatus, int]]:
    """Return the number of tasks that ask a person, likewise: with an open question, or with an
    agent that asks at its terminal.
    """
    in_gate = select(Task.id).join(Gate, and_(Gate.task_id == Task.id, Gate.round == Task.round))
    in_terminal = select(Attempt.task_id).where(Attempt.is_at_terminal())
    query = (
        select(Task.project_id, Task.status, func.count())
        .where(
            Task.id.in_(in_gate.where(Gate.answered_at.is_(None)).union(in_terminal)),
            Task.project_id.in_(projects),
            Task.status.in_(ASKING),
        )
        .group_by(Task.project_id, Task.status)
    )
    found: dict[int, dict[TaskStatus, int]] = defaultdict(dict)
    for project_id, status, number in db.session.execute(query):
        found[project_id][status] = number
    return found


def ends_on(day: date, projects: Select[int]) -> dict[TaskStatus, int]:
    """Return how many tasks of the projects completed, and how many failed, on that UTC day.

    A task that failed twice counts once. Days before yesterday aren't stored.
    """
    rolled_up = select(TaskEnd.status, TaskEnd.tasks.label("n")).where(
        TaskEnd.project_id.in_(projects), TaskEnd.day == day
    )
    fresh = select(TaskStatusChange.new_status, literal(1)).where(
        TaskStatusChange.project_id.in_(projects), TaskStatusChange.day == day
    )
    ends = union_all(rolled_up, fresh).subquery()
    query = select(ends.c.status, func.sum(ends.c.n)).group_by(ends.c.status)
    found = {status: int(number) for status, number in db.session.execute(query)}
    return {TaskStatus.COMPLETED: 0, TaskStatus.FAILED: 0} | found


def roll_up(now: datetime) -> int:
    """Add the moves to the counts, and delete ends before yesterday. Returns the number of moves.

    Commits.
    """
    first_day = now.astimezone(UTC).date() - timedelta(days=1)
    rolled_up = rollup.roll_up(AdvisoryLock.ROLL_UP_TASK_COUNTS, _ROLL_UP, first_day=first_day)
    db.session.execute(delete(TaskEnd).where(TaskEnd.day < first_day))
    db.session.commit()
    return rolled_up


def _moves(projects: Select[int]) -> Subquery:
    """Return rows (project_id, status, n) whose sums are the counts."""
    rolled_up = select(TaskCount.project_id, TaskCount.status, TaskCount.tasks.label("n"))
    came = select(TaskStatusChange.project_id, TaskStatusChange.new_status, literal(1))
    went = select(TaskStatusChange.project_id, TaskStatusChange.old_status, literal(-1))
    return union_all(
        rolled_up.where(TaskCount.project_id.in_(projects)),
        came.where(
            TaskStatusChange.project_id.in_(projects), TaskStatusChange.new_status.is_not(None)
        ),
        went.where(
            TaskStatusChange.project_id.in_(projects), TaskStatusChange.old_status.is_not(None)
        ),
    ).subquery()
