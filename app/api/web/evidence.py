"""Bundles of evidence about tasks."""

from flask import Response

from app.api import attachments
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.services.evidence import bundle
from app.services.evidence.keys import SigningKeyUnreadable
from muster.protocol.evidence import MEDIA_TYPE

_BODY = {"type": "string", "format": "binary"}
_HEADERS = attachments.openapi_headers("the same as long as nothing happens to the task")
_PARAMETERS = attachments.openapi_parameters("the bundle")

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
    found = bundle.create_bundle(current_developer(), task_id)
    return attachments.attachment_response(
        found.read(), MEDIA_TYPE, f"task-{task_id}-evidence.zip", found.etag
    )
