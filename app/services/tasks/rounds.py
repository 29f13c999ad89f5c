"""Starting another round of a task, by a retry or follow-up, and the work it starts with.

In all functions the caller holds the locks of the machine and the task, and commits.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, select

from app.domain import follow_up
from app.domain.errors import NoCheckpoint
from app.domain.task import EventType, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Event, Task
from app.services.tasks import gates, transitions

IS_PUBLISHED = exists().where(Event.task_id == Task.id, Event.type == EventType.PUBLISHED)
"""Condition on `Task` rows: a commit of the task has been pushed."""


class CompletedWork(NamedTuple):
    """A task's result: {ref, commit, diff?}, and the index of the last stage in it."""

    checkpoint: dict[str, Any]
    stage_index: int


def start_round(
    task: Task,
    event: TaskEvent,
    start: int,
    checkpoints: Mapping[str, dict[str, Any]],
    now: datetime,
) -> None:
    """Queue the task as a new round that starts at stage `start` with these checkpoints.

    Answers to the gates of earlier stages are kept; the caller opens that stage's own gate.
    """
    task.checkpoints = dict(checkpoints)
    transitions.apply_event(task, event, now, stage_index=start)
    if start > 0:
        gates.copy_answers(task, start)


def checkpoints_for_retry(task: Task, start: int) -> dict[str, dict[str, Any]]:
    """Return the checkpoints for retrying the task's round from stage `start`. Raises
    NoCheckpoint.
    """
    kept = {k: v for k, v in task.checkpoints.items() if int(k) < start}
    if task.follow_up is not None and str(follow_up.BEFORE_FIRST_STAGE) not in kept:
        # The round's starting work may be deleted. From the first stage, it would be missing.
        kept |= follow_up.seed_checkpoints(work_for_round(task, start).checkpoint, start)
    if start > 0 and str(start - 1) not in kept:
        raise NoCheckpoint
    return kept


def work_for_round(task: Task, start: int) -> CompletedWork:
    """Return the work that a round can start with at stage `start`.

    Raises NoCheckpoint, also if an earlier stage has never run: neither it nor its gate can be
    skipped.
    """
    work = last_work(task)
    if work is None:
        raise NoCheckpoint("The task has no work to continue from yet.")
    if start > work.stage_index + 1:
        raise NoCheckpoint
    return work


def last_work(task: Task) -> CompletedWork | None:
    """Return the task's latest work that a machine can still get: the last checkpoint or, if
    that is newer or the checkpoint has expired, what was published.
    """
    known = {int(index): checkpoint for index, checkpoint in task.checkpoints.items()}
    if known and not _is_outdated(task, known[max(known)]):
        return CompletedWork(known[max(known)], max(known))
    published = _published_checkpoint(task)
    return CompletedWork(published, len(task.pipeline) - 1) if published else None


def find_with_work(tasks: Iterable[Task]) -> set[int]:
    """Return the IDs of the tasks that have such work. One statement, if checkpoints don't tell."""
    found, unknown = set(), []
    for task in tasks:
        if task.checkpoints:
            found.add(task.id)
        elif task.attempt:
            unknown.append(task.id)
    if unknown:
        query = select(Task.id).where(Task.id.in_(unknown), IS_PUBLISHED)
        found.update(db.session.scalars(query))
    return found


def _is_outdated(task: Task, checkpoint: Mapping[str, Any]) -> bool:
    """Whether the published commit isn't that checkpoint: the remote had rejected a later one."""
    is_pushed = task.status is TaskStatus.COMPLETED and bool((task.result or {}).get("pushed"))
    return is_pushed and (task.result or {}).get("commit") != checkpoint["commit"]


def _published_checkpoint(task: Task) -> dict[str, Any] | None:
    """Return what was pushed last: its branch keeps it long after the checkpoints are gone.

    If the task's branch was moved to it, that one stays.
    """
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
