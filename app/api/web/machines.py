"""Machines: visible to all who are signed in, drained by leads."""

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
    """All machines, or those with one of the given statuses, and labels that meet the selector."""
    found = queries.listing(query.pop("status"), query.pop("selector"))
    page = paginate_by_cursor(found, Machine.id, **query)
    return {**page, "items": [MachineView(*row) for row in page["items"]]}


@blp.get("/<uuid:machine_id>")
@blp.response(200, MachineSchema)
def get_machine(machine_id: uuid.UUID) -> MachineView:
    """One machine."""
    return queries.get(machine_id)


@blp.get("/-/samples")
@blp.arguments(MachineFilter, location="query")
@blp.response(200, cursor_page_schema(MachineDaySchema))
def list_machine_days(query: dict[str, Any]) -> dict[str, Any]:
    """How loaded machines' processors were in the last day, by half hours: of those that the list
    of machines has, in its order.
    """
    found = queries.listing(query.pop("status"), query.pop("selector"))
    page = paginate_by_cursor(found.with_only_columns(Machine.id), Machine.id, **query)
    return {**page, "items": samples.daily_loads(page["items"], now())}


@blp.get("/<uuid:machine_id>/samples")
@blp.arguments(SampleQuery, location="query")
@blp.response(200, SamplesSchema)
def get_machine_samples(query: dict[str, Any], machine_id: uuid.UUID) -> Samples:
    """How loaded the machine was: by the minute for a day, or by the hour for 90 days."""
    return samples.samples_of_machine(machine_id, query["step"], now())


@blp.get("/<uuid:machine_id>/tasks")
@blp.arguments(MachineTaskFilter, location="query")
@blp.response(200, TaskPage)
def list_machine_tasks(query: dict[str, Any], machine_id: uuid.UUID) -> dict[str, Any]:
    """The tasks that you may see and whose latest attempt is on the machine, newest first."""
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
    """Drain the machine: it takes no new task, and becomes `drained` when nothing is left on it.

    With `dryRun` nothing is changed, and `plan` is what would become of its tasks.
    """
    if query["dry_run"]:
        return drain_preview.preview_drain(current_developer(), machine_id, now(), **body)
    return drains.drain(current_developer(), machine_id, **body)


@blp.post("/<uuid:machine_id>/undrain")
@blp.response(200, MachineSchema)
@problems(blp, Forbidden, MachineDecommissioned)
def undrain_machine(machine_id: uuid.UUID) -> MachineView:
    """Take the machine back into service."""
    return drains.undrain(current_developer(), machine_id)
