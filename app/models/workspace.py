"""The workspaces of attempts."""

import uuid

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.attempt import WorkspaceState
from app.extensions import Model
from app.models.columns import Big, Json, Timestamp, pg_enum


class Workspace(Model):
    """An attempt's workspace, as last reported by the machine; reported on change, never polled."""

    __tablename__ = "workspaces"

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("machines.id"))
    state: Mapped[WorkspaceState] = mapped_column(pg_enum(WorkspaceState))
    path: Mapped[str]
    branch: Mapped[str]
    base_commit: Mapped[str]
    head_commit: Mapped[str]
    dirty: Mapped[bool]
    diff: Mapped[dict[str, int]] = mapped_column(Json)
    size_bytes: Mapped[Big]
    updated_at: Mapped[Timestamp]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
    )
