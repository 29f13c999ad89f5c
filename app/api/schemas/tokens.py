"""Enrollment tokens, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Id, Schema, Timestamp
from app.api.schemas.machines import CapabilitySchema, MachineSchema
from app.api.schemas.texts import check_single_line
from app.services.machines.enrollment_tokens import TokenStatus


class NewEnrollmentToken(Schema):
    label = fields.String(load_default="", validate=[validate.Length(max=200), check_single_line])
    expires_at = Timestamp(load_default=None, allow_none=True)


class EnrollmentTokenSchema(Schema):
    id = Id(required=True, attribute="token.id")
    label = fields.String(required=True, attribute="token.label")
    prefix = fields.String(required=True, attribute="token.prefix")
    status = fields.Enum(TokenStatus, by_value=True, required=True)
    machine_id = fields.UUID(required=True, allow_none=True, attribute="token.machine_id")
    created_at = Timestamp(required=True, attribute="token.created_at")
    expires_at = Timestamp(required=True, attribute="token.expires_at")
    used_at = Timestamp(required=True, allow_none=True, attribute="token.used_at")
    revoked_at = Timestamp(required=True, allow_none=True, attribute="token.revoked_at")


class CreatedTokenSchema(EnrollmentTokenSchema):
    token = fields.String(required=True, attribute="secret", metadata={"description": "shown once"})
    install_line = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "shell command that adds a machine with the token; shown once"},
    )


class FirstTaskSchema(Schema):
    task_id = Id(required=True)
    started_at = Timestamp(required=True)


class TokenStatusSchema(Schema):
    status = fields.Enum(TokenStatus, by_value=True, required=True)
    used_at = Timestamp(required=True, allow_none=True, attribute="token.used_at")
    connected_at = Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "time of the machine's first connection"},
    )
    agents = fields.List(
        fields.Nested(CapabilitySchema),
        required=True,
        metadata={"description": "agents found on the machine at its first connection"},
    )
    first_task = fields.Nested(
        FirstTaskSchema,
        required=True,
        allow_none=True,
        metadata={"description": "the first task that started on the machine"},
    )
    machine = fields.Nested(MachineSchema, required=True, allow_none=True)
