"""A machine for tests, which calls services as a machine's connection does, without a socket."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from app.control_channel.reconciler import (
    ObservedState,
    apply_sent_order,
    build_observed_state,
    reconcile,
)
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, Event, Machine, Task
from app.services.accounts import tokens
from app.services.clock import now as clock_now
from app.services.logs import logs
from app.services.machines import orders, reports, sessions
from app.services.machines.append_reports import BatchOutcome
from app.services.machines.orders import DesiredAction, DesiredState
from muster.protocol import frames, version
from muster.protocol.attempt_key import AttemptKey
from tests.factories import make_machine

TREE = "7" * 40
CHANGE = frames.DiffStat(files_changed=1, insertions=2, deletions=3)


@dataclass
class FakeMachine:
    """A machine and its connection, with what they remember. Each call commits, as a batch does."""

    machine_id: uuid.UUID
    generation: int = 0
    journal_id: str = "journal"
    seq: int = 0
    slots: int = 2
    sandbox: frames.SandboxFacts | None = None
    labels: dict[str, str] = field(default_factory=dict)
    takes_messages: bool = False
    repeats_stages: bool = False
    observed: dict[AttemptKey, ObservedState] = field(default_factory=dict)

    @property
    def row(self) -> Machine:
        return db.session.get_one(Machine, self.machine_id, populate_existing=True)

    def hello(
        self, *held: frames.TrackedAttempt, at: datetime | None = None, **more: Any
    ) -> sessions.MachineSession:
        frame = frames.Hello(
            protocol=version.CURRENT,
            worker_jwt=tokens.worker_jwt(self.row)[0],
            machine_id=str(self.machine_id),
            journal_id=self.journal_id,
            slots=self.slots,
            capabilities=[frames.Capability("claude", takes_messages=self.takes_messages)],
            takes_messages=self.takes_messages,
            repeats_stages=self.repeats_stages,
            attempts=list(held),
            sandbox=self.sandbox,
            labels=self.labels,
            **more,
        )
        session = sessions.handle_hello(frame, at or clock_now())
        sessions.send_wakeups(session)
        self.generation = session.generation
        self.observed = {AttemptKey.from_object(a): build_observed_state(a) for a in held}
        return session

    def orders(self) -> list[tuple[DesiredAction, int, int]]:
        """The orders that are new since the last call, as (want, task id, stage index)."""
        desired = orders.orders_of_machine(
            self.machine_id, clock_now(), list(self.observed)
        ).attempts
        due = reconcile(desired, self.observed)
        for order in due:
            key = AttemptKey.from_object(order)
            self.observed[key] = apply_sent_order(self.observed.get(key), order)
        return [(order.action, order.task_id, order.stage_index) for order in due]

    def report_on(
        self, task: Task, *bodies: frames.Body, attempt: int | None = None, logs: Any = ()
    ) -> BatchOutcome:
        """Send reports on the task's latest attempt (or on `attempt`), with these log frames."""
        number = task.attempt if attempt is None else attempt
        batch = [self.report(task.id, number, in_sequence(task, number, body)) for body in bodies]
        return self.apply(batch, logs)

    def report(self, task_id: int, attempt: int, body: frames.Body) -> frames.Report:
        self.seq += 1
        return frames.Report(seq=self.seq, task_id=task_id, attempt=attempt, body=body)

    def apply(
        self, batch: list[frames.Report], logs: Any = (), at: datetime | None = None
    ) -> BatchOutcome:
        return reports.apply_batch(
            self.machine_id, self.generation, batch, list(logs), at or clock_now()
        )

    def report_started(self, task: Task, stage: int = 0) -> None:
        self.report_on(task, frames.Accepted(), frames.StageStarted(stage_index=stage))

    def report_checkpoint(
        self, task: Task, stage: int = 0, *, diff: frames.DiffStat | None = None
    ) -> None:
        ref = f"refs/muster/{task.id}/{task.attempt}/{stage}"
        self.report_on(
            task, frames.Checkpoint(stage_index=stage, ref=ref, commit="c0ffee", diff=diff)
        )

    def report_finished(
        self, task: Task, stage: int = 0, how: Any = "exit", code: int = 0
    ) -> BatchOutcome:
        end = make_live(task).log_bytes
        return self.report_on(
            task, frames.StageFinished(stage_index=stage, log_end=end, how=how, code=code)
        )

    def report_published(self, task: Task, *, diff: frames.DiffStat = CHANGE) -> BatchOutcome:
        """What its last checkpoint has; or `beef`, announced first, where it has none."""
        self.report_workspace(task)
        moved = frames.BranchMove(task.branch_name)
        commit = make_live(task).pushed_commit or "beef"
        return self.report_on(
            task, frames.Published(str(task.branch), commit, diff, moved, tree(task))
        )

    def report_workspace(self, task: Task, commit: str = "beef") -> None:
        """Tell what it would push, where it is asked to."""
        at = make_live(task)
        if at.pushed_commit is None and at.ended_at is None:
            commit = at.resume_commit if at.started_at is None and at.resume_commit else commit
            self.report_on(task, frames.PublishPreview(at.pushes, commit, TREE))


