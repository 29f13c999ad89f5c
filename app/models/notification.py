"""In-app notifications."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp, Xid


class Notification(Model):
    """A message to one developer about one event of a task. `read_at` is when they marked it as
    read.

    `event_number` is the event's number in its task: each developer is notified of an event once.
    """

    __tablename__ = "notifications"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    type: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    task_id: Mapped[Big | None] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), index=True
    )
    event_number: Mapped[int | None]
    read_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp] = mapped_column(index=True)
    xid: Mapped[Xid] = mapped_column(index=True)

    __mapper_args__ = {"eager_defaults": False}

    __table_args__ = (
        UniqueConstraint("developer_id", "task_id", "event_number"),
        Index("ix_notifications_developer", "developer_id", "id"),
        Index(
            "ix_notifications_unread",
            "developer_id",
            "id",
            postgresql_where=text("read_at IS NULL"),
        ),
    )
