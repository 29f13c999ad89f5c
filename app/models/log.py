"""Output of attempts: their logs, and their agents' transcripts."""

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, Json


class LogChunk(Model):
    """A chunk of an attempt's log: `size` bytes from `byte_offset` on.

    `first_line` is the number of line ends before it, `lines` the number of line ends in it.
    `marks` lists [offset, milliseconds, stageIndex]: the time since the attempt's start, and the
    stage, of the bytes from this offset on (within the attempt's log).
    """

    __tablename__ = "log_chunks"

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    byte_offset: Mapped[Big] = mapped_column(primary_key=True)
    size: Mapped[int]
    first_line: Mapped[Big]
    lines: Mapped[int]
    marks: Mapped[list[list[int]]] = mapped_column(Json)
    data: Mapped[bytes]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
        Index("ix_log_chunks_line", "task_id", "attempt", "first_line"),
    )


class TranscriptChunk(Model):
    """A chunk of an attempt's transcript: `count` entries from number `first` on, all of one stage
    run.

    `data` is the machine's JSON array (`frames.TranscriptEntry`), of `size` bytes. `first_ms` and
    `last_ms` are the times of its first and last entry since the attempt's start. Changes of
    entries are counted within the attempt: `updates` has the last one of each changed entry, by the
    entry's number, and `last_update` is the highest.
    """

    __tablename__ = "transcript_chunks"

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[Big] = mapped_column(primary_key=True)
    count: Mapped[int]
    stage_index: Mapped[int]
    run: Mapped[int]
    size: Mapped[int]
    first_ms: Mapped[Big]
    last_ms: Mapped[Big]
    data: Mapped[bytes]
    last_update: Mapped[Big] = mapped_column(default=0, server_default="0")
    updates: Mapped[dict[str, int]] = mapped_column(Json, default=dict, server_default=text("'{}'"))

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
        Index(
            "ix_transcript_chunks_updates",
            "task_id",
            "attempt",
            "last_update",
            postgresql_where=text("last_update > 0"),
        ),
    )
