"""Tasks with their attempts and history."""

import uuid
from typing import Any

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, event, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.attempt import AttemptOutcome, AttemptPhase, attempt_branch
from app.domain.scheduling import PlacementConstraints
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, Xid, pg_enum, stages_of
from app.models.developer import Developer
from app.models.machine import Machine
from app.models.project import Project


class Task(Model):
    """Work that a developer requested.

    `status` is set by `services.tasks.transitions.apply_event`, and by the dispatcher's statement.
    `round` counts retries and follow-ups, from 1; `follow_up` is the number of the follow-up that
    it's about (null: none), and `follow_ups_queued` the number of queued ones. `attempt` is the
    number of the latest attempt (0: none yet), and `machine_id` its machine. `stage_index` is the
    current stage; if it equals the number of stages, an attempt was lost before its push, and only
    the push is left. `checkpoints` maps a finished stage's index (as text) to {ref, commit, tree?,
    diff?}; under `domain.follow_up.BEFORE_FIRST_STAGE` is what a follow-up's round started with.
    `partial` is the latest in a stage's middle: {stageIndex, ref, …}. `quota` has the format of
    `domain.quota`; until `resume_at` the task waits for its agent's account. `budget` is {minutes?,
    tokens?, cost?}, `allowed` what people have granted beyond budgets
    (`domain.budget.compute_grants`), `grants` how often, `warned_grants` the grants at which people
    were notified that the task's own is almost used up. `running_since`: it's running. `events` is
    the number of events in the task's history; it's read under the row's lock. `queued_at` is when
    the task last entered the queue. `usage` is its agents' usage in all attempts: {inputTokens,
    cachedTokens, outputTokens, reasoningTokens, cost, isEstimate}; null: unknown. `has_contents`:
    rows of its attempts' changes exist (`models.change`). `dismissed_at`: its creator has dismissed
    its end. `branch_name` is that of its own branch, which stays when attempts end, and
    `branch_commit` what the next push expects there (null: no such branch).
    """

    __tablename__ = "tasks"

    id: Mapped[BigId]
    project_id: Mapped[Big] = mapped_column(ForeignKey("projects.id"))
    description: Mapped[str]
    status: Mapped[TaskStatus] = mapped_column(pg_enum(TaskStatus))
    suspend_reason: Mapped[SuspendReason | None] = mapped_column(pg_enum(SuspendReason))
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    machine_selector: Mapped[str | None]
    requested_machine_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("machines.id"))
    machine_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("machines.id"))
    agent_type: Mapped[str]
    agent_options: Mapped[dict[str, Any] | None] = mapped_column(Json)
    priority: Mapped[int] = mapped_column(default=0)
    pipeline: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    stages: Mapped[list[dict[str, str]]] = stages_of(pipeline)
    stage_index: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=1)
    follow_up: Mapped[int | None]
    follow_ups_queued: Mapped[int] = mapped_column(default=0, server_default="0")
    attempt: Mapped[int] = mapped_column(default=0)
    checkpoints: Mapped[dict[str, dict[str, Any]]] = mapped_column(Json, default=dict)
    partial: Mapped[dict[str, Any] | None] = mapped_column(Json)
    quota: Mapped[dict[str, Any] | None] = mapped_column(Json)
    resume_at: Mapped[Timestamp | None]
    budget: Mapped[dict[str, Any] | None] = mapped_column(Json)
    grants: Mapped[int] = mapped_column(default=0, server_default="0")
    allowed: Mapped[dict[str, Any] | None] = mapped_column(Json)
    warned_grants: Mapped[int | None]
    running_since: Mapped[Timestamp | None]
    events: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    usage: Mapped[dict[str, Any] | None] = mapped_column(Json)
    branch_name: Mapped[str] = mapped_column(nullable=True)
    branch_commit: Mapped[str | None]
    failure: Mapped[dict[str, Any] | None] = mapped_column(Json)
    has_contents: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[Timestamp]
    queued_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    assigned_at: Mapped[Timestamp | None]
    started_at: Mapped[Timestamp | None]
    finished_at: Mapped[Timestamp | None]
    dismissed_at: Mapped[Timestamp | None]
    updated_at: Mapped[Timestamp]

    # Loaded only if a query asks for them.
    project: Mapped[Project] = relationship(lazy="raise")
    creator: Mapped[Developer] = relationship(lazy="raise")
    machine: Mapped[Machine | None] = relationship(lazy="raise", foreign_keys=[machine_id])

    @property
    def placement(self) -> PlacementConstraints:
        """What it requires of a machine. Its project must be loaded."""
        project = self.project
        return PlacementConstraints.from_columns(
            project.min_sandbox,
            project.machine_selector,
            self.machine_selector,
            protected=project.protected,
            machines=project.protected_machines,
        )

    @property
    def current_stage_index(self) -> int:
        """The index of the current stage, or of the last one while only the push is left."""
        stages = self.__dict__.get("stages") or self.pipeline  # lists have no pipeline
        return min(self.stage_index, len(stages) - 1)

    @property
    def branch(self) -> str | None:
        """The latest attempt's branch."""
        return attempt_branch(self.id, self.attempt) if self.attempt else None

    __table_args__ = (
        Index(
            "ix_tasks_queue",
            text("priority DESC"),
            "id",
            postgresql_where=text("status = 'queued'"),
        ),
        Index(
            "ix_tasks_waiting",
            "project_id",
            "queued_at",
            postgresql_where=text("status = 'queued'"),
        ),
        Index(
            "ix_tasks_selectors",
            "machine_selector",
            postgresql_where=text("status = 'queued' AND machine_selector IS NOT NULL"),
        ),
        Index("ix_tasks_resume", "resume_at", postgresql_where=text("resume_at IS NOT NULL")),
        Index("ix_tasks_contents", "finished_at", postgresql_where=text("has_contents")),
        # The finished tasks in someone's inbox: services.inbox.keys.
        Index(
            "ix_tasks_undismissed",
            "created_by",
            "status",
            "finished_at",
            postgresql_where=text("dismissed_at IS NULL AND status IN ('completed', 'failed')"),
        ),
        Index("ix_tasks_follow_ups", "id", postgresql_where=text("follow_ups_queued > 0")),
        Index("ix_tasks_project", "project_id", "id"),
        Index("ix_tasks_machine", "machine_id", "id"),
        Index("ix_tasks_status", "status", "id"),
        Index("ix_tasks_created_by", "created_by", "id"),
        # For each filter of a list, the newest rows are adjacent: see services.tasks.search.
        Index("ix_tasks_project_status", "project_id", "status", "id"),
        Index("ix_tasks_machine_status", "machine_id", "status", "id"),
        Index("ix_tasks_created_by_status", "created_by", "status", "id"),
        Index("ix_tasks_project_creator", "project_id", "created_by", "status", "id"),
        Index("ix_tasks_project_machine", "project_id", "machine_id", "status", "id"),
        CheckConstraint(
            "(status = 'suspended') = (suspend_reason IS NOT NULL)", name="suspend_reason"
        ),
    )


