"""Tasks in each state that decides what can be done with them, by a name for it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.pipeline import GateKind
from app.domain.task import EventType, FailureCode, SuspendReason, TaskStatus
from app.domain.tunnel import TunnelState
from app.extensions import db
from app.models import Developer, Project, Task, Tunnel
from app.services.tasks import history
from tests.factories import (
    make_attempt,
    make_follow_up,
    make_gate,
    make_machine,
    make_task,
    make_workspace,
)
from tests.factories.changes import COMMITS
from tests.factories.rows import now

WORK = {"0": {"ref": "refs/muster/x", "commit": COMMITS[1]}}
GATE, QUESTION = SuspendReason.GATE, SuspendReason.QUESTION
SUSPENDED, RUNNING = TaskStatus.SUSPENDED, TaskStatus.RUNNING

MakeTask = Callable[[Project, Developer], Task]


def _plain(**fields: Any) -> MakeTask:
    """A task without an attempt."""
    return lambda project, creator: make_task(project=project, creator=creator, **fields)


def _asking(kind: GateKind = GateKind.CONFIRM, number: int = 0, **fields: Any) -> MakeTask:
    choices = {GateKind.BUDGET: ["continue", "stop"], GateKind.CHECKPOINT: ["resume", "end"]}

    def make(project: Project, creator: Developer) -> Task:
        task = make_task(project=project, creator=creator, **fields)
        make_gate(task, kind=kind, number=number, choices=choices.get(kind, []))
        return task

    return make


def _on_machine(make_: MakeTask | None = None, *, ended: bool = False, **fields: Any) -> MakeTask:
    """A task with a machine, whose workspace is there; `fields` are the attempt's."""

    def make(project: Project, creator: Developer) -> Task:
        task = (make_ or _plain(status=RUNNING))(project, creator)
        end = {"ended_at": now(), "outcome": AttemptOutcome.FAILED, "has_slot": False}
        attempt = make_attempt(
            task, make_machine(opens_shells=True), **(end if ended else {}), **fields
        )
        make_workspace(attempt)
        return task

    return make


def _published(status: TaskStatus, **fields: Any) -> MakeTask:
    """A task that has ended, and whose checkpoints are gone; its branch keeps the work."""

    def make(project: Project, creator: Developer) -> Task:
        task = _on_machine(_plain(status=status, **fields), ended=True)(project, creator)
        about = {"branch": "muster/1-1", "commit": COMMITS[1], "taskBranch": "muster/1"}
        history.record_event(task, EventType.PUBLISHED, "pushed", now(), data=about)
        return task

    return make


def _with_follow_ups(count: int, make_: MakeTask) -> MakeTask:
    def make(project: Project, creator: Developer) -> Task:
        task = make_(project, creator)
        for _ in range(count):
            make_follow_up(task)
        return task

    return make


def _with_tunnel(project: Project, creator: Developer) -> Task:
    """Its tunnel is open, though its project has closed its network since."""
    project.network = []
    task = _on_machine()(project, creator)
    moment = now()
    about = {"opened_by": creator.id, "number": 1, "runs": True, "restarts": 0}
    times = {"started_at": moment, "changed_at": moment, "expires_at": moment + timedelta(hours=1)}
    db.session.add(
        Tunnel(
            task_id=task.id,
            attempt=task.attempt,
            machine_id=task.machine_id,
            state=TunnelState.CONNECTED,
            **about,
            **times,
        )
    )
    return task


def _without_network(project: Project, creator: Developer) -> Task:
    project.network = []
    return _on_machine()(project, creator)


_AT_GATE = {"status": SUSPENDED, "suspend_reason": GATE}
_FAILED = {"status": TaskStatus.FAILED}
CHECKED = [{"name": "work", "command": "x"}, {"name": "test", "command": "x", "kind": "shell"}]
FAILED_CHECK = {"code": FailureCode.STAGE_FAILED, "message": "It failed.", "stageIndex": 1}
STATES: Mapping[str, MakeTask] = {
    "queued": _plain(),
    "queued, asking, without work": _asking(),
    "queued, asking, with work": _asking(checkpoints=WORK),
    "assigned": _on_machine(_plain(status=TaskStatus.ASSIGNED)),
    "running": _on_machine(),
    "running, with 20 follow-ups": _with_follow_ups(20, _on_machine()),
    "being pushed": _on_machine(phase=AttemptPhase.PUBLISH),
    "in a closed network": _without_network,
    "with an open tunnel": _with_tunnel,
    "at the first gate": _asking(**_AT_GATE),
    "at a gate": _on_machine(_asking(**_AT_GATE, checkpoints=WORK), phase=AttemptPhase.GATE),
    "asking mid-stage": _on_machine(
        _asking(GateKind.QUESTION, 1, status=SUSPENDED, suspend_reason=QUESTION)
    ),
    "out of budget": _on_machine(
        _asking(GateKind.BUDGET, 1, status=SUSPENDED, suspend_reason=SuspendReason.BUDGET),
        phase=AttemptPhase.GATE,
    ),
    "out of quota": _on_machine(
        _plain(status=SUSPENDED, suspend_reason=SuspendReason.QUOTA), phase=AttemptPhase.GATE
    ),
    "with its checkpoint changed": _asking(GateKind.CHECKPOINT, 1, **_AT_GATE, checkpoints=WORK),
    "out of contact": _on_machine(
        _plain(status=SUSPENDED, suspend_reason=SuspendReason.MACHINE_LOST)
    ),
    "completed": _on_machine(_plain(status=TaskStatus.COMPLETED, checkpoints=WORK), ended=True),
    "completed long ago": _published(TaskStatus.COMPLETED),
    "failed without work": _on_machine(_plain(**_FAILED), ended=True),
    "failed before it began": _plain(**_FAILED),
    "failed with work": _on_machine(_plain(**_FAILED, checkpoints=WORK), ended=True),
    "failed at a check": _on_machine(
        _plain(**_FAILED, checkpoints=WORK, failure=FAILED_CHECK, pipeline=CHECKED), ended=True
    ),
    "failed with queued follow-ups": _with_follow_ups(
        2, _on_machine(_plain(**_FAILED), ended=True)
    ),
    "failed in a follow-up": _published(TaskStatus.FAILED, round=2, follow_up=1),
    "failed in a follow-up whose work is gone": _on_machine(
        _plain(**_FAILED, round=2, follow_up=1), ended=True
    ),
    "cancelled": _plain(status=TaskStatus.CANCELLED),
}
