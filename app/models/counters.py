"""Task counts, maintained instead of computed.

A trigger on `tasks` writes one row (a move) for each change of a status, so no code can forget it,
and no transaction waits for a counter's row. `services.counters.task_counts.roll_up` adds the moves
to the counts. The true number is always the sum of the count and the pending moves.
"""

from datetime import date

from sqlalchemy import DDL, ForeignKey, event
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.task import TaskStatus
from app.extensions import Model
from app.models.columns import Big, BigId, pg_enum
from app.models.task import Task


class TaskStatusChange(Model):
    """A task's change of status, not yet added up.

    `old_status` is null for a new task, `new_status` for a deleted one. `day` (UTC) is the day of
    the task's end, set if it completed or failed, for the first time on that day. `project_id` has
    no foreign key, because each insert would lock the project's row.
    """

    __tablename__ = "task_status_changes"

    project_id: Mapped[Big] = mapped_column(primary_key=True)
    id: Mapped[BigId]
    old_status: Mapped[TaskStatus | None] = mapped_column(pg_enum(TaskStatus))
    new_status: Mapped[TaskStatus | None] = mapped_column(pg_enum(TaskStatus))
    day: Mapped[date | None]


class TaskCount(Model):
    """The number of a project's tasks with the status, without pending moves."""

    __tablename__ = "task_counts"

    project_id: Mapped[Big] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[TaskStatus] = mapped_column(pg_enum(TaskStatus), primary_key=True)
    tasks: Mapped[Big]


class TaskEnd(Model):
    """The number of a project's tasks that ended with the status on that day (UTC), without
    pending moves.
    """

    __tablename__ = "task_ends"

    project_id: Mapped[Big] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[TaskStatus] = mapped_column(pg_enum(TaskStatus), primary_key=True)
    tasks: Mapped[Big]


# A migration has the same statements. The event of this end follows the update of the task.
TRIGGER = (
    """
    CREATE FUNCTION record_task_status_change() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        ended_on date;
    BEGIN
        IF NEW.status IN ('completed', 'failed') THEN
            ended_on := (coalesce(NEW.finished_at, now()) AT TIME ZONE 'UTC')::date;
            IF EXISTS (
                SELECT FROM task_events
                WHERE task_id = NEW.id AND type = NEW.status::text::event_type
                  AND (created_at AT TIME ZONE 'UTC')::date = ended_on
            ) THEN
                ended_on := NULL;
            END IF;
        END IF;
        INSERT INTO task_status_changes (project_id, old_status, new_status, day) VALUES (
            coalesce(NEW.project_id, OLD.project_id), OLD.status, NEW.status, ended_on
        );
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER record_task_status_change AFTER UPDATE OF status ON tasks
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION record_task_status_change()
    """,
    """
    CREATE TRIGGER record_task_created_or_deleted AFTER INSERT OR DELETE ON tasks
    FOR EACH ROW EXECUTE FUNCTION record_task_status_change()
    """,
)
for statement in TRIGGER:
    event.listen(Task.metadata.tables["tasks"], "after_create", DDL(statement))  # type: ignore[no-untyped-call]
