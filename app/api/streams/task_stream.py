"""A task's stream: events, entries of its transcript and its log, from where a client has read to.

No connection to Postgres is held while it waits, or while the client takes its time.
"""

import base64
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import structlog
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.api.schemas.tasks import EventSchema
from app.api.schemas.transcripts import TranscriptEntrySchema
from app.api.streams import hub, open_streams, sse
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.logs import tail as task_news
from app.services.logs import transcripts
from app.services.logs.tail import StreamCursor, TailState
from app.services.notify import stream_batch

HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 2.0  # rights that have ended are seen so much later, but logouts at once
MIN_POLL_INTERVAL_SECONDS = 0.05  # between two looks: a log that pours is read in larger pieces

log = structlog.get_logger(__name__)

_EVENTS = EventSchema(many=True)
_ENTRIES = TranscriptEntrySchema(many=True)


class _TaskReader:
    """One client's way through the task. `place`: how far it has read; None before the first look.
    `is_over`: the `end` has been told. `has_more`: the last look found more than it had time for.
    """

    def __init__(
        self, app: Flask, session: DeveloperSession, task_id: int, last_event_id: str | None
    ) -> None:
        self.app, self.session, self.task_id = app, session, task_id
        self.position = task_news.parse_cursor(last_event_id) if last_event_id else None
        self._first_event = "reset" if last_event_id else "hello"
        self._poll_until = 0.0
        self.is_finished = False
        self.has_more = False

    def read_updates(self) -> Iterator[bytes]:
        """The bytes of all that is new since the last call, for at most LOOK_SECONDS; after that
        `has_more`. Raises SQLAlchemyError.

        The time is bounded because a long log may be read slowly, and rights end meanwhile, and so
        do servers.
        """
        self.has_more = False
        with self.app.app_context():
            seen, is_allowed = _read_position(self.session, self.task_id)
        self._poll_until = time.monotonic() + POLL_SECONDS
        if seen is None or not is_allowed:
            yield self.end_message("signed_out")
            return
        if self.position is None or self.position.events > seen.top.events:
            self.position = seen.top
            yield sse.message(self._first_event, _position_payload(seen.top), seen.top)
        yield from self._events(self.position, seen.top)
        # Before the log, which may pour for longer than there is time.
        yield from self._entries(self.position, seen.top)
        yield from self._logs(self.position, seen.top)

    def end_message(self, reason: str) -> bytes:
        """The bytes of the last event; the reading is over."""
        self.is_finished = True
        return sse.message("end", {"reason": reason}, self.position or StreamCursor())

    def _events(self, place: StreamCursor, top: StreamCursor) -> Iterator[bytes]:
        while place.events < top.events and self._has_time_left():
            with self.app.app_context():
                rows = task_news.read_events(self.task_id, place.events)
                events = _EVENTS.dump(rows)
            if not rows:  # the task has gone since: the next look says so
                return
            place = self.position = place.after_events(rows[-1].number)
            yield sse.message("events", events, place)

    def _entries(self, place: StreamCursor, top: StreamCursor) -> Iterator[bytes]:
        for attempt, end in sorted(top.entries.items()):
            while place.entries_at(attempt) < end and self._has_time_left():
                with self.app.app_context():
                    start = place.entries_at(attempt)
                    entries = _ENTRIES.dump(transcripts.next_entries(self.task_id, attempt, start))
                if not entries:  # the task has gone since: the next look says so
                    return
                place = self.position = place.after_entries(attempt, start + len(entries))
                yield sse.message("transcript", entries, place)

    def _logs(self, place: StreamCursor, top: StreamCursor) -> Iterator[bytes]:
        for attempt, end in sorted(top.logs.items()):
            while place.bytes_at(attempt) < end and self._has_time_left():
                with self.app.app_context():
                    pieces = task_news.read_log(self.task_id, attempt, place.bytes_at(attempt))
                if not pieces:  # the machine has lost the rest
                    place = self.position = place.after_bytes(attempt, end)
                for piece in pieces:
                    place = self.position = place.after_bytes(attempt, piece.end)
                    data = base64.b64encode(piece.data).decode()
                    about = {"attempt": attempt, "offset": piece.offset, "data": data}
                    yield sse.message("log", about, place)
                    if not self._has_time_left():  # after a piece, so that each look brings one
                        return

    def _has_time_left(self) -> bool:
        """Whether there is time for more before the next look. Called only where there is more."""
        self.has_more = time.monotonic() >= self._poll_until
        return not self.has_more


def generate(
    app: Flask,
    session: DeveloperSession,
    taken: open_streams.OpenStream,
    task_id: int,
    last_event_id: str | None,
) -> Iterator[bytes]:
    """The stream's bytes, until it ends; the place that was taken is kept meanwhile.

    `last_event_id`: of the last event that the client has, if it comes back: where to go on.
    """
    yield sse.retry_line()
    reading = _TaskReader(app, session, task_id, last_event_id)
    sent_at = renewed_at = time.monotonic()
    with hub.get_hub(app).watch_task(task_id) as some:
        while not reading.is_finished:
            some.clear()
            try:
                for message in reading.read_updates():
                    yield message
                    sent_at = time.monotonic()
            except SQLAlchemyError as error:
                log.warning("changes_not_read", error=type(error).__name__)
            if hub.get_hub(app).is_closing:
                yield reading.end_message("going_away")
            if time.monotonic() >= renewed_at + hub.RENEW_SECONDS:
                renewed_at = time.monotonic()
                with app.app_context(), contextlib.suppress(RedisError):
                    open_streams.renew([taken])
            if time.monotonic() >= sent_at + HEARTBEAT_SECONDS and reading.position is not None:
                yield sse.heartbeat(reading.position)
                sent_at = time.monotonic()
            if not reading.has_more:
                some.wait(POLL_SECONDS)
            time.sleep(MIN_POLL_INTERVAL_SECONDS)


def _position_payload(top: StreamCursor) -> dict[str, Any]:
    logs = {str(attempt): size for attempt, size in top.logs.items()}
    entries = {str(attempt): count for attempt, count in top.entries.items()}
    return {"events": top.events, "logs": logs, "transcripts": entries}


def _read_position(session: DeveloperSession, task_id: int) -> tuple[TailState | None, bool]:
    """How far the task is, if it is there; and whether the session may see it."""
    state = stream_batch.viewer_states({0: session}, now()).get(0)
    seen = task_news.read_state(task_id)
    if state is None or seen is None or not state.is_signed_in:
        return seen, False
    about = {"project_id": seen.project_id, "is_deleted": seen.is_deleted}
    return seen, state.can_see(about)
