"""Fills an admin's inbox with something of each kind, for `test_query_counts`."""

from datetime import timedelta
from typing import Any

from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.task import SuspendReason, TaskStatus
from app.models import Developer, Task
from tests.factories import make_attempt, make_gate, make_machine, make_project, make_task
from tests.factories.changes import COMMITS, make_change
from tests.factories.rows import now

PIPELINE = [{"name": "develop", "command": "x"}, {"name": "release", "command": "y"}]


def fill(admin: Developer, rows: int) -> str:
    """A question, an agent's question, a failure, a result and a machine; and again, up to so many
    rows and some more. Each task is of a project of its own."""
    for _ in range(rows // 5 + 1):
        ask(work(status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.GATE, stage_index=1))
        asking = work(status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.QUESTION)
        make_gate(asking, number=1, kind=GateKind.QUESTION)
        moment = now() - timedelta(minutes=1)
        failure = {"code": "stage_failed", "message": "it failed", "stageIndex": 0}
        work(admin, status=TaskStatus.FAILED, finished_at=moment, failure=failure)
        result = {"commit": COMMITS[1], "pushed": True, "filesChanged": 2}
        work(admin, status=TaskStatus.COMPLETED, finished_at=moment, result=result)
        make_machine(status=MachineStatus.OFFLINE, connected=False)
    return "/api/web/inbox"


def work(creator: Developer | None = None, **given: Any) -> Task:
    """A task whose first stage has changed two files on a machine."""
    checkpoint = {"ref": "refs/muster/x", "commit": COMMITS[1]}
    task = make_task(
        project=make_project(pipeline=PIPELINE),
        creator=creator,
        checkpoints={"0": checkpoint},
        **given,
    )
    make_attempt(task, make_machine(), has_slot=False)
    files: list[dict[str, Any]] = [
        {"path": "a.py", "insertions": 1, "deletions": 1},
        {"path": "b.py", "insertions": 7},
    ]
    make_change(task, files)
    return task


def ask(task: Task, **given: Any) -> None:
    """Have the task's next stage wait for an answer."""
    make_gate(task, **given)