def tree(task: Task) -> str | None:
    """The tree of what its latest attempt is at, as far as that was told."""
    return (make_live(task).work or {}).get("tree")


def in_sequence(task: Task, number: int, body: frames.Body) -> frames.Body:
    """The report as an honest machine makes it, where the test does not say what it follows."""
    if not isinstance(body, frames.Checkpoint | frames.PublishPreview) or body.follows is not None:
        return body
    at = db.session.get_one(Attempt, (task.id, number), populate_existing=True).work or {}
    before = frames.Revision(at.get("commit", "ba5e"), at.get("tree", TREE))
    return msgspec.structs.replace(body, follows=before)


def make_driven(
    slots: int = 2, sandbox: frames.SandboxFacts | None = None, **given: Any
) -> FakeMachine:
    """A machine that has said hello for the first time."""
    machine = FakeMachine(make_machine(slots_total=slots, **given).id, slots=slots, sandbox=sandbox)
    machine.hello()
    return machine


def make_held_attempt(
    task: Task,
    state: frames.TrackedState = "working",
    stage: int = 0,
    ended_by: frames.StageExitReason | None = None,
) -> frames.TrackedAttempt:
    """The task's latest attempt as a hello names it."""
    return frames.TrackedAttempt(task.id, task.attempt, stage, state, 0, ended_by)


def make_live(task: Task) -> Attempt:
    """The task's latest attempt, reread."""
    return db.session.get_one(Attempt, (task.id, task.attempt), populate_existing=True)


def latest_order(task: Task) -> DesiredState:
    """The desired state of the task's latest attempt on its machine."""
    attempt = make_live(task)
    desired = orders.orders_of_machine(attempt.machine_id, clock_now()).attempts
    [found] = [w for w in desired if AttemptKey.from_object(w) == (task.id, attempt.number)]
    return found


def status(task: Task) -> TaskStatus:
    """The task's status, reread."""
    db.session.refresh(task)
    return task.status


def state(task: Task) -> tuple[TaskStatus, SuspendReason | None]:
    """The task's status, reread, and why it is suspended."""
    return status(task), task.suspend_reason


def log_frame(task: Task, data: bytes, offset: int = 0, stage: int = 0) -> frames.Log:
    return frames.Log(task.id, task.attempt, stage, offset, 0, data)


def log_of(actor: Any, task: Task) -> bytes:
    raw = logs.raw_log(actor, task.id)
    return b"".join(raw.read(0, raw.size))


def events_of(task: Task) -> list[EventType]:
    """The types of the task's events, in order. Asserts that their numbers have no gaps."""
    query = db.select(Event).where(Event.task_id == task.id).order_by(Event.number)
    found = list(db.session.scalars(query))
    assert [event.number for event in found] == list(range(1, len(found) + 1))
    return [event.type for event in found]


def warnings_of(task: Task) -> list[str]:
    query = db.select(Event.message).where(
        Event.task_id == task.id, Event.type == EventType.WARNING
    )
    return list(db.session.scalars(query.order_by(Event.number)))
