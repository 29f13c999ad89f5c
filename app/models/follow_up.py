"""Follow-ups: new instructions for a task's existing work."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.follow_up import FollowUpState
from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp, pg_enum
from app.models.developer import Developer
from app.models.task import Task


class FollowUp(Model):
    """The next instruction for the existing work, from `from_stage` on.

    `number` counts the task's from 1, in the order in which they start. `round` is the one that it
    started; null: none yet. `review_id` is the review whose comments it includes.
    """

    __tablename__ = "follow_ups"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    number: Mapped[int]
    round: Mapped[int | None]
    state: Mapped[FollowUpState] = mapped_column(pg_enum(FollowUpState))
    instruction: Mapped[str]
    from_stage: Mapped[int]
    review_id: Mapped[Big | None]
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    created_at: Mapped[Timestamp]
    started_at: Mapped[Timestamp | None]

    task: Mapped[Task] = relationship(lazy="raise")
    creator: Mapped[Developer] = relationship(lazy="raise")

    __table_args__: Any = (
        UniqueConstraint("task_id", "number"),
        Index(
            "ix_follow_ups_queued",
            "task_id",
            "number",
            postgresql_where=text("state = 'queued'"),
        ),
    )
