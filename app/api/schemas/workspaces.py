"""Workspaces, as JSON."""

from typing import Any

from marshmallow import fields

from app.api.schemas.base import INT8, Id, Integer, Schema, Timestamp
from app.api.schemas.tasks import DiffSchema
from app.domain.attempt import WorkspaceState


class ReportedText(fields.String):
    """A text that the machine has reported; null before that."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, allow_none=True, **kwargs)

    def _serialize(self, value: str | None, *args: Any, **kwargs: Any) -> str | None:
        return super()._serialize(value, *args, **kwargs) or None


class WorkspaceSchema(Schema):
    task_id = Id(required=True)
    machine_id = fields.UUID(required=True)
    attempt = Integer(required=True)
    path = ReportedText(metadata={"description": "path on the machine"})
    branch = ReportedText()
    base_commit = ReportedText(metadata={"description": "commit that the work is compared with"})
    head_commit = ReportedText()
    dirty = fields.Boolean(
        required=True, metadata={"description": "whether there are uncommitted changes"}
    )
    diff = fields.Nested(DiffSchema, required=True)
    size_bytes = Integer(maximum=INT8, required=True, metadata={"description": "bytes on disk"})
    state = fields.Enum(WorkspaceState, by_value=True, required=True)
    updated_at = Timestamp(
        required=True, metadata={"description": "time of the machine's last report"}
    )
