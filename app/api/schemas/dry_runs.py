"""Dry runs of pipelines, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Integer, Schema
from app.api.schemas.field_errors import FieldErrorSchema
from app.api.schemas.projects import MAX_SECONDS
from app.domain.pipeline import MAX_INPUT, MAX_STAGES, VARIABLES, GateKind, StageKind

_MAX_STAGES = 5 * MAX_STAGES  # more than there may be are told of, not refused


class NewDryRun(Schema):
    description = fields.String(load_default="", validate=validate.Length(max=20_000))
    pipeline = fields.List(
        fields.Dict(keys=fields.String()),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=_MAX_STAGES),
        metadata={"description": "stages as of a project; null: those that it has"},
    )
    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(max=64)),
        values=fields.String(validate=validate.Length(max=MAX_INPUT)),
        load_default=dict,
        metadata={"description": "to the gates, by the stage's name; else the first choice"},
    )


class DryRunGateSchema(Schema):
    kind = fields.Enum(GateKind, by_value=True, required=True)
    prompt = fields.String(required=True)
    choices = fields.List(fields.String(), required=True)
    timeout = fields.Float(required=True, allow_none=True, metadata={"description": "seconds"})


class DryRunVariablesSchema(Schema):
    """What a stage's variables have as their values."""


for _name in VARIABLES:
    DryRunVariablesSchema._declared_fields[_name] = fields.String(required=True)


class DryRunStageSchema(Schema):
    name = fields.String(required=True, attribute="stage.name")
    kind = fields.Enum(StageKind, by_value=True, required=True, attribute="stage.kind")
    timeout = Integer(required=True, maximum=MAX_SECONDS, attribute="stage.timeout")
    gate = fields.Nested(DryRunGateSchema, required=True, allow_none=True, attribute="stage.gate")
    text = fields.String(
        required=True, metadata={"description": "what its agent is told; a script as it is"}
    )
    variables = fields.Nested(DryRunVariablesSchema, required=True)


class DryRunSchema(Schema):
    stages = fields.List(
        fields.Nested(DryRunStageSchema),
        required=True,
        metadata={"description": "none where there are errors"},
    )
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "by field, as the errors of what is refused"},
    )
    error_codes = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(FieldErrorSchema)),
        required=True,
        metadata={"description": "of the same, in the same order"},
    )
