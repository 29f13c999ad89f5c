"""Machine drains, as JSON."""

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
        metadata={"description": "time at which running work is stopped and resumes elsewhere"},
    )


class DrainQuery(Schema):
    dry_run = fields.Boolean(
        load_default=False,
        metadata={"description": "change nothing, and return what would happen to the tasks there"},
    )


class PlannedTaskSchema(Schema):
    task = fields.Nested(ListedTaskSchema, required=True)
    action = fields.Enum(
        DrainAction,
        by_value=True,
        required=True,
        metadata={
            "description": "keep: the machine waits for it; hand_over: it moves elsewhere "
            "with its gate open; stop: it resumes elsewhere from its last "
            "checkpoint"
        },
    )
    at_deadline = fields.Enum(
        DrainAction,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "what happens to it at the deadline, if it's still there"},
    )
    has_checkpoint = fields.Boolean(
        required=True, metadata={"description": "whether all work of its earlier stages is pushed"}
    )


class DrainedMachineSchema(MachineSchema):
    """A machine; after a dry run, with the plan of a drain."""

    plan = fields.List(
        fields.Nested(PlannedTaskSchema), required=True, allow_none=True, dump_default=None
    )
