"""What attempts have changed: the files between two commits, and their contents."""

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.diff import DiffBase, FileStatus
from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp, pg_enum


class Content(Model):
    """A version of a file, or a file's section of a patch, as a machine sent it; kept once in a
    task, and never shared between tasks. `id` is what git calls it.

    `data` is what has come of the `packed` bytes into which zlib packs the `size` bytes of it.
    `is_complete`: all of it is here, and is what `id` says. `hunks` are those of a section, as
    JSON (`services.changes.sections`); null: they were not looked for; empty: none can be shown.
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
    """What changed between the commits `base` and `commit`, as a stage, or its middle (`partial`),
    left it. Of the same attempt, stage, `partial` and `since` there is the latest one.

    `is_complete`: all `total` files have been reported; until then nobody sees it. `patch_bytes` is
    how large the sections of its patch are together. `left_out` is why the files' contents are not
    here ("": they are): the machine's word, or that they have `expired`, when their rows are gone,
    too. The numbers stay.
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
        # The latest one of a task, whatever of it is asked for.
        Index("ix_changes_task", "task_id", "since", "id"),
    )


class ChangedFile(Model):
    """A file that a change touches, the `position`-th. `mode` and `blob` are those after it ("":
    there is none), `old_mode` and `old_blob` those before. `patch` is the content with its section
    of the patch. `blob` and `old_blob` may be contents, too.
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
