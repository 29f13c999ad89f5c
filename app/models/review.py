"""Reviews of what tasks have changed: threads with comments, verdicts, and marks by file."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.review import ReviewVerdict, Side
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum
from app.models.developer import Developer


class Review(Model):
    """A verdict that somebody has submitted, with the comments that were their drafts.

    `attempt` and `commit` are those that it is about (0, null: there was nothing yet).
    `stage_index` is that of the gate which it has answered, `comments` how many it has.
    """

    __tablename__ = "reviews"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    round: Mapped[int]
    attempt: Mapped[int]
    commit: Mapped[str | None] = mapped_column(String(64))
    author_id: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    verdict: Mapped[ReviewVerdict] = mapped_column(pg_enum(ReviewVerdict))
    body: Mapped[str]
    comments: Mapped[int]
    stage_index: Mapped[int | None]
    submitted_at: Mapped[Timestamp]

    author: Mapped[Developer] = relationship(lazy="raise")

    __table_args__ = (Index("ix_reviews_task", "task_id", "id"),)


class ReviewThread(Model):
    """A conversation about lines (`path`, `side`, `line` to `end_line` of `blob`), a file (`path`)
    or the whole of what `commit` is.

    `base_path` is what the file is called in the task's base, null if it is not in there. `code` is
    {first, lines[]}: the lines as they were, and some above them, cut to what people read.
    `published_at` is null while all of it is its author's draft.
    """

    __tablename__ = "review_threads"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    round: Mapped[int]
    attempt: Mapped[int]
    commit: Mapped[str | None] = mapped_column(String(64))
    path: Mapped[str | None]
    base_path: Mapped[str | None]
    side: Mapped[Side | None] = mapped_column(pg_enum(Side))
    line: Mapped[int | None]
    end_line: Mapped[int | None]
    blob: Mapped[str | None] = mapped_column(String(64))
    code: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    created_at: Mapped[Timestamp]
    published_at: Mapped[Timestamp | None]
    resolved_at: Mapped[Timestamp | None]
    resolved_by: Mapped[Big | None] = mapped_column(ForeignKey("developers.id"))

    resolver: Mapped[Developer | None] = relationship(lazy="raise", foreign_keys=[resolved_by])

    __table_args__ = (
        Index("ix_review_threads_task", "task_id", "id"),
        CheckConstraint(
            "(line IS NULL) = (side IS NULL) AND (line IS NULL) = (end_line IS NULL)"
            " AND (line IS NULL OR (path IS NOT NULL AND blob IS NOT NULL))",
            name="position",
        ),
    )


class ReviewComment(Model):
    """What a developer, or the agent of an attempt, says in a thread. A draft until `published_at`;
    `review_id` is the review that it was published with, if it was.
    """

    __tablename__ = "review_comments"

    id: Mapped[BigId]
    thread_id: Mapped[Big] = mapped_column(ForeignKey("review_threads.id", ondelete="CASCADE"))
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    author_id: Mapped[Big | None] = mapped_column(ForeignKey("developers.id"))
    attempt: Mapped[int | None]
    body: Mapped[str]
    review_id: Mapped[Big | None] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"))
    created_at: Mapped[Timestamp]
    published_at: Mapped[Timestamp | None]

    author: Mapped[Developer | None] = relationship(lazy="raise")
    thread: Mapped[ReviewThread] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_review_comments_thread", "thread_id", "id"),
        Index("ix_review_comments_review", "review_id"),
        Index(
            "ix_review_comments_drafts",
            "task_id",
            "author_id",
            postgresql_where=text("published_at IS NULL"),
        ),
        CheckConstraint("(author_id IS NULL) <> (attempt IS NULL)", name="author"),
    )


class ViewedFile(Model):
    """Somebody has seen that version of a file ("": it is deleted)."""

    __tablename__ = "viewed_files"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    path: Mapped[str]
    blob: Mapped[str] = mapped_column(String(64))
    viewed_at: Mapped[Timestamp]

    __table_args__ = (
        # By digest: a path may be longer than what an index holds.
        Index("uq_viewed_files", "task_id", "developer_id", text("md5(path)"), unique=True),
    )
