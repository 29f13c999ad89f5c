"""Getting started, as JSON."""

from marshmallow import fields

from app.api.schemas.base import Boolean, Schema, Timestamp
from app.api.schemas.project_checks import CheckStepSchema
from app.domain.getting_started import SetupState, StepName, StepReason


class GettingStartedStepSchema(Schema):
    step = fields.Enum(StepName, by_value=True, required=True)
    state = fields.Enum(SetupState, by_value=True, required=True)
    detail = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "the name of what it's about, and more after a colon"},
    )
    reason = fields.Enum(StepReason, by_value=True, required=True, allow_none=True)
    check = fields.Nested(
        CheckStepSchema,
        required=True,
        allow_none=True,
        metadata={"description": "what a check found in the project's repository"},
    )


class GettingStartedSchema(Schema):
    steps = fields.List(fields.Nested(GettingStartedStepSchema), required=True)
    dismissed_at = Timestamp(required=True, allow_none=True)


class GettingStartedChanges(Schema):
    dismissed = Boolean(required=True)
