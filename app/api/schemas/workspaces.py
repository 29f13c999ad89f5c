"""Workspaces, as JSON."""

from typing import Any

from marshmallow import fields

from app.api.schemas.base import INT8, Id, Schema, Timestamp, Whole
from app.api.schemas.tasks import DiffSchema
from app.domain.attempt import WorkspaceState


class Told(fields.String):
    """A text that the machine has reported, or null while it has not."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, allow_none=True, **kwargs)

    def _serialize(self, value: str | None, *args: Any, **kwargs: Any) -> str | None:
        return super()._serialize(value, *args, **kwargs) or None


class WorkspaceSchema(Schema):
    task_id = Id(required=True)
    machine_id = fields.UUID(required=True)
    attempt = Whole(required=True)
    path = Told(metadata={"description": "on the machine"})
    branch = Told()
    base_commit = Told(metadata={"description": "what the work is compared with"})
    head_commit = Told()
    dirty = fields.Boolean(
        required=True, metadata={"description": "whether something is not committed"}
    )
    diff = fields.Nested(DiffSchema, required=True)
    size_bytes = Whole(maximum=INT8, required=True, metadata={"description": "on disk"})
    state = fields.Enum(WorkspaceState, by_value=True, required=True)
    updated_at = Timestamp(
        required=True, metadata={"description": "when the machine last told of it"}
    )
