"""Tunnels into the workspaces of running tasks, for a remote editor."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.tunnels import NewTunnel, TunnelSchema
from app.domain.errors import Forbidden, NetworkClosed, NoLiveWorkspace
from app.services.tunnels import tunnels
from app.services.tunnels.tunnels import TunnelView

blp = Blueprint("tunnels", __name__, url_prefix="/api/web/workspace-tunnel", description="Tunnels")


@blp.post("/<int:task_id>/start")
@blp.arguments(NewTunnel, required=False)
@blp.response(200, TunnelSchema)
@problems(blp, Forbidden, NoLiveWorkspace, NetworkClosed)
def start_tunnel(body: dict[str, Any], task_id: int) -> TunnelView:
    """Open a tunnel into the task's workspace. An open tunnel stays unchanged."""
    return tunnels.start(current_developer(), task_id, **body)


@blp.post("/<int:task_id>/stop")
@blp.response(200, TunnelSchema)
@problems(blp, Forbidden)
def stop_tunnel(task_id: int) -> TunnelView:
    """Close the tunnel. Without an open tunnel this does nothing."""
    return tunnels.stop(current_developer(), task_id)


@blp.get("/<int:task_id>/status")
@blp.response(200, TunnelSchema)
def get_tunnel(task_id: int) -> TunnelView:
    """Get the tunnel of the task's latest attempt."""
    return tunnels.status(current_developer(), task_id)
