"""A developer's saved items: task drafts, and views of the task list."""

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp


class TaskDraft(Model):
    """A developer's private draft of a task.

    Its references (a project key, a machine) are unchecked and may not exist.
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
    """Named filters of the task list.

    `query` is the part of the page's address after the `?`. Views are sorted by `position`, then by
    age; `pinned` ones are always shown, others in a menu.
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
