"""Live updates as Server-Sent Events."""

from collections.abc import Iterator

from flask import Flask, Response, current_app, request

from app import sockets
from app.api.blueprint import Blueprint
from app.api.guards import current_credential, current_developer
from app.api.problems import problems
from app.api.streams import developer_stream, open_streams, sse, task_stream
from app.api.streams.open_streams import OpenStream
from app.domain.errors import TooManyStreams
from app.services import settings
from app.services.accounts import sessions
from app.services.accounts.sessions import DeveloperSession
from app.services.tasks import queries

blp = Blueprint("stream", __name__, url_prefix="/api/web", description="Live updates")

LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "required": False,
    "schema": {"type": "string"},
    "description": "the `id` of the last event that you received: the stream continues after it",
}
RETRY_SECONDS = 5
TCP_USER_TIMEOUT_SECONDS = (
    60.0  # a client that acknowledges nothing for this long is gone: heartbeats are sent
)


@blp.get("/stream")
@blp.doc(parameters=[LAST_EVENT_ID])
@blp.response(200, {"type": "string"}, content_type=sse.CONTENT_TYPE)
@problems(blp, TooManyStreams)
def stream_updates() -> Response:
    """Stream your notifications and the events of tasks that you can see, as Server-Sent Events.

    The first event is `hello`, or `reset` if you missed too much: then read the lists again. Each
    `update` has `events`, `notifications` and `unreadCount`, which is null if it hasn't changed.
    `machines` has the `id` and changed fields of each changed machine, or is null: then read their
    list. `inboxChanged` means that your inbox may have changed.
    `activities` has the `taskId` and `activity` of tasks whose agents do something else now. An
    `end` has the `reason` for the stream's end. Each event has an `id`: reconnect with the last one
    as `Last-Event-ID` to miss nothing and get nothing twice. Events of the type `log` are omitted.
    """
    session, place, app = _acquire_stream()
    return _response(
        developer_stream.generate(app, session, place, request.headers.get("Last-Event-ID")), place
    )


@blp.get("/tasks/<int:task_id>/stream")
@blp.doc(parameters=[LAST_EVENT_ID])
@blp.response(200, {"type": "string"}, content_type=sse.CONTENT_TYPE)
@problems(blp, TooManyStreams)
def stream_task(task_id: int) -> Response:
    """Stream a task's events, transcript entries and log bytes as they arrive, as Server-Sent
    Events.

    The first event is `hello`. It has the number of `events` so far and, per attempt, the number of
    bytes (`logs`) and entries (`transcripts`); the stream continues from there. `events` and
    `transcript` have a list as in `/events` and `/transcript`; an entry that has changed comes
    again, with its number. `log` has the bytes at `offset` of an attempt's log in Base64, without
    lost bytes. `text` is a part of what the agent is writing (`kind` `message` or `thought`), or of
    the `output` of the running entry with that number; `offset` counts the characters before it.
    Parts may be missing and aren't repeated: the complete entry follows. Reconnect with the last
    `id` as `Last-Event-ID` to miss nothing else and get nothing twice; with `0:` the stream starts
    at the beginning.
    """
    queries.get(current_developer(), task_id)
    session, place, app = _acquire_stream()
    last = request.headers.get("Last-Event-ID")
    return _response(task_stream.generate(app, session, place, task_id, last), place)


def _acquire_stream() -> tuple[DeveloperSession, OpenStream, Flask]:
    """Count one more stream of the developer. Returns their session, the entry, and the app.

    Raises TooManyStreams, RedisError.
    """
    session = sessions.from_credential(current_developer(), current_credential())
    place = open_streams.acquire(session.developer_id, settings.value("streamsPerDeveloper"))
    if place is None:
        raise TooManyStreams(RETRY_SECONDS)
    return session, place, current_app._get_current_object()  # type: ignore[attr-defined]


def _response(news: Iterator[bytes], place: OpenStream) -> Response:
    sockets.set_user_timeout(request.environ, TCP_USER_TIMEOUT_SECONDS)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = Response(news, content_type=f"{sse.CONTENT_TYPE}; charset=utf-8")
    response.headers.update(sse.HEADERS)

    def leave() -> None:
        with app.app_context():
            open_streams.release(place)

    response.call_on_close(leave)
    return response
