"""Health and readiness, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema
from app.services.ops.readiness import HEARTBEATS


class HealthSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(["up"]))
    version = fields.String(required=True)


class ReadinessSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(["ready", "not_ready"]))
    missing = fields.List(
        fields.String(validate=validate.OneOf(["postgres", "redis", *HEARTBEATS])), required=True
    )
