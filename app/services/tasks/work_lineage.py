"""The line of a task's work, from what people approved to what is published, as far as a server
can hold it without git: by what machines report, in the order in which they do.

An attempt's line begins with the checkpoint that it goes on from, which the machine has checked,
and each checkpoint has to follow the last. A gate is answered for the last one at that time; it is
withdrawn where its work is done again. So what is published is in one line with all that people
have answered for, if it is the attempt's last.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain import follow_up, lineage
from app.domain.pipeline import GateKind
from app.domain.task import FailureCode
from app.models import Gate, Task
from app.services.tasks import attempts
from muster.protocol import frames

if TYPE_CHECKING:
    from app.services.tasks.stages import LiveAttempt


def approved_revision(task: Task, gate: Gate) -> dict[str, str] | None:
    """The revision that an answer to the gate is about; None for no work, or where it is not
    known, and for a question in the middle of a stage, which is about no checkpoint.
    """
    if gate.kind in (GateKind.QUESTION, GateKind.CHECKPOINT):
        return None
    made = _work_at_gate(task, gate)
    return lineage.to_json(made["commit"], made.get("tree")) if made else None


def _work_at_gate(task: Task, gate: Gate) -> dict[str, Any] | None:
    at, known = gate.stage_index, task.checkpoints
    if gate.kind is GateKind.BRANCH:
        pushed = gate.branch and {"commit": gate.branch["commit"]}
        return known.get(str(at)) or pushed
    if gate.number > 0 and (task.partial or {}).get("stageIndex") == at:
        return task.partial
    return known.get(str(at - 1 if at > 0 else follow_up.BEFORE_FIRST_STAGE))


def expected_revision(live: "LiveAttempt") -> Mapping[str, Any] | None:
    """The revision that the attempt is to push; None where it is not known.

    A server of the release before began attempts with the push without noting what they push: that
    is the last stage's checkpoint.
    """
    attempt = live.attempt
    if attempt.pushed_commit is not None:
        return attempt.work or {"commit": attempt.pushed_commit}
    return live.task.checkpoints.get(str(attempt.stage_index)) if attempt.work is None else None


def end_unapproved(live: "LiveAttempt", report: frames.Published) -> bool:
    """End the attempt where what it has pushed is not the last of the line, or not known to be.
    Returns whether it did.
    """
    if live.attempt.pushed_commit is None and is_lineage_unknown(live):
        requeue(live, gone=True)
        return True
    why = _unapproved_reason(live, report)
    if why is not None:
        fail_unapproved(live, why, gone=True)
    return why is not None


def _unapproved_reason(live: "LiveAttempt", report: frames.Published) -> str | None:
    """Why what was pushed is not the last of the line; None where it is, or nothing is known that
    it could be compared with.
    """
    known = expected_revision(live)
    if known is None:
        # A worker of a release that cannot tell before it pushes; nobody else is ordered to.
        is_excused = live.attempt.work is None
        return (
            None if is_excused else f"it has pushed {report.commit}, and told of no commit before"
        )
    if report.tree is None and not live.machine.checks_commits:
        known = {"commit": known["commit"]}  # its release does not report the tree
    other = lineage.describe_mismatch(known, report.commit, report.tree)
    return other and f"it has pushed {other}"


def is_lineage_unknown(live: "LiveAttempt") -> bool:
    """Whether the machine has gone back to a release that does not report what its work follows,
    in the middle of an attempt that needs it.
    """
    return live.attempt.work is not None and not live.machine.checks_commits


def requeue(live: "LiveAttempt", *, gone: bool) -> None:
    """Queue the task to go on from its last checkpoint that is in line, on a machine that can tell
    what follows. `gone` as in `attempts.end`.
    """
    why = f"the worker of {live.machine.name} is of a release that does not tell what it follows"
    attempts.requeue_from_checkpoint(
        live.machine, live.task, live.attempt, why, live.now, gone=gone
    )


def fail_unapproved(live: "LiveAttempt", why: str, *, gone: bool) -> None:
    """Fail the task, whose machine has left the line. The task's branch stays where it is known to
    be. `gone` as in `attempts.end`.
    """
    text = f"{live.machine.name} has left what was approved: {why}"
    code = FailureCode.NOT_WHAT_WAS_APPROVED
    attempts.fail(live.machine, live.task, live.attempt, code, text, live.now, gone=gone)
