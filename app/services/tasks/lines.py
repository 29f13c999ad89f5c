"""The line of a task's work, from what people approved to what is published, as far as a server
can hold it without git: by what machines report, in the order in which they do.

An attempt's line begins with the checkpoint that it goes on from, which the machine has checked,
and each checkpoint has to follow the last. A gate is answered for the last one at that time; it is
withdrawn where its work is done again. So what is published is in one line with all that people
have answered for, if it is the attempt's last.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.domain import follow_up, lineage
from app.domain.pipeline import GateKind
from app.domain.task import FailureCode
from app.extensions import db
from app.models import Gate, Task
from app.services.tasks import attempts
from muster.protocol import frames

if TYPE_CHECKING:
    from app.services.tasks.stages import LiveAttempt


def approved_at(task: Task, gate: Gate) -> dict[str, str] | None:
    """The revision that an answer to the gate is about; None for no work, or where it is not
    known, and for a question in the middle of a stage, which is about no checkpoint.
    """
    if gate.kind in (GateKind.QUESTION, GateKind.CHECKPOINT):
        return None
    made = _work_at(task, gate)
    return lineage.stored(made["commit"], made.get("tree")) if made else None


def _work_at(task: Task, gate: Gate) -> dict[str, Any] | None:
    at, known = gate.stage_index, task.checkpoints
    if gate.kind is GateKind.BRANCH:
        pushed = gate.branch and {"commit": gate.branch["commit"]}
        return known.get(str(at)) or pushed
    if gate.number > 0 and (task.partial or {}).get("stageIndex") == at:
        return task.partial
    return known.get(str(at - 1 if at > 0 else follow_up.BEFORE_ALL))


def unapproved(live: "LiveAttempt", report: frames.Published) -> str | None:
    """Why what was pushed is not the last of the line; None where it is, or nothing is known that
    it could be compared with.
    """
    attempt = live.attempt
    if attempt.pushed_commit is None:
        # A worker of a release that cannot tell before it pushes; nobody else is ordered to.
        is_excused = attempt.work is None and not _is_approved(live.task)
        return (
            None if is_excused else f"it has pushed {report.commit}, and told of no commit before"
        )
    expected = attempt.work or {"commit": attempt.pushed_commit}
    other = lineage.other(expected, report.commit, report.tree)
    return other and f"it has pushed {other}"


def _is_approved(task: Task) -> bool:
    """Whether people have answered for some work in the task's round."""
    query = select(Gate.number).where(
        Gate.task_id == task.id,
        Gate.round == task.round,
        Gate.answered_at.is_not(None),
        Gate.kind != GateKind.QUESTION,
        Gate.stage_index > 0,
    )
    return db.session.scalar(query.limit(1)) is not None


def break_off(live: "LiveAttempt", why: str, *, gone: bool) -> None:
    """Fail the task, whose machine has left the line. The task's branch stays where it is known to
    be. `gone` as in `attempts.end`.
    """
    text = f"{live.machine.name} has left what was approved: {why}"
    code = FailureCode.NOT_WHAT_WAS_APPROVED
    attempts.fail(live.machine, live.task, live.attempt, code, text, live.now, gone=gone)
