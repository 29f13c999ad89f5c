"""The chain of a task's work, from what people approved to what is published.

The server has no git here: it uses machines' reports, in order. An attempt's chain starts with its
initial checkpoint, which the machine has verified, and each checkpoint must follow the previous
one. A gate is answered for the latest one at that time; it's withdrawn if its work is done again.
So what is published follows everything that people have approved, if it's the attempt's latest.
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
    """Return the revision that an answer to the gate is about.

    None for no work, or if it's unknown, and for a question in the middle of a stage, which isn't
    about a checkpoint.
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
    """Return the revision that the attempt should push; None if it's unknown.

    A server of the previous release started attempts with the push without recording their commit:
    that is the last stage's checkpoint.
    """
    attempt = live.attempt
    if attempt.pushed_commit is not None:
        return attempt.work or {"commit": attempt.pushed_commit}
    return live.task.checkpoints.get(str(attempt.stage_index)) if attempt.work is None else None


def end_unapproved(live: "LiveAttempt", report: frames.Published) -> bool:
    """End the attempt if what it has pushed isn't the end of the chain, or is unknown. Returns
    whether it did.
    """
    if live.attempt.pushed_commit is None and is_lineage_unknown(live):
        requeue(live, gone=True)
        return True
    why = _unapproved_reason(live, report)
    if why is not None:
        fail_unapproved(live, why, gone=True)
    return why is not None


def _unapproved_reason(live: "LiveAttempt", report: frames.Published) -> str | None:
    """Return why the pushed commit isn't the end of the chain; None if it is, or nothing is
    known to compare it with.
    """
    known = expected_revision(live)
    if known is None:
        # A worker whose release can't report before it pushes; no other gets such an order.
        is_excused = live.attempt.work is None
        return (
            None
            if is_excused
            else f"it has pushed {report.commit} without reporting a commit before"
        )
    if report.tree is None and not live.machine.checks_commits:
        known = {"commit": known["commit"]}  # its release doesn't report the tree
    other = lineage.describe_mismatch(known, report.commit, report.tree)
    return other and f"it has pushed {other}"


def is_lineage_unknown(live: "LiveAttempt") -> bool:
    """Whether the machine has returned to a release that doesn't report predecessors, in the
    middle of an attempt that needs it.
    """
    return live.attempt.work is not None and not live.machine.checks_commits


def requeue(live: "LiveAttempt", *, gone: bool) -> None:
    """Queue the task to resume from its last checkpoint in the chain, on a machine that can
    report predecessors. `gone` as in `attempts.finish`.
    """
    why = f"the worker's release on {live.machine.name} can't report what its work follows"
    attempts.requeue_from_checkpoint(
        live.machine, live.task, live.attempt, why, live.now, gone=gone
    )


def fail_unapproved(live: "LiveAttempt", why: str, *, gone: bool) -> None:
    """Fail the task, whose machine has left the chain. The task's branch stays where it's known
    to be. `gone` as in `attempts.finish`.
    """
    text = f"{live.machine.name} deviated from the approved work: {why}"
    code = FailureCode.NOT_WHAT_WAS_APPROVED
    attempts.fail(live.machine, live.task, live.attempt, code, text, live.now, gone=gone)
