"""Reviews of tasks' changes: comment threads, verdicts, and viewed files."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.review import ReviewVerdict, Side
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum
from app.models.developer import Developer


class Review(Model):
    """A submitted verdict, with the comments that were its author's drafts.

    `attempt` and `commit` are those that it's about (0, null: there was nothing yet). `stage_index`
    is that of the gate that it answered, `comments` the number of its comments.
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
    """A conversation about lines (`path`, `side`, `line` to `end_line` of `blob`), a file (`path`),
    or all of `commit`.

    `base_path` is the file's name in the task's base, null if it isn't in there. `code` is {first,
    lines[]}: the original lines and some above, cut for display. `published_at` is null while all
    of it is its author's draft.
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
    """A comment of a developer, or of an attempt's agent, in a thread.

    It's a draft until `published_at`; `review_id` is the review that published it, if any.
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
    """A mark that a developer has viewed that version of a file ("": it's deleted)."""

    __tablename__ = "viewed_files"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    path: Mapped[str]
    blob: Mapped[str] = mapped_column(String(64))
    viewed_at: Mapped[Timestamp]

    __table_args__ = (
        # By digest: a path may be too long for an index.
        Index("uq_viewed_files", "task_id", "developer_id", text("md5(path)"), unique=True),
    )
