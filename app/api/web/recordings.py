"""Recordings of attempts' terminals."""

import zlib
from typing import Any

from flask import Flask, Response, current_app, request

from app.api import long_reads
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pieces import in_contexts
from app.api.schemas.tasks import WhichAttempt
from app.domain.asciicast import CONTENT_TYPE
from app.services.logs import recordings
from app.services.logs.recordings import AttemptRecording

_BODY = {"type": "string"}
_HEADERS = {
    "ETag": {
        "required": True,
        "schema": {"type": "string"},
        "description": "of the attempt, its log's length, and its terminal's sizes",
    },
    "Content-Disposition": {"required": True, "schema": {"type": "string"}},
}
_PARAMETERS = [
    {
        "in": "header",
        "name": "If-None-Match",
        "required": False,
        "schema": {"type": "string"},
        "description": "an `ETag`: the recording is wanted if it is another now",
    }
]

blp = Blueprint("recordings", __name__, url_prefix="/api/web/tasks", description="Recordings")


@blp.get("/<int:task_id>/recording", parameters=_PARAMETERS)
@blp.arguments(WhichAttempt, location="query")
@blp.response(200, _BODY, content_type=CONTENT_TYPE, headers=_HEADERS)
@blp.alt_response(304, description="It is what If-None-Match names", success=True)
def get_recording(query: dict[str, Any], task_id: int) -> Response:
    """A recording of an attempt's terminal as asciicast v2, for `asciinema play`.

    Stages, and bytes that were lost, are markers. Of a running attempt, it is the output so far.
    """
    return _answer(recordings.of_task(current_developer(), task_id, **query))


def _answer(recording: AttemptRecording) -> Response:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = app.response_class(in_contexts(app, recording.read()), content_type=CONTENT_TYPE)
    name = f"task-{recording.task_id}-{recording.attempt}.cast"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    sizes = zlib.crc32(repr(recording.sizes).encode())
    response.automatically_set_content_length = False  # it would make all of it, to measure it
    response.set_etag(f"cast-{recording.attempt}-{recording.size}-{sizes:x}")
    response.make_conditional(request)  # If-None-Match
    return long_reads.counted(response)
