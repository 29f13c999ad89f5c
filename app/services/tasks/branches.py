"""The task's branch: what its machine expects there, and which commits are ours.

In all functions except `build_order` the caller holds the locks of the machine and the task, and
commits.
"""

from typing import Any

from sqlalchemy import select

from app.domain import lineage, task_branch
from app.domain.attempt import AttemptPhase
from app.domain.pipeline import GateKind
from app.domain.task import TaskEvent
from app.domain.task_branch import BranchMismatch
from app.extensions import db
from app.models import Attempt, Gate, Task
from app.services.locks import LockedTask
from app.services.tasks import attempts, questions
from muster.protocol import frames


def build_order(row: Any) -> frames.TaskBranch | None:
    """Return what the push of an attempt should move, by its order's row.

    None: a person decided to leave the branch, or the pushed commit isn't known yet.
    """
    if row.pushed_commit is None or is_left_alone(row.task_id, row.round):
        return None
    return frames.TaskBranch(row.branch_name, row.branch_commit)


def is_left_alone(task_id: int, round_: int) -> bool:
    """Whether the last answer of the round was to leave the branch."""
    query = (
        select(Gate.result)
        .where(Gate.task_id == task_id, Gate.round == round_, Gate.kind == GateKind.BRANCH)
        .where(Gate.result.is_not(None))
        .order_by(Gate.stage_index.desc(), Gate.number.desc())
    )
    return db.session.scalar(query.limit(1)) == task_branch.KEEP


def record_pushed_commit(task: Task, attempt: Attempt) -> None:
    """Record the commit that the attempt is about to push, if it's known: if the attempt is lost
    then, its successor finds that on the branch.
    """
    made = task.checkpoints.get(str(attempt.stage_index))
    # One that this attempt has reported, with nothing since: otherwise its machine reports it
    # first.
    is_known = made and attempt.work in (None, lineage.to_json(made["commit"], made.get("tree")))
    attempt.pushed_commit = made["commit"] if made and is_known else None


def known_commits(task: Task) -> set[str]:
    """Return the commits that attempts of the task pushed, or were about to."""
    db.session.flush()
    query = select(Attempt.pushed_commit).where(
        Attempt.task_id == task.id, Attempt.pushed_commit.is_not(None)
    )
    ours = {commit for commit in db.session.scalars(query) if commit}
    return ours | ({task.branch_commit} if task.branch_commit else set())


def ask_about_branch(locked: LockedTask, finding: BranchMismatch) -> None:
    """Ask people what to do with the branch; until then the attempt waits without a slot."""
    locked.attempt.phase = AttemptPhase.GATE
    attempts.free_slot(locked.machine, locked.attempt)
    questions.ask_people(
        locked.task,
        TaskEvent.ASK,
        locked.now,
        stage_index=locked.attempt.stage_index,
        kind=GateKind.BRANCH,
        prompt=task_branch.question(finding, str(locked.task.branch)).replace("\0", "�"),
        choices=task_branch.choices(finding),
        branch=task_branch.to_json(finding),
    )


def apply_answer(task: Task, gate: Gate, result: str) -> None:
    """Make the next push expect what people were shown, if they chose to overwrite that."""
    if gate.kind is GateKind.BRANCH and result == task_branch.OVERWRITE:
        task.branch_commit = (gate.branch or {})["found"]
