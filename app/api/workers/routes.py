"""Enrollment and credentials of workers. Everything else uses the control channel."""

from typing import Any

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


@blp.post("/uninstalled")
@blp.response(200, Empty)
def report_uninstalled() -> dict[str, Any]:
    """Report that the machine's worker was uninstalled. Its credentials become invalid."""
    uninstalls.record_uninstall(current_machine().id)
    return {}
