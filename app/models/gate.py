"""The questions of a task's stages."""

from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.pipeline import GateKind
from app.extensions import Model
from app.models.columns import Big, Json, Timestamp, pg_enum
from app.models.task import Task


class Gate(Model):
    """A stage's question to a person, asked once per round. `answered_at` is set once, with the
    answer.

    `number` is 0 for the question before the stage; those during it count from 1. A withdrawn one
    of these keeps its number, with `answered_at` as the time and without `result`. `budgets` are
    those that it's about, from `domain.budget.BudgetStatus.to_json`; `branch` is the state of the
    task's branch, from `domain.task_branch.to_json`. `approved` is the revision that the answer is
    about, {commit, tree?}; null: no work, or unknown. `answerers` are those of the stage, as in
    `domain.answerers.to_stored`; null: whoever has the permission. `permission` is what the agent
    wants to do, as in `domain.permission_requests`.
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
    answerers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    permission: Mapped[dict[str, Any] | None] = mapped_column(Json)

    task: Mapped[Task] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_gates_expiry", "expires_at", postgresql_where=text("answered_at IS NULL")),
    )
