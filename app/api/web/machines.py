"""Machines: everyone signed in can see them, and leads can drain them."""

import uuid
from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.drains import DrainedMachineSchema, DrainQuery, NewDrain
from app.api.schemas.machines import (
    MachineFilter,
    MachineSchema,
    MachineTaskFilter,
)
from app.api.schemas.samples import MachineDaySchema, SampleQuery, SamplesSchema
from app.api.schemas.task_lists import TaskPage
from app.domain.errors import Forbidden, MachineDecommissioned
from app.models import Machine, Task
from app.services.clock import now
from app.services.machines import drain_preview, drains, queries, samples
from app.services.machines.queries import MachineView
from app.services.machines.samples import Samples

blp = Blueprint("machines", __name__, url_prefix="/api/web/machines", description="Machines")


@blp.get("")
@blp.arguments(MachineFilter, location="query")
@blp.response(200, cursor_page_schema(MachineSchema))
def list_machines(query: dict[str, Any]) -> dict[str, Any]:
    """List all machines, or those with one of the given statuses and with labels that match the
    selector.
    """
    found = queries.listing(query.pop("status"), query.pop("selector"))
    page = paginate_by_cursor(found, Machine.id, **query)
    return {**page, "items": [MachineView(*row) for row in page["items"]]}


@blp.get("/<uuid:machine_id>")
@blp.response(200, MachineSchema)
def get_machine(machine_id: uuid.UUID) -> MachineView:
    """Get a machine."""
    return queries.get(machine_id)


@blp.get("/-/samples")
@blp.arguments(MachineFilter, location="query")
@blp.response(200, cursor_page_schema(MachineDaySchema))
def list_machine_days(query: dict[str, Any]) -> dict[str, Any]:
    """Get the CPU load of machines in the last day, per half hour, in the order of the machine
    list.
    """
    found = queries.listing(query.pop("status"), query.pop("selector"))
    page = paginate_by_cursor(found.with_only_columns(Machine.id), Machine.id, **query)
    return {**page, "items": samples.daily_loads(page["items"], now())}


@blp.get("/<uuid:machine_id>/samples")
@blp.arguments(SampleQuery, location="query")
@blp.response(200, SamplesSchema)
def get_machine_samples(query: dict[str, Any], machine_id: uuid.UUID) -> Samples:
    """Get a machine's load, per minute for one day or per hour for 90 days."""
    return samples.samples_of_machine(machine_id, query["step"], now())


@blp.get("/<uuid:machine_id>/tasks")
@blp.arguments(MachineTaskFilter, location="query")
@blp.response(200, TaskPage)
def list_machine_tasks(query: dict[str, Any], machine_id: uuid.UUID) -> dict[str, Any]:
    """List the tasks that you can see whose latest attempt is on the machine, newest first."""
    tasks = queries.list_tasks(current_developer(), machine_id, query.pop("status"))
    return paginate_by_cursor(tasks, Task.id, **query)


@blp.post("/<uuid:machine_id>/drain")
@blp.arguments(DrainQuery, location="query")
@blp.arguments(NewDrain, required=False)
@blp.response(200, DrainedMachineSchema)
@problems(blp, Forbidden, MachineDecommissioned)
def drain_machine(
    query: dict[str, bool], body: dict[str, Any], machine_id: uuid.UUID
) -> MachineView:
    """Drain the machine: it takes no new tasks, and becomes `drained` when it's empty.

    With `dryRun` nothing changes, and `plan` has what would happen to its tasks.
    """
    if query["dry_run"]:
        return drain_preview.preview_drain(current_developer(), machine_id, now(), **body)
    return drains.drain(current_developer(), machine_id, **body)


@blp.post("/<uuid:machine_id>/undrain")
@blp.response(200, MachineSchema)
@problems(blp, Forbidden, MachineDecommissioned)
def undrain_machine(machine_id: uuid.UUID) -> MachineView:
    """Undrain the machine: it takes tasks again."""
    return drains.undrain(current_developer(), machine_id)
