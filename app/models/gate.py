"""The questions of a task's stages."""

from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.pipeline import GateKind
from app.extensions import Model
from app.models.columns import Big, Json, Timestamp, pg_enum
from app.models.task import Task


class Gate(Model):
    """A stage's question to a person, asked once in a round. `answered_at` is set once, with the
    answer.

    `number` is 0 for the question before the stage; those in its middle count from 1. One of these
    that was withdrawn stays, `answered_at` being when, without `result`: no other gets its number.
    `budgets` are those that it is about, as `domain.budget.BudgetStanding.told` says them; `branch`
    what was found of the task's branch, as `domain.task_branch.told` does. `approved` is the
    revision that its answer is about, {commit, tree?}; null: of no work, or not known.
    """

    __tablename__ = "gates"

    task_id: Mapped[Big] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    round: Mapped[int] = mapped_column(primary_key=True)
    stage_index: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, default=0, server_default="0")
    kind: Mapped[GateKind] = mapped_column(pg_enum(GateKind))
    prompt: Mapped[str]
    choices: Mapped[list[str]] = mapped_column(Json)
    budgets: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    branch: Mapped[dict[str, Any] | None] = mapped_column(Json)
    requested_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp | None]
    answered_at: Mapped[Timestamp | None]
    answered_by: Mapped[Big | None] = mapped_column(ForeignKey("developers.id"))
    result: Mapped[str | None]
    comment: Mapped[str | None]
    approved: Mapped[dict[str, str] | None] = mapped_column(Json)

    task: Mapped[Task] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_gates_expiry", "expires_at", postgresql_where=text("answered_at IS NULL")),
    )
