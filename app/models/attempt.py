"""A task's attempts."""

import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, and_, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.extensions import Model
from app.models.columns import Big, Json, Timestamp, pg_enum
from app.models.task import Task


class Attempt(Model):
    """One assignment of a task to a machine."""

    __tablename__ = "attempts"

    task_id: Mapped[Big] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    # Counts the task's attempts, from 1.
    number: Mapped[int] = mapped_column(primary_key=True)
    # The task's round in which it started.
    round: Mapped[int]
    machine_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("machines.id"))
    # Whether it runs a stage, waits at a gate, or pushes.
    phase: Mapped[AttemptPhase] = mapped_column(pg_enum(AttemptPhase))
    # The stage that it runs, or before or in which it waits; the last one while it pushes.
    stage_index: Mapped[int]
    # Counts the processes of its stage, from 0.
    run: Mapped[int] = mapped_column(default=0, server_default="0")
    # That process was stopped in the stage's middle, and the attempt waits there as at a gate.
    mid_stage: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # Its stage is to be stopped like that, or the next one not started: a budget is used up.
    suspends: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # Its orders to push that were answered by a rejected move of the task's branch. With any of
    # them, it waits at a gate for that, not for a stage.
    pushes: Mapped[int] = mapped_column(default=0, server_default="0")
    # What it has pushed, or is about to.
    pushed_commit: Mapped[str | None]
    # The ref of the checkpoint that its workspace is built from.
    resume_from: Mapped[str | None]
    # That checkpoint's expected commit.
    resume_commit: Mapped[str | None]
    # The last revision that its machine has reported, at first what it resumes from:
    # `domain.lineage`.
    work: Mapped[dict[str, str] | None] = mapped_column(Json)
    # It occupies a slot until the machine confirms that nothing of it runs.
    has_slot: Mapped[bool]
    # Its loss doesn't count against `maxAttempts`, because nothing had been tried or no server was
    # running; or, if it was requeued, its machine returned it.
    uncounted: Mapped[bool] = mapped_column(default=False)
    # How it ended.
    outcome: Mapped[AttemptOutcome | None] = mapped_column(pg_enum(AttemptOutcome))
    assigned_at: Mapped[Timestamp]
    # When its machine reported that it has it.
    accepted_at: Mapped[Timestamp | None]
    # When its first stage started.
    started_at: Mapped[Timestamp | None]
    # The fence: later reports about it have no effect.
    ended_at: Mapped[Timestamp | None]
    # When the machine may delete its workspace.
    forget_at: Mapped[Timestamp | None]
    # When the machine has deleted it.
    forgotten_at: Mapped[Timestamp | None]
    # The reported end of a stage whose log is incomplete: {stageIndex, how, code, logEnd} with
    # {failure [kind, message], denied} or {suspended {reason, message, resetsAtMs}}.
    pending_exit: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Its agent's last question in the middle of the stage, by the machine's number: {number, gate
    # (the `Gate`'s number), answer? {choice?, input?}}; an empty answer: no one's.
    question: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # People's last order to stop its agent's step: `domain.interrupt`.
    interrupt: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # The last stage whose agent asked something at its terminal: {stageIndex, run, since}.
    terminal_wait: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # The length of its log so far, with gaps.
    log_bytes: Mapped[Big] = mapped_column(default=0)
    log_lines: Mapped[Big] = mapped_column(default=0)
    # The byte ranges [from, to) of the log that the machine has lost.
    log_gaps: Mapped[list[list[int]]] = mapped_column(Json, default=list)
    # The number of its transcript's entries.
    transcript_entries: Mapped[Big] = mapped_column(default=0, server_default="0")
    # The number of their changes.
    transcript_updates: Mapped[Big] = mapped_column(default=0, server_default="0")
    # Its entries that run, in order, as [number, kind, title, milliseconds since its start].
    running_entries: Mapped[list[list[Any]]] = mapped_column(
        Json, default=list, server_default=text("'[]'")
    )
    # When its log or transcript last grew.
    active_at: Mapped[Timestamp | None]
    # The stored size of log and transcript: `domain.storage_limits`.
    stored_bytes: Mapped[Big] = mapped_column(default=0, server_default="0")
    # Their limit since its end.
    max_stored_bytes: Mapped[Big | None]
    # When its log was deleted after its retention period: since then, all of it is a gap
    # (`LogChain`).
    log_expired_at: Mapped[Timestamp | None]

    task: Mapped[Task] = relationship(lazy="raise")

    @classmethod
    def is_at_terminal(cls) -> ColumnElement[bool]:
        """Return the condition that its running stage's agent asks something at its terminal."""
        return and_(
            cls.ended_at.is_(None),
            cls.terminal_wait.is_not(None),
            cls.phase == AttemptPhase.RUN,
            cls.terminal_wait["stageIndex"].as_integer() == cls.stage_index,
            cls.terminal_wait["run"].as_integer() == cls.run,
        )

    __table_args__ = (
        Index(
            "uq_attempts_live", "task_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        # Finds the attempts that a machine still has: active ones, and those that it may delete.
        Index(
            "ix_attempts_on_machine",
            "machine_id",
            "forget_at",
            postgresql_where=text("forgotten_at IS NULL"),
        ),
        # Finds the logs whose retention period is over.
        Index("ix_attempts_logs", "ended_at", postgresql_where=text("log_expired_at IS NULL")),
        Index("ix_attempts_slots", "machine_id", postgresql_where=text("has_slot")),
        Index("ix_attempts_forget", "forget_at", postgresql_where=text("forgotten_at IS NULL")),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="outcome"),
    )
