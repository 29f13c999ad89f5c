"""What a bundle has of a task itself: what it is, and what happened to it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models import Attempt, Change, Event, Machine, Task
from app.services.evidence import diffs
from app.services.evidence.parts import joined, line

AttemptAt = tuple[Attempt, str]
"""An attempt, and its machine's name."""

EVENTS_AT_ONCE = 200


def task_file(task: Task, attempts: Sequence[AttemptAt], changes: Sequence[Change]) -> bytes:
    """The member `task.json`: the task with its attempts, each with its machine's name, and what
    they have changed.
    """
    return line(
        {
            "id": task.id,
            "project": task.project.key,
            "description": task.description,
            "createdBy": {"id": task.creator.id, "name": task.creator.name},
            "status": task.status,
            "suspendReason": task.suspend_reason,
            "agentType": task.agent_type,
            "agentOptions": task.agent_options,
            "priority": task.priority,
            "pipeline": task.pipeline,
            "stageIndex": task.stage_index,
            "round": task.round,
            "checkpoints": task.checkpoints,
            "partial": task.partial,
            "branch": task.branch,
            "result": task.result,
            "failure": task.failure,
            "usage": task.usage,
            "budget": task.budget,
            "createdAt": task.created_at,
            "startedAt": task.started_at,
            "finishedAt": task.finished_at,
            "attempts": [_attempt(attempt, machine) for attempt, machine in attempts],
            "changes": [diffs.told(change) for change in changes],
        }
    )


def _attempt(attempt: Attempt, machine: str) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "round": attempt.round,
        "machine": {"id": str(attempt.machine_id), "name": machine},
        "stageIndex": attempt.stage_index,
        "resumeFrom": attempt.resume_from,
        "outcome": attempt.outcome,
        "logBytes": attempt.log_bytes,
        "logGaps": attempt.log_gaps,
        "transcriptEntries": attempt.transcript_entries,
        "assignedAt": attempt.assigned_at,
        "startedAt": attempt.started_at,
        "endedAt": attempt.ended_at,
    }


def attempts_of(task: Task) -> list[AttemptAt]:
    """The task's attempts, each with its machine's name."""
    query = select(Attempt, Machine.name).join(Machine, Machine.id == Attempt.machine_id)
    found = db.session.execute(query.where(Attempt.task_id == task.id).order_by(Attempt.number))
    return [(attempt, name) for attempt, name in found]


def events(task_id: int, up_to: int) -> Callable[[], Iterator[bytes]]:
    """Reads the member `events.jsonl`: the task's events up to that number, a line each."""

    def read() -> Iterator[bytes]:
        last = 0
        while last < up_to:
            query = select(Event).where(
                Event.task_id == task_id, Event.number > last, Event.number <= up_to
            )
            page = db.session.scalars(query.order_by(Event.number).limit(EVENTS_AT_ONCE)).all()
            if not page:
                return
            last = page[-1].number
            yield from joined([line(_event(event)) for event in page])
            db.session.close()

    return read


def _event(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "type": event.type,
        "attempt": event.attempt,
        "stageIndex": event.stage_index,
        "message": event.message,
        "data": event.data,
        "createdAt": event.created_at,
    }
