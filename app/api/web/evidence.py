"""Evidence bundles of tasks."""

from flask import Response

from app.api import attachments
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.services.evidence import bundle
from app.services.evidence.keys import SigningKeyUnreadable
from muster.protocol.evidence import MEDIA_TYPE

_BODY = {"type": "string", "format": "binary"}
_HEADERS = attachments.openapi_headers("stable as long as nothing happens to the task")
_PARAMETERS = attachments.openapi_parameters("the bundle")

blp = Blueprint("evidence", __name__, url_prefix="/api/web/tasks", description="Evidence")


@blp.get("/<int:task_id>/evidence", parameters=_PARAMETERS)
@blp.response(200, _BODY, content_type=MEDIA_TYPE, headers=_HEADERS)
@blp.alt_response(304, description="Matches If-None-Match", success=True)
@problems(blp, SigningKeyUnreadable)
def get_evidence(task_id: int) -> Response:
    """Download a task's signed evidence. Check it with `muster verify`.

    It's a zip file with the task, its events and decisions, and each attempt's transcript, log and
    recording. For an unfinished task, it has what exists so far.
    """
    found = bundle.create_bundle(current_developer(), task_id)
    return attachments.attachment_response(
        found.read(), MEDIA_TYPE, f"task-{task_id}-evidence.zip", found.etag
    )
