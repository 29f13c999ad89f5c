"""What blocks machines for a task, as JSON."""

from marshmallow import fields

from app.api.schemas.base import Integer, Schema, Timestamp
from app.domain.blocker import MeasureKind
from app.domain.scheduling import Reason


class MeasureSchema(Schema):
    """A number that a rule compares."""

    kind = fields.Enum(MeasureKind, by_value=True, required=True)
    value = fields.Float(required=True)
    limit = fields.Float(required=True)
    setting = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "that sets the limit; null: the machine's own limit"},
    )


class BlockSchema(Schema):
    """A machine that can't take a task, and the first rule that excludes it."""

    machine_id = fields.String(required=True)
    machine_name = fields.String(required=True)
    reason = fields.Enum(Reason, by_value=True, required=True)
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "the machine's own message"}
    )
    measure = fields.Nested(
        MeasureSchema,
        required=True,
        allow_none=True,
        metadata={"description": "for `overloaded` and `no_free_slot`"},
    )
    required = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "sandbox level, or label requirements that aren't met"},
    )
    actual = fields.String(
        required=True, allow_none=True, metadata={"description": "what the machine has of these"}
    )
    since = Timestamp(required=True, allow_none=True)
    until = Timestamp(required=True, allow_none=True)


class RelocationSchema(Schema):
    """Where a task can continue whose machine doesn't respond."""

    at = Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "when it leaves its machine; null: unknown"},
    )
    machine_count = Integer(
        required=True, metadata={"description": "other machines that could take it now"}
    )
    blocked_by = fields.List(fields.Nested(BlockSchema), required=True)
