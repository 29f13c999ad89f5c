"""How a task begins another round, by a person's retry or follow-up, and the work it begins with.

In all functions the caller holds the locks of the machine and the task, and commits.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from app.domain import follow_up
from app.domain.errors import NoCheckpoint
from app.domain.task import EventType, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Event, Task
from app.services.tasks import gates, transitions


class CompletedWork(NamedTuple):
    """What a task has come to: {ref, commit, diff?}, and the index of the last stage in it."""

    checkpoint: dict[str, Any]
    stage_index: int


def start_round(
    task: Task,
    event: TaskEvent,
    start: int,
    checkpoints: Mapping[str, dict[str, Any]],
    now: datetime,
) -> None:
    """Queue the task as a new round that begins at stage `start` with these checkpoints. Answers to
    the gates of stages before that are kept; the caller has that stage's own asked.
    """
    task.round += 1
    task.stage_index = start
    if start > 0:
        gates.copy_answers(task, start)
    task.checkpoints = dict(checkpoints)
    transitions.apply_event(task, event, now)


def checkpoints_for_retry(task: Task, start: int) -> dict[str, dict[str, Any]]:
    """The checkpoints with which the task's round can be tried again from stage `start`. Raises
    NoCheckpoint.
    """
    kept = {k: v for k, v in task.checkpoints.items() if int(k) < start}
    if task.follow_up is not None and str(follow_up.BEFORE_FIRST_STAGE) not in kept:
        # What the round began with may have been forgotten. From the beginning it would do without.
        kept |= follow_up.seed_checkpoints(work_for_round(task, start).checkpoint, start)
    if start > 0 and str(start - 1) not in kept:
        raise NoCheckpoint
    return kept


def work_for_round(task: Task, start: int) -> CompletedWork:
    """What a round can begin with at stage `start`. Raises NoCheckpoint, also where a stage before
    that has never been done: nobody gets behind it, nor behind its gate.
    """
    work = last_work(task)
    if work is None:
        raise NoCheckpoint("the task has no work yet that could be gone on from")
    if start > work.stage_index + 1:
        raise NoCheckpoint
    return work


def last_work(task: Task) -> CompletedWork | None:
    """The last that the task has come to, and that a machine can still get: the last checkpoint, or
    what was published, where that is newer or the checkpoint has been given up.
    """
    known = {int(index): checkpoint for index, checkpoint in task.checkpoints.items()}
    if known and not _is_outdated(task, known[max(known)]):
        return CompletedWork(known[max(known)], max(known))
    published = _published_checkpoint(task)
    return CompletedWork(published, len(task.pipeline) - 1) if published else None


def _is_outdated(task: Task, checkpoint: Mapping[str, Any]) -> bool:
    """Whether what was published is not that checkpoint: the remote had refused a later one."""
    is_pushed = task.status is TaskStatus.COMPLETED and bool((task.result or {}).get("pushed"))
    return is_pushed and (task.result or {}).get("commit") != checkpoint["commit"]


def _published_checkpoint(task: Task) -> dict[str, Any] | None:
    """What was pushed last: its branch keeps it, long after the checkpoints are gone; the task's
    own, where that was moved to it, is the one that stays."""
    query = (
        select(Event.data)
        .where(Event.task_id == task.id, Event.type == EventType.PUBLISHED)
        .order_by(Event.number.desc())
        .limit(1)
    )
    data = db.session.scalar(query)
    if data is None:
        return None
    branch = data.get("taskBranch") or data["branch"]
    return {"ref": f"refs/heads/{branch}", "commit": data["commit"]}
