"""The audit log, as JSON."""

from marshmallow import fields, validate

from app.api.pagination import CursorQuery
from app.api.schemas.base import Id, Schema, Timestamp


class AuditFilter(CursorQuery):
    actor = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "developer ID, or name (case-insensitive)"},
    )
    action = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "action, or a family of actions: `machine.`"},
    )
    target_type = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "type of the target: `machine`, `developer`"},
    )
    target_id = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={"description": "ID of the target; for a project its key"},
    )
    since = Timestamp(
        load_default=None,
        data_key="from",
        metadata={"description": "start of the range, inclusive"},
    )
    to_time = Timestamp(
        load_default=None, data_key="to", metadata={"description": "end of the range, exclusive"}
    )


class AuditActor(Schema):
    id = Id(required=True)
    name = fields.String(required=True)


class AuditMachine(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class AuditChanges(Schema):
    before = fields.Dict(required=True, allow_none=True)
    after = fields.Dict(required=True, allow_none=True)


class AuditEntrySchema(Schema):
    """At most one of actor and machine is set; neither for a command, or if nobody was signed
    in.
    """

    id = Id(required=True, attribute="entry.id")
    at = Timestamp(required=True, attribute="entry.at")
    actor = fields.Nested(AuditActor, required=True, allow_none=True, attribute="entry.actor")
    machine = fields.Nested(AuditMachine, required=True, allow_none=True, attribute="entry.machine")
    action = fields.String(required=True, attribute="entry.action")
    target_type = fields.String(required=True, attribute="entry.target_type")
    target_id = fields.String(required=True, attribute="entry.target_id")
    target_name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null if it has none but its ID, or it's unknown"},
    )
    request_id = fields.String(required=True, allow_none=True, attribute="entry.request_id")
    remote_address = fields.String(required=True, allow_none=True, attribute="entry.remote_address")
    changes = fields.Nested(AuditChanges, required=True, allow_none=True, attribute="entry.changes")
    names = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "names of the machines in `changes`, by ID"},
    )
