"""Machines, changed and decommissioned by admins. (The guard is on /api/admin.)"""

import uuid
from typing import Any

from marshmallow import fields

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.base import Empty, Schema
from app.api.schemas.machines import MachineChange, MachineSchema
from app.api.web import machines as web
from app.domain.errors import MachineDecommissioned
from app.services.machines import machine_admin
from app.services.machines.queries import MachineView

blp = Blueprint(
    "admin-machines", __name__, url_prefix="/api/admin/machines", description="Machines, for admins"
)


class DecommissionQuery(Schema):
    dead = fields.Boolean(
        load_default=False,
        metadata={
            "description": "confirm that the machine is off for good, so its tasks don't wait "
            "for it"
        },
    )


blp.get("")(web.list_machines)


@blp.put("/<uuid:machine_id>")
@blp.arguments(MachineChange)
@blp.response(200, MachineSchema)
@problems(blp, MachineDecommissioned)
def update_machine(body: dict[str, Any], machine_id: uuid.UUID) -> MachineView:
    """Rename a machine, change its slots, drain, undrain or decommission it."""
    return machine_admin.update_machine(current_developer(), machine_id, **body)


@blp.delete("/<uuid:machine_id>")
@blp.arguments(DecommissionQuery, location="query")
@blp.response(200, Empty)
def decommission_machine(query: dict[str, bool], machine_id: uuid.UUID) -> dict[str, Any]:
    """Decommission a machine for good.

    Tasks that run on it fail; tasks that wait there for an answer are queued again.
    """
    machine_admin.decommission(current_developer(), machine_id, **query)
    return {}