class Attempt(Model):
    """One assignment of a task to a machine.

    `ended_at` is the fence: later reports about the attempt have no effect. `has_slot`: the
    attempt occupies a slot until the machine confirms that nothing of it runs. `run` counts the
    processes of its stage, from 0; `mid_stage`: that one was stopped in the stage's middle, and the
    attempt waits there as at a gate; `suspends`: its stage is to be stopped like that, or the next
    one not started, because a budget is used up. `pushes` counts its orders to push that were
    answered by a rejected move of the task's branch: with any of them, it waits at a gate for that,
    not for a stage. `pushed_commit` is what it has pushed, or is about to. `uncounted`: its loss
    doesn't count against `maxAttempts`, because nothing had been tried or no server was running;
    or, for a requeued one, its machine returned it. `resume_from` is the checkpoint ref that the
    workspace is built from, and `resume_commit` its expected commit. `work` is the last revision
    that its machine has reported, at first what it resumes from (`domain.lineage`). `question` is
    its agent's last question in the middle of the stage, by the machine's number: {number, gate
    (the `Gate`'s number), answer? {choice?, input?}}; an empty answer: no one's. `pending_exit` is
    the reported end of a stage whose log is incomplete: {stageIndex, how, code, logEnd} with
    {failure [kind, message], denied} or {suspended {reason, message, resetsAtMs}}. `log_gaps` lists
    the byte ranges [from, to) of the log that the machine has lost. Since `log_expired_at`, when
    the log was deleted after its retention period, all of it is one (`LogChain`).
    `transcript_entries` is the number of its transcript's entries. `stored_bytes` is the stored
    size of log and transcript (`domain.storage_limits`), `max_stored_bytes` their limit since the
    attempt's end. `forget_at` is when the machine may delete the workspace, `forgotten_at` when it
    has.
    """

    __tablename__ = "attempts"

    task_id: Mapped[Big] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int]
    machine_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("machines.id"))
    phase: Mapped[AttemptPhase] = mapped_column(pg_enum(AttemptPhase))
    stage_index: Mapped[int]
    run: Mapped[int] = mapped_column(default=0, server_default="0")
    mid_stage: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    suspends: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    pushes: Mapped[int] = mapped_column(default=0, server_default="0")
    pushed_commit: Mapped[str | None]
    resume_from: Mapped[str | None]
    resume_commit: Mapped[str | None]
    work: Mapped[dict[str, str] | None] = mapped_column(Json)
    has_slot: Mapped[bool]
    uncounted: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[AttemptOutcome | None] = mapped_column(pg_enum(AttemptOutcome))
    assigned_at: Mapped[Timestamp]
    accepted_at: Mapped[Timestamp | None]
    started_at: Mapped[Timestamp | None]
    ended_at: Mapped[Timestamp | None]
    forget_at: Mapped[Timestamp | None]
    forgotten_at: Mapped[Timestamp | None]
    pending_exit: Mapped[dict[str, Any] | None] = mapped_column(Json)
    question: Mapped[dict[str, Any] | None] = mapped_column(Json)
    log_bytes: Mapped[Big] = mapped_column(default=0)
    log_lines: Mapped[Big] = mapped_column(default=0)
    log_gaps: Mapped[list[list[int]]] = mapped_column(Json, default=list)
    transcript_entries: Mapped[Big] = mapped_column(default=0, server_default="0")
    stored_bytes: Mapped[Big] = mapped_column(default=0, server_default="0")
    max_stored_bytes: Mapped[Big | None]
    log_expired_at: Mapped[Timestamp | None]

    task: Mapped[Task] = relationship(lazy="raise")

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


