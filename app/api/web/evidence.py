"""Bundles of evidence about tasks."""

from flask import Flask, Response, current_app, request

from app.api import long_reads
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pieces import in_contexts
from app.api.problems import problems
from app.services.evidence import bundle
from app.services.evidence.keys import SigningKeyUnreadable
from muster.protocol.evidence import MEDIA_TYPE

_BODY = {"type": "string", "format": "binary"}
_HEADERS = {
    "ETag": {
        "required": True,
        "schema": {"type": "string"},
        "description": "the same as long as nothing happens to the task",
    },
    "Content-Disposition": {"required": True, "schema": {"type": "string"}},
}
_PARAMETERS = [
    {
        "in": "header",
        "name": "If-None-Match",
        "required": False,
        "schema": {"type": "string"},
        "description": "an `ETag`: the bundle is wanted if it is another now",
    }
]

blp = Blueprint("evidence", __name__, url_prefix="/api/web/tasks", description="Evidence")


@blp.get("/<int:task_id>/evidence", parameters=_PARAMETERS)
@blp.response(200, _BODY, content_type=MEDIA_TYPE, headers=_HEADERS)
@blp.alt_response(304, description="It is what If-None-Match names", success=True)
@problems(blp, SigningKeyUnreadable)
def get_evidence(task_id: int) -> Response:
    """All that was said of a task, signed: for `python -m muster verify`.

    A zip file of the task, its events and decisions, and of each attempt transcript, log and
    recording. Of a task that has not ended it is what there is so far.
    """
    found = bundle.of_task(current_developer(), task_id)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = app.response_class(in_contexts(app, found.read()), content_type=MEDIA_TYPE)
    name = f"task-{task_id}-evidence.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.automatically_set_content_length = False  # it would make all of it, to measure it
    response.set_etag(found.etag)
    response.make_conditional(request)  # If-None-Match
    return long_reads.counted(response)
