"""Changes of a task while a client reads its stream."""

from collections.abc import Callable

from app import wakeups
from app.domain.task import EventType
from app.extensions import db
from app.models import Attempt, Machine, Task
from app.services import locks
from app.services.clock import now
from app.services.logs import logs, transcripts
from app.services.tasks import history
from muster.protocol import frames
from tests.app.api.web.stream_world import Listener

Listen = Callable[..., Listener]


def happen(task: Task, message: str, type_: EventType = EventType.LOG) -> None:
    history.record_event(task, type_, message, now())
    db.session.commit()


def print_out(attempt: Attempt, data: bytes) -> None:
    logs.append(attempt, [logs.LogSegment(attempt.log_bytes, 0, 0, data)])
    wakeups.publish_task_changes([attempt.task_id])
    db.session.commit()


def do(attempt: Attempt, *titles: str) -> None:
    """The attempt's agent does these things, and its machine reports them."""
    machine = db.session.get_one(Machine, attempt.machine_id)
    (locked,) = locks.lock_attempts(machine, [attempt], now())
    found = [frames.TranscriptEntry(0, "tool", title, log_offset=7) for title in titles]
    body = frames.Transcript(0, attempt.transcript_entries, found)
    transcripts.handle_transcript(locked, body)
    db.session.commit()


def start(attempt: Attempt, title: str) -> None:
    """The attempt's agent starts a command, and its machine reports it."""
    entry = frames.TranscriptEntry(0, "command", title, state="running")
    machine = db.session.get_one(Machine, attempt.machine_id)
    (locked,) = locks.lock_attempts(machine, [attempt], now())
    transcripts.handle_transcript(locked, frames.Transcript(0, attempt.transcript_entries, [entry]))
    db.session.commit()


def finish(attempt: Attempt, number: int, title: str) -> None:
    """The command with that number has ended."""
    entry = frames.TranscriptEntry(0, "command", title, state="done", finished_ms=9)
    machine = db.session.get_one(Machine, attempt.machine_id)
    (locked,) = locks.lock_attempts(machine, [attempt], now())
    updated = frames.UpdatedEntry(number, entry)
    transcripts.handle_updated(locked, frames.TranscriptUpdated(0, [updated]))
    db.session.commit()
