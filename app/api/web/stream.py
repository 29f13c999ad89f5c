"""What happens, as it happens."""

from flask import Flask, Response, current_app, request

from app.api.blueprint import Blueprint
from app.api.guards import current_credential, current_developer, has_session
from app.api.live import feed, places, sse
from app.api.problems import problems
from app.domain.errors import TooManyStreams
from app.domain.tokens import digest
from app.services import settings, tokens
from app.services.news import Seat

blp = Blueprint("stream", __name__, url_prefix="/api/web/stream", description="Live news")

LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "required": False,
    "schema": {"type": "string"},
    "description": "the `id` of the last event that you had: it goes on behind it",
}
RETRY_SECONDS = 5


@blp.get("")
@blp.doc(parameters=[LAST_EVENT_ID])
@blp.response(200, {"type": "string"}, content_type=sse.CONTENT_TYPE)
@problems(blp, TooManyStreams)
def stream_news() -> Response:
    """Your notifications and the events of the tasks that you may see, as Server-Sent Events.

    The first event is `hello` (or `reset`, if what you missed is too much to be told: read the
    lists anew), then each `news` has `events`, `notifications` and `unreadCount`, which is null
    where it has not changed. An `end` says in `reason` why it is over. Each carries an `id`; come
    back with it as `Last-Event-ID`, and you miss nothing and get nothing twice. What machines note
    for themselves (`log`) is not in it.
    """
    seat = _seat()
    place = places.take(seat.developer_id, settings.value("streamsPerDeveloper"))
    if place is None:
        raise TooManyStreams(RETRY_SECONDS)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    news = feed.read(app, seat, place, request.headers.get("Last-Event-ID"))
    response = Response(news, content_type=f"{sse.CONTENT_TYPE}; charset=utf-8")
    response.headers.update(sse.HEADERS)

    def leave() -> None:
        with app.app_context():
            places.leave(place)

    response.call_on_close(leave)
    return response


def _seat() -> Seat:
    developer, credential = current_developer(), current_credential()
    if has_session():
        generation, ends_at = developer.token_generation, tokens.access_ends_at(credential)
        return Seat(developer.id, generation, None, ends_at)
    return Seat(developer.id, None, digest(credential), None)
