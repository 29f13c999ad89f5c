"""The task's own branch: what its machine is to expect there, and what is known to be ours.

In all functions but `order` the caller holds the locks of the machine and the task, and commits.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.domain import branch_name, lineage, task_branch
from app.domain.attempt import AttemptPhase
from app.domain.pipeline import GateKind
from app.domain.task import EventType, SuspendReason, TaskEvent
from app.domain.task_branch import BranchMismatch
from app.extensions import db
from app.models import Attempt, Gate, Machine, Task
from app.services.tasks import attempts, history, questions, transitions
from muster.protocol import frames


def build_order(row: Any) -> frames.TaskBranch | None:
    """What the push of an attempt is to move, by the row of its order; None: a person has said to
    leave the branch as it is, or it is not known yet what is pushed.
    """
    if row.pushed_commit is None or is_left_alone(row.task_id, row.round):
        return None
    name = row.branch_name or branch_name.render(branch_name.DEFAULT, row.task_id)
    return frames.TaskBranch(name, row.branch_commit)


def is_left_alone(task_id: int, round_: int) -> bool:
    """Whether the last answer of the round was that the branch is to stay as it is."""
    query = (
        select(Gate.result)
        .where(Gate.task_id == task_id, Gate.round == round_, Gate.kind == GateKind.BRANCH)
        .where(Gate.result.is_not(None))
        .order_by(Gate.stage_index.desc(), Gate.number.desc())
    )
    return db.session.scalar(query.limit(1)) == task_branch.KEEP


def record_pushed_commit(task: Task, attempt: Attempt) -> None:
    """Note which commit the attempt is about to push, as far as it is known: if it is lost then,
    its successor finds that on the branch.
    """
    made = task.checkpoints.get(str(attempt.stage_index))
    # One that this attempt has told of, and nothing since: else its machine says first what it is.
    is_known = made and attempt.work in (None, lineage.to_json(made["commit"], made.get("tree")))
    attempt.pushed_commit = made["commit"] if made and is_known else None


def known_commits(task: Task) -> set[str]:
    """The commits that attempts of the task pushed, or were about to."""
    db.session.flush()
    query = select(Attempt.pushed_commit).where(
        Attempt.task_id == task.id, Attempt.pushed_commit.is_not(None)
    )
    ours = {commit for commit in db.session.scalars(query) if commit}
    return ours | ({task.branch_commit} if task.branch_commit else set())


def ask_about_branch(
    machine: Machine, task: Task, attempt: Attempt, finding: BranchMismatch, now: datetime
) -> None:
    """Ask people what is to become of the branch; until then the attempt waits without a slot."""
    attempt.phase = AttemptPhase.GATE
    attempts.free_slot(machine, attempt)
    index = attempt.stage_index
    gate = Gate(
        task_id=task.id,
        round=task.round,
        stage_index=index,
        number=questions.next_number(task, index),
        kind=GateKind.BRANCH,
        prompt=task_branch.question(finding, str(task.branch)).replace("\0", "�"),
        choices=list(task_branch.choices(finding)),
        branch=task_branch.to_json(finding),
        requested_at=now,
    )
    db.session.add(gate)
    transitions.apply_event(task, TaskEvent.ASK, now)
    about: dict[str, Any] = {"kind": gate.kind, "choices": gate.choices, "number": gate.number}
    about |= {"reason": SuspendReason.GATE, "branch": gate.branch}
    history.record_event(task, EventType.SUSPENDED, gate.prompt, now, stage_index=index, data=about)


def apply_answer(task: Task, gate: Gate, result: str) -> None:
    """Have the next push expect what people were shown, where they let that be overwritten."""
    if gate.kind is GateKind.BRANCH and result == task_branch.OVERWRITE:
        task.branch_commit = (gate.branch or {})["found"]
