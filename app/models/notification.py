"""What people are told."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Moment


class Notification(Model):
    """A message to one developer; `read_at` is when they had seen it."""

    __tablename__ = "notifications"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    type: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    task_id: Mapped[Big | None] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), index=True
    )
    read_at: Mapped[Moment | None]
    created_at: Mapped[Moment] = mapped_column(index=True)

    __table_args__ = (
        Index("ix_notifications_developer", "developer_id", "id"),
        Index(
            "ix_notifications_unread",
            "developer_id",
            "id",
            postgresql_where=text("read_at IS NULL"),
        ),
    )
