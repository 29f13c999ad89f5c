"""A task's stream: events, transcript entries and log, from a client's position.

It holds no Postgres connection while it waits, or while the client reads slowly.
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
POLL_SECONDS = 2.0  # delay until revoked rights apply; logouts apply at once
MIN_POLL_INTERVAL_SECONDS = 0.05  # between two polls: a busy log is read in larger chunks

log = structlog.get_logger(__name__)

_EVENTS = EventSchema(many=True)
_ENTRIES = TranscriptEntrySchema(many=True)
_TEXT = ("attempt", "stageIndex", "run", "entry", "kind", "offset", "text")


class _TaskReader:
    """One client's progress through the task.

    `position` is how far it has read; None before the first poll. `is_finished`: the `end` has been
    sent. `has_more`: the last poll ran out of time.
    """

    def __init__(
        self, app: Flask, session: DeveloperSession, task_id: int, last_event_id: str | None
    ) -> None:
        self.app, self.session, self.task_id = app, session, task_id
        self.position = task_news.parse_cursor(last_event_id) if last_event_id else None
        self._first_event = "reset" if last_event_id else "hello"
        self._poll_until = 0.0
        self._passes: dict[int, tuple[int, int]] = {}  # by attempt: next entry, and changes so far
        self.is_finished = False
        self.has_more = False

    def read_updates(self) -> Iterator[bytes]:
        """Yield the bytes of everything new since the last call, for at most POLL_SECONDS; then
        check `has_more`.

        The time is limited because reading a long log may take long, while rights can be revoked
        and servers stop. Raises SQLAlchemyError.
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
        # Before the log, which may take more than the available time.
        yield from self._changed_entries(self.position, seen.top)
        yield from self._entries(self.position, seen.top)
        yield from self._logs(self.position, seen.top)

    def text_messages(self, texts: list[dict[str, Any]]) -> Iterator[bytes]:
        """Yield parts of texts that the agent is writing. They don't move the position: a client
        that misses one gets the entry.
        """
        if self.position is None or self.is_finished:
            return
        for text in texts:
            yield sse.message("text", {name: text.get(name, 0) for name in _TEXT}, self.position)

    def end_message(self, reason: str) -> bytes:
        """Return the bytes of the last event, and finish."""
        self.is_finished = True
        return sse.message("end", {"reason": reason}, self.position or StreamCursor())

    def _events(self, place: StreamCursor, top: StreamCursor) -> Iterator[bytes]:
        while place.events < top.events and self._has_time_left():
            with self.app.app_context():
                rows = task_news.read_events(self.task_id, place.events)
                events = _EVENTS.dump(rows)
            if not rows:  # the task has been deleted: the next poll detects it
                return
            place = self.position = place.after_events(rows[-1].number)
            yield sse.message("events", events, place)

    def _changed_entries(self, place: StreamCursor, top: StreamCursor) -> Iterator[bytes]:
        """Changes of entries that the client has; it gets the others with their changes."""
        for attempt, latest in sorted(top.updates.items()):
            while place.updates_at(attempt) < latest and self._has_time_left():
                # A pass that takes several polls doesn't cover changes after its start.
                start, end = self._passes.pop(attempt, (0, latest))
                with self.app.app_context():
                    found, following = transcripts.changed_entries(
                        self.task_id,
                        attempt,
                        after=place.updates_at(attempt),
                        before_number=place.entries_at(attempt),
                        start=start,
                    )
                    entries = _ENTRIES.dump(found)
                if following is None:  # before, a client that reconnects gets all of them again
                    place = self.position = place.after_updates(attempt, end)
                else:
                    self._passes[attempt] = (following, end)
                if entries:
                    yield sse.message("transcript", entries, place)

    def _entries(self, place: StreamCursor, top: StreamCursor) -> Iterator[bytes]:
        for attempt, end in sorted(top.entries.items()):
            while place.entries_at(attempt) < end and self._has_time_left():
                with self.app.app_context():
                    start = place.entries_at(attempt)
                    entries = _ENTRIES.dump(transcripts.next_entries(self.task_id, attempt, start))
                if not entries:  # the task has been deleted: the next poll detects it
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
                    if not self._has_time_left():  # after a chunk, so that each poll makes progress
                        return

    def _has_time_left(self) -> bool:
        """Whether there is time left in this poll. Call it only if there is more to read."""
        self.has_more = time.monotonic() >= self._poll_until
        return not self.has_more


def generate(
    app: Flask,
    session: DeveloperSession,
    taken: open_streams.OpenStream,
    task_id: int,
    last_event_id: str | None,
) -> Iterator[bytes]:
    """Yield the stream's bytes until it ends; keeps the stream's entry alive.

    `last_event_id` is the last event that a reconnecting client has: where to resume.
    """
    yield sse.retry_line()
    reading = _TaskReader(app, session, task_id, last_event_id)
    sent_at = renewed_at = time.monotonic()
    poll_at = 0.0
    with hub.get_hub(app).watch_task(task_id) as watch:
        while not reading.is_finished:
            has_changes, texts = watch.pop_changes()
            try:
                if has_changes or reading.has_more or time.monotonic() >= poll_at:
                    poll_at = time.monotonic() + POLL_SECONDS
                    for message in reading.read_updates():
                        yield message
                        sent_at = time.monotonic()
                for message in reading.text_messages(texts):
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
                watch.wait(POLL_SECONDS)
            time.sleep(MIN_POLL_INTERVAL_SECONDS)


def _position_payload(top: StreamCursor) -> dict[str, Any]:
    logs = {str(attempt): size for attempt, size in top.logs.items()}
    entries = {str(attempt): count for attempt, count in top.entries.items()}
    return {"events": top.events, "logs": logs, "transcripts": entries}


def _read_position(session: DeveloperSession, task_id: int) -> tuple[TailState | None, bool]:
    """Return the task's current position, if it exists, and whether the session can see it."""
    state = stream_batch.viewer_states({0: session}, now()).get(0)
    seen = task_news.read_state(task_id)
    if state is None or seen is None or not state.is_signed_in:
        return seen, False
    about = {"project_id": seen.project_id, "is_deleted": seen.is_deleted}
    return seen, state.can_see(about)
