"""Enrollment and credentials of workers. Everything else uses the control channel."""

from typing import Any

from flask import Response

from app.api import image_response
from app.api.blueprint import Blueprint
from app.api.guards import current_machine
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.workers import (
    CredentialsSchema,
    Recovery,
    Registration,
    WorkerJwtSchema,
    WorkersHealthSchema,
)
from app.domain.errors import InvalidToken, MachineAlreadyRegistered
from app.services.machines import enrollment, queries, uninstalls
from app.services.machines.enrollment import Credentials
from app.services.tasks import images

blp = Blueprint("workers", __name__, url_prefix="/api/workers", description="Workers")


@blp.get("/healthz")
@blp.response(200, WorkersHealthSchema)
def get_workers_health() -> dict[str, Any]:
    """Check that the server is up, and get the number of workers connected to its processes."""
    return {"status": "ok", "connected_workers": queries.connected_count()}


@blp.post("/register")
@blp.arguments(Registration)
@blp.response(201, CredentialsSchema)
@problems(blp, InvalidToken, MachineAlreadyRegistered)
def register_machine(body: dict[str, Any]) -> Credentials:
    """Enroll a machine with an enrollment token."""
    return enrollment.register(**body)


@blp.post("/refresh-token")
@blp.response(200, WorkerJwtSchema)
def refresh_worker_jwt() -> dict[str, Any]:
    """Exchange a valid worker JWT for a new one."""
    worker_jwt, expires_at = enrollment.refresh(current_machine())
    return {"worker_jwt": worker_jwt, "expires_at": expires_at}


@blp.post("/recover")
@blp.arguments(Recovery)
@blp.response(200, CredentialsSchema)
@problems(blp, InvalidToken)
def recover_machine(body: dict[str, Any]) -> Credentials:
    """Issue new credentials to a machine whose JWT has expired. Its old ones become invalid."""
    return enrollment.recover(**body)


@blp.get("/images/<int:image_id>", parameters=image_response.PARAMETERS)
@blp.response(200, image_response.BINARY, content_type="image/png")
@blp.doc(responses={200: {"content": image_response.CONTENT, "headers": image_response.HEADERS}})
@blp.alt_response(304, description="Matches If-None-Match", success=True)
def get_worker_image(image_id: int) -> Response:
    """Get an image of a task that the machine works on."""
    return image_response.image_response(images.read_for_machine(current_machine().id, image_id))


@blp.post("/uninstalled")
@blp.response(200, Empty)
def report_uninstalled() -> dict[str, Any]:
    """Report that the machine's worker was uninstalled. Its credentials become invalid."""
    uninstalls.record_uninstall(current_machine().id)
    return {}
