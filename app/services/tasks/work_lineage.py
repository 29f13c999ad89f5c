"""The chain of a task's work, from what people approved to what is published.

The server has no git here: it uses machines' reports, in order. An attempt's chain starts with its
initial checkpoint, which the machine has verified, and each checkpoint must follow the previous
one. A gate is answered for the latest one at that time; it's withdrawn if its work is done again.
So what is published follows everything that people have approved, if it's the attempt's latest.
"""

from typing import Any

from app.domain import follow_up, lineage
from app.domain.pipeline import AGENT_GATES, GateKind
from app.domain.task import FailureCode
from app.models import Gate, Task
from app.services.locks import LockedTask
from app.services.tasks import attempts
from muster.protocol import frames


def approved_revision(task: Task, gate: Gate) -> dict[str, str] | None:
    """Return the revision that an answer to the gate is about.

    None for no work, or if it's unknown, and for a question in the middle of a stage, which isn't
    about a checkpoint.
    """
    if gate.kind in (*AGENT_GATES, GateKind.CHECKPOINT):
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


def end_unapproved(locked: LockedTask, report: frames.Published) -> bool:
    """End the attempt if what it has pushed isn't the end of the chain, or is unknown. Returns
    whether it did.
    """
    why = _unapproved_reason(locked, report)
    if why is not None:
        fail_unapproved(locked, why, gone=True)
    return why is not None


def _unapproved_reason(locked: LockedTask, report: frames.Published) -> str | None:
    """Return why the pushed commit isn't the end of the chain; None if it is."""
    attempt = locked.attempt
    if attempt.pushed_commit is None:
        return f"it has pushed {report.commit} without reporting a commit before"
    known = attempt.work or {"commit": attempt.pushed_commit}
    other = lineage.describe_mismatch(known, report.commit, report.tree)
    return other and f"it has pushed {other}"


def fail_unapproved(locked: LockedTask, why: str, *, gone: bool) -> None:
    """Fail the task, whose machine has left the chain. The task's branch stays where it's known
    to be. `gone` as in `attempts.finish`.
    """
    text = f"{locked.machine.name} deviated from the approved work: {why}"
    attempts.fail(locked, FailureCode.NOT_WHAT_WAS_APPROVED, text, gone=gone)
