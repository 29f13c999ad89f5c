"""Tasks with their attempts and gates.

Rows are stored as they are given, without a check by any rule. Tests of rules use the services.
"""

from typing import Any

from app.domain.attempt import WorkspaceState
from app.domain.follow_up import FollowUpState
from app.domain.task_message import MessageState, MessageTiming, TooLate
from app.extensions import db
from app.models import (
    Attempt,
    Developer,
    FollowUp,
    Gate,
    Machine,
    Project,
    Task,
    TaskMessage,
    TranscriptChunk,
    Usage,
    Workspace,
)
from sample_data import rows
from tests.factories.developers import make_developer
from tests.factories.projects import make_project
from tests.factories.rows import now, stored


def make_task(
    *, project: Project | None = None, creator: Developer | None = None, **fields: Any
) -> Task:
    """A queued task, with the project's pipeline frozen into it and no events."""
    project = project or make_project()
    creator = creator or make_developer()
    about = {"agent_type": project.agent_type, "stages": project.pipeline}
    task = stored(Task, rows.task(project.id, creator.id, now(), **about), fields)
    task.branch_name = task.branch_name or rows.task_branch(task.id)
    db.session.commit()
    return task


def make_attempt(task: Task, machine: Machine, **fields: Any) -> Attempt:
    """The task's next attempt, running on that machine and holding one of its slots."""
    task.attempt += 1
    task.machine_id = machine.id
    defaults = rows.attempt(task.id, task.attempt, machine.id, now())
    defaults |= {"round": task.round, "stage_index": task.stage_index}
    attempt = stored(Attempt, defaults, fields)
    if attempt.has_slot:
        machine.slots_used += 1
        db.session.commit()
    return attempt


def make_gate(task: Task, **fields: Any) -> Gate:
    """An open question before the task's current stage."""
    defaults = rows.gate(task.id, now())
    defaults |= {"round": task.round, "stage_index": task.stage_index}
    return stored(Gate, defaults, fields)


def make_follow_up(task: Task, **fields: Any) -> FollowUp:
    """The task's next follow-up, which waits to begin."""
    task.follow_ups_queued += 1
    defaults = {
        "task_id": task.id,
        "number": task.follow_ups_queued,
        "state": FollowUpState.QUEUED,
        "instruction": "Make it work better.",
        "from_stage": 0,
        "created_by": task.created_by,
        "created_at": now(),
    }
    return stored(FollowUp, defaults, fields)


def make_message(task: Task, **fields: Any) -> TaskMessage:
    """The task's next message to its agent, which waits."""
    task.messages_waiting += 1
    defaults = {
        "task_id": task.id,
        "number": task.messages_waiting,
        "text": "Use make.",
        "timing": MessageTiming.NEXT,
        "if_too_late": TooLate.RETURN,
        "state": MessageState.WAITING,
        "round": task.round,
        "created_by": task.created_by,
        "created_at": now(),
    }
    return stored(TaskMessage, defaults, fields)


def make_workspace(attempt: Attempt, **fields: Any) -> Workspace:
    """The attempt's workspace, as its machine has reported it: ready."""
    defaults = {
        "task_id": attempt.task_id,
        "attempt": attempt.number,
        "machine_id": attempt.machine_id,
        "state": WorkspaceState.READY,
        "path": f"/w/{attempt.task_id}-{attempt.number}",
        "branch": f"muster/{attempt.task_id}-{attempt.number}",
        "base_commit": "ba5e",
        "head_commit": "4ead",
        "dirty": False,
        "diff": {"filesChanged": 1, "insertions": 2, "deletions": 3},
        "size_bytes": 4096,
        "updated_at": now(),
    }
    return stored(Workspace, defaults, fields)


def make_transcript(task_id: int, *, first: int, attempt: int = 1) -> TranscriptChunk:
    """One entry of an attempt's transcript, in a chunk of its own."""
    data = b'[{"atMs":0,"kind":"tool"}]'
    return stored(TranscriptChunk, rows.transcript_chunk(task_id, attempt, first, 1, data), {})


def make_usage(task: Task, **fields: Any) -> Usage:
    """What an agent has used in the first run of the first stage of the task's latest attempt,
    today; nothing of it known."""
    defaults = {
        "task_id": task.id,
        "attempt": task.attempt,
        "stage_index": 0,
        "run": 0,
        "agent": task.agent_type,
        "model": "",
        "is_estimate": False,
        "project_id": task.project_id,
        "developer_id": task.created_by,
        "stage_name": task.pipeline[0]["name"],
        "day": now().date(),
    }
    return stored(Usage, defaults, fields)
