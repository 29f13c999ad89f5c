"""Agents' usage, and the run times of tasks."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp


class Usage(Model):
    """An agent's usage of one model in one run of a stage, as last reported by its machine.

    Null: unknown. `model` is empty if the agent names none. `is_estimate`: the cost was computed
    from the admins' prices. The other columns are copied from the task, for large sums, and `day`
    (UTC) is that of the run's first report. No foreign keys to project and developer, because each
    insert would lock their rows.
    """

    __tablename__ = "usages"

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    stage_index: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[int] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    input_tokens: Mapped[Big | None]
    cached_tokens: Mapped[Big | None]
    output_tokens: Mapped[Big | None]
    reasoning_tokens: Mapped[Big | None]
    cost: Mapped[Decimal | None] = mapped_column(Numeric(20, 9))
    is_estimate: Mapped[bool]
    project_id: Mapped[Big]
    developer_id: Mapped[Big]
    stage_name: Mapped[str]
    day: Mapped[date]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
        Index("ix_usages_project_day", "project_id", "day"),
        Index("ix_usages_developer_day", "developer_id", "day"),
        Index("ix_usages_day", "day"),
    )


class RunInterval(Model):
    """A time span in which a task was running, written at its end. `project_id` and
    `developer_id` as in `Usage`.
    """

    __tablename__ = "run_intervals"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    project_id: Mapped[Big]
    developer_id: Mapped[Big]
    started_at: Mapped[Timestamp]
    ended_at: Mapped[Timestamp]

    __table_args__ = (
        Index("ix_run_intervals_task", "task_id"),
        Index("ix_run_intervals_project", "project_id", "ended_at"),
        Index("ix_run_intervals_developer", "developer_id", "ended_at"),
    )
