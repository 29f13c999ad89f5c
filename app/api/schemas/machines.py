"""Machines, as JSON."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.api.pagination import CursorQuery
from app.api.schemas.base import INT8, Boolean, Integer, Schema, Timestamp
from app.api.schemas.labels import LabelsField, SelectorField
from app.api.schemas.stored import StoredSchema
from app.api.schemas.texts import CommaList, check_single_line
from app.domain import field_errors
from app.domain.machine import MachineStatus
from app.domain.sandbox import SandboxLevel
from app.domain.task import TaskStatus
from app.domain.timestamps import normalize_rfc3339
from app.domain.upgrade import UpgradeState
from app.services.machines.machine_admin import SETTABLE_STATUSES

MAX_SLOTS = 1000
_SHORT = validate.Length(max=200)


class TimestampText(fields.String):
    """A timestamp that is stored as text and normalized to UTC."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = normalize_rfc3339(super()._deserialize(*args, **kwargs))
        if text is None:
            raise ValidationError(field_errors.MUST_BE_TIMESTAMP)
        return text

    def _serialize(self, value: str | None, *_: Any, **__: Any) -> str | None:
        return normalize_rfc3339(value) if value else None


class CapabilitySchema(StoredSchema):
    """An agent type of the machine, and whether it can take tasks now."""

    agent_type = fields.String(required=True, validate=[validate.Length(1, 64), check_single_line])
    version = fields.String(allow_none=True, validate=_SHORT, dump_default=None)
    healthy = Boolean(load_default=True, dump_default=True)
    degraded_until = TimestampText(
        allow_none=True, dump_default=None, metadata={"format": "date-time"}
    )
    reason = fields.String(allow_none=True, validate=_SHORT, dump_default=None)
    takes_messages = Boolean(
        load_default=False,
        dump_default=False,
        metadata={"description": "the agent reads messages while it works"},
    )


class HardwareSchema(StoredSchema):
    """0 and "" if the machine hasn't reported a value."""

    cpu_count = Integer(dump_default=0)
    memory_bytes = Integer(maximum=INT8, dump_default=0)
    disk_bytes = Integer(maximum=INT8, dump_default=0)
    os = fields.String(validate=_SHORT, dump_default="")
    arch = fields.String(validate=_SHORT, dump_default="")
    hostname = fields.String(validate=_SHORT, dump_default="")


class SlotsSchema(Schema):
    total = Integer(required=True, attribute="slots_total")
    used = Integer(required=True, attribute="slots_used")


class MetricsSchema(Schema):
    """All null until a heartbeat has reported them."""

    cpu_percent = fields.Float(required=True, allow_none=True)
    memory_percent = fields.Float(required=True, allow_none=True)
    disk_percent = fields.Float(required=True, allow_none=True)
    sampled_at = Timestamp(required=True, allow_none=True)


class DrainSchema(Schema):
    started_at = Timestamp(required=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "null: Muster"})
    note = fields.String(required=True, allow_none=True)
    deadline = Timestamp(required=True, allow_none=True)


class SandboxSchema(StoredSchema):
    """The machine's sandbox level, and what is missing for a higher one."""

    level = fields.String(required=True, validate=validate.OneOf([*SandboxLevel]))
    missing = fields.List(fields.String(), required=True)


class UpgradeSchema(Schema):
    """A machine's upgrade state for this server's release."""

    state = fields.Enum(UpgradeState, by_value=True, required=True)
    offered = fields.String(
        required=True,
        allow_none=True,
        attribute="version",
        metadata={"description": "version to upgrade to; null: none is offered"},
    )
    reason = fields.String(
        required=True, metadata={"description": "what prevents the upgrade, and what to do"}
    )


class MachineSchema(Schema):
    id = fields.UUID(required=True, attribute="machine.id")
    name = fields.String(required=True, attribute="machine.name")
    status = fields.Enum(MachineStatus, by_value=True, required=True, attribute="machine.status")
    connected = fields.Boolean(required=True, attribute="machine.connected")
    capabilities = fields.List(
        fields.Nested(CapabilitySchema), required=True, attribute="machine.capabilities"
    )
    slots = fields.Nested(SlotsSchema, required=True, attribute="machine")
    metrics = fields.Nested(MetricsSchema, required=True)
    hardware = fields.Nested(HardwareSchema, required=True, attribute="machine.hardware")
    drain = fields.Nested(DrainSchema, required=True, allow_none=True)
    sandbox = fields.Nested(
        SandboxSchema,
        required=True,
        allow_none=True,
        attribute="machine.sandbox",
        metadata={"description": "null: its worker hasn't reported one"},
    )
    labels = LabelsField(
        required=True,
        attribute="machine.all_labels",
        metadata={"description": "its own labels, overridden by those of admins"},
    )
    admin_labels = LabelsField(
        required=True,
        attribute="machine.admin_labels",
        metadata={"description": "labels set by admins"},
    )
    version = fields.String(required=True, attribute="machine.version")
    pinned = fields.Boolean(
        required=True,
        attribute="machine.is_pinned",
        metadata={"description": "keep its release, whatever this server's is"},
    )
    upgrade = fields.Nested(UpgradeSchema, required=True)
    last_seen_at = Timestamp(required=True, allow_none=True)
    created_at = Timestamp(required=True, attribute="machine.created_at")
    uninstalled_at = Timestamp(
        required=True,
        allow_none=True,
        attribute="machine.uninstalled_at",
        metadata={"description": "its worker was uninstalled, and never connects again"},
    )


class MachineChange(Schema):
    status = fields.Enum(
        MachineStatus,
        by_value=True,
        validate=validate.OneOf(SETTABLE_STATUSES),
    )
    name = fields.String(validate=[validate.Length(1, 100), check_single_line])
    slots = Integer(minimum=1, maximum=MAX_SLOTS)
    labels = LabelsField(metadata={"description": "labels set by admins; replaced as a whole"})
    pinned = fields.Boolean(metadata={"description": "keep its release"})


class MachineFilter(CursorQuery):
    status = CommaList(MachineStatus)
    selector = SelectorField(load_default="")


class MachineTaskFilter(CursorQuery):
    status = CommaList(TaskStatus)
