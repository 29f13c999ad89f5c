"""A bundle's record of a task itself: its data and its events."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models import Attempt, Change, Event, Machine, Task
from app.services.evidence import diffs
from app.services.evidence.parts import encode_line, join_chunks

AttemptWithMachine = tuple[Attempt, str]
"""An attempt, and its machine's name."""

PAGE_SIZE = 200


def task_file(
    task: Task, attempts: Sequence[AttemptWithMachine], changes: Sequence[Change]
) -> bytes:
    """Return the member `task.json`: the task with its attempts, each with its machine's name
    and changes.
    """
    return encode_line(
        {
            "id": task.id,
            "project": task.project.key,
            "description": task.description,
            "images": task.images,
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
            "attempts": [_attempt_to_json(attempt, machine) for attempt, machine in attempts],
            "changes": [diffs.change_to_json(change) for change in changes],
        }
    )


def _attempt_to_json(attempt: Attempt, machine: str) -> dict[str, Any]:
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


def list_attempts(task: Task) -> list[AttemptWithMachine]:
    """Return the task's attempts, each with its machine's name."""
    query = select(Attempt, Machine.name).join(Machine, Machine.id == Attempt.machine_id)
    found = db.session.execute(query.where(Attempt.task_id == task.id).order_by(Attempt.number))
    return [(attempt, name) for attempt, name in found]


def events_reader(task_id: int, up_to: int) -> Callable[[], Iterator[bytes]]:
    """Read the member `events.jsonl`: the task's events up to that number, one per line."""

    def read() -> Iterator[bytes]:
        last = 0
        while last < up_to:
            query = select(Event).where(
                Event.task_id == task_id, Event.number > last, Event.number <= up_to
            )
            page = db.session.scalars(query.order_by(Event.number).limit(PAGE_SIZE)).all()
            if not page:
                return
            last = page[-1].number
            yield from join_chunks([encode_line(_event_to_json(event)) for event in page])
            db.session.close()

    return read


def _event_to_json(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "type": event.type,
        "attempt": event.attempt,
        "stageIndex": event.stage_index,
        "message": event.message,
        "data": event.data,
        "createdAt": event.created_at,
    }
