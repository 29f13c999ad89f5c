"""Recordings of attempts' terminals."""

import zlib
from typing import Any

from flask import Response

from app.api import attachments
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.schemas.tasks import AttemptQuery
from app.domain.asciicast import CONTENT_TYPE
from app.services.logs import recordings
from app.services.logs.recordings import AttemptRecording

_BODY = {"type": "string"}
_HEADERS = attachments.openapi_headers(
    "depends on the attempt, its log's length, and its terminal's sizes"
)
_PARAMETERS = attachments.openapi_parameters("the recording")

blp = Blueprint("recordings", __name__, url_prefix="/api/web/tasks", description="Recordings")


@blp.get("/<int:task_id>/recording", parameters=_PARAMETERS)
@blp.arguments(AttemptQuery, location="query")
@blp.response(200, _BODY, content_type=CONTENT_TYPE, headers=_HEADERS)
@blp.alt_response(304, description="Matches If-None-Match", success=True)
def get_recording(query: dict[str, Any], task_id: int) -> Response:
    """Download a recording of an attempt's terminal as asciicast v2, for `asciinema play`.

    Stages and lost bytes are markers. For a running attempt, it has the output so far.
    """
    return _recording_response(recordings.create_recording(current_developer(), task_id, **query))


def _recording_response(recording: AttemptRecording) -> Response:
    sizes = zlib.crc32(repr(recording.sizes).encode())
    name = f"task-{recording.task_id}-{recording.attempt}.cast"
    etag = f"cast-{recording.attempt}-{recording.size}-{sizes:x}"
    return attachments.attachment_response(recording.read(), CONTENT_TYPE, name, etag)
