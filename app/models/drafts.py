"""What a developer keeps for later: drafts of tasks, and views of the list of tasks."""

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp


class TaskDraft(Model):
    """A task that somebody has begun to describe, for their eyes only.

    What it names (a project's key, a machine) is as it was written, and need not be there.
    """

    __tablename__ = "task_drafts"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    project_key: Mapped[str | None]
    description: Mapped[str]
    agent_type: Mapped[str | None]
    agent_options: Mapped[dict[str, Any] | None] = mapped_column(Json)
    machine_id: Mapped[uuid.UUID | None]
    machine_selector: Mapped[str | None]
    priority: Mapped[int]
    budget: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]

    __table_args__ = (Index("ix_task_drafts_developer", "developer_id", "id"),)


class SavedView(Model):
    """A name for filters of the list of tasks. `query` is what stands in the page's address behind
    the `?`. They are shown by `position`, then by age; a `pinned` one always, others in a menu.
    """

    __tablename__ = "saved_views"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    name: Mapped[str]
    query: Mapped[str]
    position: Mapped[int]
    pinned: Mapped[bool]
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]

    __table_args__ = (Index("ix_saved_views_developer", "developer_id", "position", "id"),)
