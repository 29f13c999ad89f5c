"""Enrollment and credentials of workers, as JSON."""

from typing import Any

from marshmallow import fields, validate

from app.api.schemas.base import Integer, Schema, Timestamp
from app.api.schemas.labels import LabelsField
from app.api.schemas.machines import (
    MAX_SLOTS,
    CapabilitySchema,
    HardwareSchema,
    MachineSchema,
)
from app.api.schemas.texts import check_single_line


class Capability(fields.Nested):
    """An object, or a plain agent type."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(CapabilitySchema, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        given = {"agentType": value} if isinstance(value, str) else value
        return super()._deserialize(given, *args, **kwargs)


class Registration(Schema):
    machine_id = fields.UUID(required=True)
    token = fields.String(required=True, validate=validate.Length(max=200))
    name = fields.String(required=True, validate=[validate.Length(1, 100), check_single_line])
    capabilities = fields.List(Capability(), required=True, validate=validate.Length(max=50))
    hardware = fields.Nested(HardwareSchema, required=True)
    slots = Integer(minimum=1, maximum=MAX_SLOTS, load_default=2)
    version = fields.String(load_default="", validate=[validate.Length(max=100), check_single_line])
    labels = LabelsField(load_default=dict)


class Recovery(Schema):
    machine_id = fields.UUID(required=True)
    recovery_secret = fields.String(required=True, validate=validate.Length(max=200))


class WorkerJwtSchema(Schema):
    worker_jwt = fields.String(required=True)
    expires_at = Timestamp(required=True)


class CredentialsSchema(WorkerJwtSchema):
    recovery_secret = fields.String(required=True)
    machine = fields.Nested(MachineSchema, required=True)


class WorkersHealthSchema(Schema):
    status = fields.String(required=True)
    connected_workers = Integer(required=True)
