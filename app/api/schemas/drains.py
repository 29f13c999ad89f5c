"""Drains of machines, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Integer, Schema
from app.api.schemas.machines import MachineSchema
from app.api.schemas.tasks import ListedTaskSchema
from app.domain.drain import DrainAction


class NewDrain(Schema):
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=1000))
    deadline_seconds = Integer(
        maximum=30 * 24 * 3600,
        load_default=None,
        allow_none=True,
        metadata={"description": "what still runs then is stopped, and goes on elsewhere"},
    )


class DrainQuery(Schema):
    dry_run = fields.Boolean(
        load_default=False,
        metadata={"description": "change nothing, and say what would become of the tasks there"},
    )


class PlannedTaskSchema(Schema):
    task = fields.Nested(ListedTaskSchema, required=True)
    action = fields.Enum(
        DrainAction,
        by_value=True,
        required=True,
        metadata={
            "description": "keep: it is waited for; hand_over: it goes elsewhere, its gate open; "
            "stop: it goes on elsewhere from its last checkpoint"
        },
    )
    at_deadline = fields.Enum(
        DrainAction,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "what becomes of it then, if it is still there"},
    )
    has_checkpoint = fields.Boolean(
        required=True, metadata={"description": "all that its earlier stages did is pushed"}
    )


class DrainedMachineSchema(MachineSchema):
    """A machine; and of a dry run, what a drain would do."""

    plan = fields.List(
        fields.Nested(PlannedTaskSchema), required=True, allow_none=True, dump_default=None
    )
