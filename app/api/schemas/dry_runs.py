"""Dry runs of pipelines, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Integer, Schema
from app.api.schemas.field_errors import FieldErrorSchema
from app.api.schemas.projects import MAX_SECONDS, OnFailureSchema
from app.domain.pipeline import MAX_INPUT, MAX_STAGES, VARIABLES, GateKind, StageKind

_MAX_STAGES = 5 * MAX_STAGES  # too many stages give errors in the result, not a rejection


class NewDryRun(Schema):
    description = fields.String(load_default="", validate=validate.Length(max=20_000))
    pipeline = fields.List(
        fields.Dict(keys=fields.String()),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=_MAX_STAGES),
        metadata={"description": "stages as in a project; null: the project's own"},
    )
    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(max=64)),
        values=fields.String(validate=validate.Length(max=MAX_INPUT)),
        load_default=dict,
        metadata={"description": "answers to the gates, by stage name; default: the first choice"},
    )


class DryRunGateSchema(Schema):
    kind = fields.Enum(GateKind, by_value=True, required=True)
    prompt = fields.String(required=True)
    choices = fields.List(fields.String(), required=True)
    timeout = fields.Float(required=True, allow_none=True, metadata={"description": "seconds"})


class DryRunVariablesSchema(Schema):
    """The values of a stage's variables."""


for _name in VARIABLES:
    DryRunVariablesSchema._declared_fields[_name] = fields.String(required=True)


class DryRunStageSchema(Schema):
    name = fields.String(required=True, attribute="stage.name")
    kind = fields.Enum(StageKind, by_value=True, required=True, attribute="stage.kind")
    timeout = Integer(required=True, maximum=MAX_SECONDS, attribute="stage.timeout")
    gate = fields.Nested(DryRunGateSchema, required=True, allow_none=True, attribute="stage.gate")
    on_failure = fields.Nested(
        OnFailureSchema,
        required=True,
        allow_none=True,
        metadata={"description": "where a failure goes back to, and how often"},
    )
    text = fields.String(
        required=True, metadata={"description": "the agent's prompt, or the unchanged script"}
    )
    variables = fields.Nested(DryRunVariablesSchema, required=True)


class DryRunSchema(Schema):
    stages = fields.List(
        fields.Nested(DryRunStageSchema),
        required=True,
        metadata={"description": "empty if there are errors"},
    )
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "by field, like the errors of a rejected request"},
    )
    error_codes = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(FieldErrorSchema)),
        required=True,
        metadata={"description": "the same errors in the same order"},
    )
