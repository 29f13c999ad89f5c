"""Tasks and their history."""

import uuid
from typing import Any

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, event, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.attempt import attempt_branch
from app.domain.scheduling import PlacementConstraints
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, Xid, pg_enum, stages_of
from app.models.developer import Developer
from app.models.machine import Machine
from app.models.project import Project


class Task(Model):
    """Work that a developer requested."""

    __tablename__ = "tasks"

    id: Mapped[BigId]
    project_id: Mapped[Big] = mapped_column(ForeignKey("projects.id"))
    # Images attached to it and its follow-ups: [{id, name, mediaType, sizeBytes, width, height,
    # sha256, followUp}]; `followUp` is the follow-up's number; null: the description.
    images: Mapped[list[dict[str, Any]]] = mapped_column(
        Json, default=list, server_default=text("'[]'")
    )
    # What to do, in the creator's words; follow-ups have instructions of their own.
    description: Mapped[str]
    # `services.tasks.transitions` and the dispatcher's statement set it.
    status: Mapped[TaskStatus] = mapped_column(pg_enum(TaskStatus))
    # Null unless it's suspended.
    suspend_reason: Mapped[SuspendReason | None] = mapped_column(pg_enum(SuspendReason))
    # The developer who requested it.
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    # The labels that its machine must have, besides those that the project requires.
    machine_selector: Mapped[str | None]
    # The only machine that can take it; null: any that matches.
    requested_machine_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("machines.id"))
    # The latest attempt's machine.
    machine_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("machines.id"))
    # The agent that runs its stages.
    agent_type: Mapped[str]
    # Each field overrides the stage's or the project's.
    agent_options: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # What its agents can do without asking: {tool, suggestion} or {tool, action} each, as in
    # `domain.permission_requests`.
    allowed_actions: Mapped[list[dict[str, str]]] = mapped_column(
        Json, default=list, server_default=text("'[]'")
    )
    # Of queued tasks, those with the highest are dispatched first.
    priority: Mapped[int] = mapped_column(default=0)
    # The project's at creation: later changes don't apply.
    pipeline: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    # Names and kinds of the pipeline's stages, for lists; not a column of its own.
    stages: Mapped[list[dict[str, str]]] = stages_of(pipeline)
    # The current stage. The number of stages: an attempt was lost before its push, and only the
    # push is left.
    stage_index: Mapped[int] = mapped_column(default=0)
    # Counts retries and follow-ups, from 1.
    round: Mapped[int] = mapped_column(default=1)
    # The number of the follow-up that the round is about; null: none.
    follow_up: Mapped[int | None]
    # How many follow-ups are queued.
    follow_ups_queued: Mapped[int] = mapped_column(default=0, server_default="0")
    # How many messages wait for its agent.
    messages_waiting: Mapped[int] = mapped_column(default=0, server_default="0")
    # The number of the latest attempt; 0: none yet.
    attempt: Mapped[int] = mapped_column(default=0)
    # By a finished stage's index, as text: {ref, commit, tree?, diff?}. Under
    # `domain.follow_up.BEFORE_FIRST_STAGE` is what a follow-up's round started with.
    checkpoints: Mapped[dict[str, dict[str, Any]]] = mapped_column(Json, default=dict)
    # The latest checkpoint in the middle of the current stage: {stageIndex, ref, …, isTurn?};
    # `isTurn`: what a turn back starts with.
    partial: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # The round's failed checks that went back to an agent, in order: `domain.send_back`.
    turns: Mapped[list[dict[str, Any]]] = mapped_column(
        Json, default=list, server_default=text("'[]'")
    )
    # Its waits for its agent's account: `domain.quota`.
    quota: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Until then it waits for its agent's account.
    resume_at: Mapped[Timestamp | None]
    # Its own: {minutes?, tokens?, cost?}.
    budget: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # How often people have granted more than the budgets.
    grants: Mapped[int] = mapped_column(default=0, server_default="0")
    # What they have granted: `domain.budget.compute_grants`.
    allowed: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # The `grants` at which people were notified that its own budget is almost used up.
    warned_grants: Mapped[int | None]
    # Null unless it's running.
    running_since: Mapped[Timestamp | None]
    # The number of events in its history, which is read under the row's lock.
    events: Mapped[int] = mapped_column(default=0)
    # The round's last commit: {commit, pushed, branch?, filesChanged, …}.
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Its agents' usage in all attempts: {inputTokens, cachedTokens, outputTokens, reasoningTokens,
    # cost, isEstimate}; null: unknown.
    usage: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # The name of its own branch, which stays when attempts end.
    branch_name: Mapped[str] = mapped_column(nullable=True)
    # What the next push expects on that branch; null: no such branch.
    branch_commit: Mapped[str | None]
    # Why it failed: {code, message, stageIndex}.
    failure: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Rows of its attempts' changes exist: `models.change`.
    has_contents: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[Timestamp]
    # When it last entered the queue.
    queued_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    # When it last got a machine.
    assigned_at: Mapped[Timestamp | None]
    # When the round's first stage started.
    started_at: Mapped[Timestamp | None]
    # When the round ended.
    finished_at: Mapped[Timestamp | None]
    # When its creator dismissed that end.
    dismissed_at: Mapped[Timestamp | None]
    # When its status changed last, or its history got an event.
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
        return min(self.stage_index, len(self.known_stages) - 1)

    @property
    def known_stages(self) -> list[dict[str, Any]]:
        """Its stages, in lists only their names and kinds: they have no pipeline."""
        return self.__dict__.get("stages") or self.pipeline

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
