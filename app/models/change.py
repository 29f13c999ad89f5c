"""The changes of attempts: the files between two commits, and their contents."""

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.diff import DiffBase, FileStatus
from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp, pg_enum


class Content(Model):
    """A version of a file, or its section of a patch, as a machine sent it.

    It's stored once per task, and never shared between tasks. `id` is git's ID. `data` has the
    received part of the `packed` bytes, zlib's form of the `size` bytes. `is_complete`: it's
    complete and matches `id`. `hunks` are a section's, as JSON (`services.changes.sections`); null:
    not parsed; empty: none can be shown.
    """

    __tablename__ = "contents"

    task_id: Mapped[Big] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[Big]
    packed: Mapped[Big]
    is_complete: Mapped[bool]
    data: Mapped[bytes]
    hunks: Mapped[bytes | None]


class Change(Model):
    """The changes between the commits `base` and `commit`, as a stage, or its middle (`partial`),
    left them.

    Only the latest is stored per attempt, stage, `partial` and `since`. `is_complete`: all
    `total` files have been reported; until then it's hidden. `patch_bytes` is the size of all
    sections of its patch. `left_out` is why the files' contents are missing ("": they aren't): the
    machine's reason, or `expired`, when their rows are deleted too. The counts stay.
    """

    __tablename__ = "changes"

    id: Mapped[BigId]
    task_id: Mapped[Big]
    attempt: Mapped[int]
    round: Mapped[int]
    stage_index: Mapped[int]
    partial: Mapped[bool]
    since: Mapped[DiffBase] = mapped_column(pg_enum(DiffBase))
    base: Mapped[str] = mapped_column(String(64))
    commit: Mapped[str] = mapped_column(String(64))
    is_complete: Mapped[bool]
    total: Mapped[int]
    files_changed: Mapped[int]
    insertions: Mapped[Big]
    deletions: Mapped[Big]
    patch_bytes: Mapped[Big]
    left_out: Mapped[str]
    created_at: Mapped[Timestamp]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
        Index(
            "uq_changes_latest",
            "task_id",
            "attempt",
            "stage_index",
            "partial",
            "since",
            unique=True,
            postgresql_where=text("is_complete"),
        ),
        # The latest one of a task, by any filter.
        Index("ix_changes_task", "task_id", "since", "id"),
    )


class ChangedFile(Model):
    """The `position`-th file of a change.

    `mode` and `blob` are those after it ("": none), `old_mode` and `old_blob` those before. `patch`
    is the content with its section of the patch. `blob` and `old_blob` may be contents, too.
    """

    __tablename__ = "changed_files"

    change_id: Mapped[Big] = mapped_column(
        ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]
    old_path: Mapped[str]
    status: Mapped[FileStatus] = mapped_column(pg_enum(FileStatus))
    mode: Mapped[str] = mapped_column(String(6))
    old_mode: Mapped[str] = mapped_column(String(6))
    blob: Mapped[str] = mapped_column(String(64))
    old_blob: Mapped[str] = mapped_column(String(64))
    insertions: Mapped[int]
    deletions: Mapped[int]
    binary: Mapped[bool]
    generated: Mapped[bool]
    patch: Mapped[str | None] = mapped_column(String(64))
