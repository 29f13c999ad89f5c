"""The effects of what a machine reports of its push, as far as the task's own branch goes."""

from app.domain import task_branch
from app.domain.allowance import Forged
from app.domain.attempt import AttemptPhase
from app.domain.errors import Conflict
from app.domain.task import EventType
from app.domain.task_branch import BranchFinding
from app.services.tasks import attempts, branches
from app.services.tasks.stages import LiveAttempt
from muster.protocol import frames


def refused(live: LiveAttempt, report: frames.BranchRefused) -> None:
    """The attempt's branch is pushed, and the task's not moved. It is tried again where it names
    what an attempt of the task left there; else people are asked. Raises Conflict where that push
    was not ordered, and Forged for another branch.
    """
    machine, task, attempt = live.machine, live.task, live.attempt
    if (attempt.phase, attempt.pushes) != (AttemptPhase.PUBLISH, report.number):
        raise Conflict(f"the machine has no order to push of number {report.number}")
    if report.name != task.task_branch:
        raise Forged(f"it is not {task.task_branch}")
    found = report.found, report.why, _plain(report.by), _plain(report.subject)
    finding = BranchFinding(report.name, report.commit, task.branch_commit, *found)
    is_ours = task_branch.is_ours(finding, branches.known(task), attempt.pushes)
    attempt.pushed_commit = report.commit
    attempt.pushes += 1
    if is_ours:
        task.branch_commit = report.found
        text = f"{report.name} is moved on from {report.found}, which an attempt that ended pushed"
        live.record(EventType.WARNING, text, branch=report.name, found=report.found)
    else:
        branches.ask(machine, task, attempt, finding, live.now)
    attempts.change_orders(machine)


def _plain(text: str) -> str:
    """A commit's own words, on one line."""
    return " ".join(text.replace("\0", "�").split())
