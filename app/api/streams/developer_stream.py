"""A developer's stream, from its first byte to its last.

It holds no Postgres connection while it waits.
"""

from collections.abc import Iterator

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.api.streams import hub, payloads, sse
from app.api.streams.hub import Stream, StreamEnd, Update
from app.api.streams.open_streams import OpenStream
from app.domain import snapshot
from app.domain.snapshot import Snapshot
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.notify import stream_batch

HEARTBEAT_SECONDS = 15.0

log = structlog.get_logger(__name__)


def generate(
    app: Flask, session: DeveloperSession, place: OpenStream, last_event_id: str | None
) -> Iterator[bytes]:
    """Yield the stream's bytes until it ends.

    `last_event_id` is the last event that a reconnecting client has; it gets everything that was
    committed since.
    """
    yield sse.retry_line()
    try:
        yield from _generate_events(app, session, place, last_event_id)
    except SQLAlchemyError as error:  # the client reconnects by itself
        log.warning("stream_broken", error=type(error).__name__)


def _generate_events(
    app: Flask, session: DeveloperSession, place: OpenStream, last_event_id: str | None
) -> Iterator[bytes]:
    with hub.get_hub(app).subscribe(session, place) as stream:
        yield from _catch_up(app, stream, last_event_id)
        # It advances only with what the client has received.
        sent_position = stream.subscribed_at
        while True:
            until_end = (session.ends_at - now()).total_seconds() if session.ends_at else None
            if until_end is not None and until_end <= 0:
                yield sse.message("end", {"reason": "signed_out"}, sent_position)
                return
            pause = HEARTBEAT_SECONDS if until_end is None else min(HEARTBEAT_SECONDS, until_end)
            seen = stream.position  # read first: later changes aren't in it
            match stream.next(pause):
                case None:
                    sent_position = seen
                    yield sse.heartbeat(sent_position)
                case StreamEnd(reason):
                    yield sse.message("end", {"reason": reason}, sent_position)
                    return
                case Update() as item:
                    sent_position = item.position
                    yield _update_message("update", item)


def _catch_up(app: Flask, stream: Stream, last_event_id: str | None) -> Iterator[bytes]:
    """Return the updates that the client missed or, if they are unknown, the number of unread
    notifications.
    """
    had = snapshot.parse(last_event_id) if last_event_id else None
    joined = stream.subscribed_at
    with app.app_context():
        state = stream_batch.viewer_states(
            {0: stream.session}, now(), unread_of={stream.session.developer_id}
        )
        batch = _missed_batch(stream, had, joined)
    if not (found := state.get(0)) or not found.is_signed_in:
        stream.put(StreamEnd("signed_out"))
        return
    if batch is None or not batch.is_whole:
        # The client is new or has missed too much: it reads the lists.
        event = "reset" if last_event_id else "hello"
        yield _update_message(event, Update([], [], found.unread, joined, None, inbox_changed=True))
    else:
        # Missed machine and inbox changes aren't stored.
        missed = hub.filter_update(
            batch, stream, found, hub.SideChanges(None, (stream.session.developer_id,))
        )
        assert missed is not None
        yield _update_message("update", missed)


def _missed_batch(
    stream: Stream, had: Snapshot | None, joined: Snapshot
) -> stream_batch.StreamBatch | None:
    if had is None or had.xmax > joined.xmax:  # another database's future
        return None
    return stream_batch.read_since(had, {stream.session.developer_id}, until=joined)


def _update_message(event: str, item: Update) -> bytes:
    return sse.message(event, payloads.update_payload(item), item.position)