class Event(Model):
    """An event in a task's history. `number` counts from 1 without gaps, in commit order.

    `type_number` counts the task's events of the same type in the same way, set by a trigger: one
    row tells how many events of a type come before a position. `project_id` is the task's, for
    lists over projects; it has no foreign key, because each insert would lock the project's row.
    """

    __tablename__ = "task_events"

    task_id: Mapped[Big] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[EventType] = mapped_column(pg_enum(EventType))
    type_number: Mapped[int]
    attempt: Mapped[int]
    stage_index: Mapped[int | None]
    message: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[Timestamp]
    project_id: Mapped[Big]
    xid: Mapped[Xid] = mapped_column(index=True)

    task: Mapped[Task] = relationship(lazy="raise")

    __mapper_args__ = {"eager_defaults": False}
    __table_args__ = (
        # Finds and counts a few warnings among a million log events: services.tasks.event_offsets.
        Index(
            "ix_task_events_type",
            "task_id",
            "type",
            "number",
            postgresql_include=["type_number"],
        ),
        # Events of the type log, which machines write on their own, aren't activity.
        Index(
            "ix_task_events_activity",
            "project_id",
            "created_at",
            "task_id",
            "number",
            postgresql_where=text("type <> 'log'"),
        ),
    )


# Migrations have the same statements. An insert happens under the task's lock, in number order. A
# statement that knows its event to be the first of its type sets `type_number` itself.
NUMBER_BY_TYPE = (
    """
        CREATE FUNCTION number_event_by_type() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.type_number := 1 + coalesce((
                SELECT type_number FROM task_events
                WHERE task_id = NEW.task_id AND type = NEW.type AND number < NEW.number
                ORDER BY number DESC LIMIT 1
            ), 0);
            RETURN NEW;
        END $$
    """,
    """
        CREATE TRIGGER number_event_by_type BEFORE INSERT ON task_events
        FOR EACH ROW WHEN (NEW.type_number IS NULL) EXECUTE FUNCTION number_event_by_type()
    """,
)
for statement in NUMBER_BY_TYPE:
    event.listen(Event.__table__, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
