"""Images that people attach to tasks and follow-ups."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp


class TaskImage(Model):
    """An uploaded image.

    It belongs to the developer who uploaded it (`created_by`) until a task of the project uses it:
    then `task_id` is set, and `unused_since` null. `sha256` is of `data`, in hexadecimal.
    """

    __tablename__ = "task_images"

    id: Mapped[BigId]
    project_id: Mapped[Big] = mapped_column(ForeignKey("projects.id"), index=True)
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    task_id: Mapped[Big | None] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    unused_since: Mapped[Timestamp | None]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str]
    data: Mapped[bytes] = mapped_column(deferred=True, deferred_raiseload=True)

    __table_args__ = (
        Index(
            "ix_task_images_unused",
            "unused_since",
            postgresql_where=text("unused_since IS NOT NULL"),
        ),
        Index("ix_task_images_task", "task_id", postgresql_where=text("task_id IS NOT NULL")),
    )
