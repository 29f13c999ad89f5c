"""The effects of machines' push reports on the task's branch."""

from app.domain import lineage, task_branch
from app.domain.attempt import AttemptPhase
from app.domain.errors import Conflict
from app.domain.storage_limits import ForgedReport
from app.domain.task import EventType
from app.domain.task_branch import BranchMismatch
from app.services.locks import LockedTask
from app.services.tasks import attempts, branches, history, work_lineage
from muster.protocol import frames


def handle_branch_refused(locked: LockedTask, report: frames.BranchRefused) -> None:
    """The attempt's branch is pushed, and the task's isn't moved.

    It's retried if the branch has a commit of an attempt of the task; otherwise people are asked.
    Raises Conflict if that push wasn't ordered, and ForgedReport for another branch.
    """
    task, attempt = locked.task, locked.attempt
    if (attempt.phase, attempt.pushes) != (AttemptPhase.PUBLISH, report.number):
        raise Conflict(f"the machine has no push order number {report.number}")
    if report.name != task.branch_name:
        raise ForgedReport(f"it isn't {task.branch_name}")
    if attempt.pushed_commit is None:
        raise Conflict(f"the machine has no order to move {report.name}")
    if report.commit != attempt.pushed_commit:
        why = f"it has pushed {report.commit} instead of {attempt.pushed_commit}"
        work_lineage.fail_unapproved(locked, why, gone=True)
        return
    found = report.found, report.why, _single_line(report.by), _single_line(report.subject)
    finding = BranchMismatch(report.name, report.commit, task.branch_commit, *found)
    is_ours = task_branch.is_ours(finding, branches.known_commits(task), attempt.pushes)
    attempt.pushes += 1
    if is_ours:
        task.branch_commit = report.found
        text = f"moving {report.name} on from {report.found}, which an ended attempt pushed"
        history.record_attempt_event(
            locked, EventType.WARNING, text, branch=report.name, found=report.found
        )
    else:
        branches.ask_about_branch(locked, finding)
    attempts.bump_orders_version(locked.machine)


def handle_to_publish(locked: LockedTask, report: frames.PublishPreview) -> None:
    """What the machine would push, without a checkpoint report. The push is ordered if it
    follows the approved work. Raises Conflict if nobody asked.
    """
    attempt = locked.attempt
    is_asked = attempt.phase is AttemptPhase.PUBLISH and attempt.pushed_commit is None
    if not is_asked or attempt.pushes != report.number:
        raise Conflict(f"the machine has no order to report push number {report.number} first")
    why = lineage.find_break(attempt.work, report.follows)
    if why is None and attempt.started_at is None and attempt.work:
        # No stage has run here, so nothing could have changed it.
        why = lineage.describe_mismatch(attempt.work, report.commit, report.tree)
    if why is not None:
        work_lineage.fail_unapproved(locked, f"of what it would push: {why}", gone=True)
        return
    attempt.work = lineage.to_json(report.commit, report.tree)
    attempt.pushed_commit = report.commit
    attempt.pushes += 1
    attempts.bump_orders_version(locked.machine)


def _single_line(text: str) -> str:
    """Return a commit's text on one line."""
    return " ".join(text.replace("\0", "�").split())
