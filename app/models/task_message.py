"""Messages of people to a task's agent."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.task_message import MessageState, MessageTiming, TooLate
from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp, pg_enum
from app.models.developer import Developer
from app.models.task import Task


class TaskMessage(Model):
    """A message to whatever agent works on the task, or will next.

    `number` counts the task's from 1. A message with an `attempt` is bound to that run of its
    stage: it's sent to the working agent or, if `in_prompt`, with the stage's order.
    """

    __tablename__ = "task_messages"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str]
    timing: Mapped[MessageTiming] = mapped_column(pg_enum(MessageTiming))
    if_too_late: Mapped[TooLate] = mapped_column(pg_enum(TooLate))
    state: Mapped[MessageState] = mapped_column(pg_enum(MessageState))
    # The round in which it was written.
    round: Mapped[int]
    attempt: Mapped[int | None]
    stage_index: Mapped[int | None]
    run: Mapped[int | None]
    in_prompt: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    created_at: Mapped[Timestamp]
    delivered_at: Mapped[Timestamp | None]
    # The follow-up that it became.
    follow_up_id: Mapped[Big | None]

    task: Mapped[Task] = relationship(lazy="raise")
    creator: Mapped[Developer] = relationship(lazy="raise")

    __table_args__: Any = (
        UniqueConstraint("task_id", "number"),
        Index(
            "ix_task_messages_waiting",
            "task_id",
            "number",
            postgresql_where=sql("state = 'waiting'"),
        ),
    )
