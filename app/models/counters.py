"""How many tasks there are, kept instead of counted.

A trigger on `tasks` writes one row for each change of a status; nobody can forget it, and nobody
waits for a row that others count in. `services.counters.fold` adds them up. The truth is always the
sum of what is folded and what is not yet.
"""

from datetime import date

from sqlalchemy import DDL, ForeignKey, event
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.task import TaskStatus
from app.extensions import Model
from app.models.columns import Big, BigId, pg_enum
from app.models.task import Task


class TaskMove(Model):
    """A task's change of status, not yet folded. `was` is null for a new one, `became` for one that
    was deleted; `day` (UTC) is that of its end, where it completed or failed.

    It names its project without a foreign key: each would lock the project's row.
    """

    __tablename__ = "task_moves"

    project_id: Mapped[Big] = mapped_column(primary_key=True)
    id: Mapped[BigId]
    was: Mapped[TaskStatus | None] = mapped_column(pg_enum(TaskStatus))
    became: Mapped[TaskStatus | None] = mapped_column(pg_enum(TaskStatus))
    day: Mapped[date | None]


class TaskCount(Model):
    """How many of a project's tasks have the status, as far as folded."""

    __tablename__ = "task_counts"

    project_id: Mapped[Big] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[TaskStatus] = mapped_column(pg_enum(TaskStatus), primary_key=True)
    tasks: Mapped[Big]


class TaskEnd(Model):
    """How often a project's tasks came to that end on that day (UTC), as far as folded."""

    __tablename__ = "task_ends"

    project_id: Mapped[Big] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[TaskStatus] = mapped_column(pg_enum(TaskStatus), primary_key=True)
    tasks: Mapped[Big]


# The migration says the same.
KEEP = (
    """
    CREATE FUNCTION keep_task_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO task_moves (project_id, was, became, day) VALUES (
            coalesce(NEW.project_id, OLD.project_id), OLD.status, NEW.status,
            CASE WHEN NEW.status IN ('completed', 'failed')
                THEN (coalesce(NEW.finished_at, now()) AT TIME ZONE 'UTC')::date END
        );
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER keep_task_move AFTER UPDATE OF status ON tasks
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION keep_task_move()
    """,
    """
    CREATE TRIGGER keep_task_number AFTER INSERT OR DELETE ON tasks
    FOR EACH ROW EXECUTE FUNCTION keep_task_move()
    """,
)
for statement in KEEP:
    event.listen(Task.metadata.tables["tasks"], "after_create", DDL(statement))  # type: ignore[no-untyped-call]
