"""What needs somebody, as JSON."""

from marshmallow import fields

from app.api.pagination import CursorQuery, cursor_page_schema
from app.api.schemas.base import INT8, Boolean, Integer, Schema, Timestamp
from app.api.schemas.diffs import DiffLineSchema
from app.api.schemas.gates import PendingGateSchema
from app.api.schemas.machines import SlotsSchema
from app.api.schemas.tasks import ListedTaskSchema
from app.api.schemas.texts import CommaList
from app.domain.inbox import DefaultAction, InboxAction, InboxKind, MachineProblem
from app.domain.machine import MachineStatus
from app.services.inbox.keys import MAX_COUNT


class InboxFilter(CursorQuery):
    kind = CommaList(InboxKind)


class ShortFileSchema(Schema):
    path = fields.String(required=True)
    insertions = Integer(required=True)
    deletions = Integer(required=True)


class ExcerptSchema(Schema):
    """Lines of a file, with what has changed there first."""

    path = fields.String(required=True)
    lines = fields.List(fields.Nested(DiffLineSchema), required=True)


class ShortDiffSchema(Schema):
    """What a task has changed, in short; the whole of it is the task's diff."""

    commit = fields.String(required=True)
    files_changed = Integer(required=True)
    insertions = Integer(maximum=INT8, required=True)
    deletions = Integer(maximum=INT8, required=True)
    files = fields.List(
        fields.Nested(ShortFileSchema),
        required=True,
        metadata={"description": "some of them, those with the most lines first"},
    )
    excerpt = fields.Nested(ExcerptSchema, required=True, allow_none=True)


class MachineProblemSchema(Schema):
    reason = fields.Enum(MachineProblem, by_value=True, required=True)
    agent = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    until = Timestamp(required=True, allow_none=True)


class UnhealthyMachineSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    status = fields.Enum(MachineStatus, by_value=True, required=True)
    slots = fields.Nested(SlotsSchema, required=True)
    disk_percent = fields.Float(required=True, allow_none=True)
    last_seen_at = Timestamp(required=True, allow_none=True)
    problems = fields.List(fields.Nested(MachineProblemSchema), required=True)


class InboxItemSchema(Schema):
    """Something that needs you. Of `task` and `machine` one is null."""

    id = fields.String(
        required=True, metadata={"description": "stays the same while the item is there"}
    )
    kind = fields.Enum(InboxKind, by_value=True, required=True)
    since = Timestamp(required=True, allow_none=True, metadata={"description": "null: not known"})
    default_action = fields.Enum(
        DefaultAction,
        by_value=True,
        required=True,
        metadata={"description": "what happens by itself where nobody does anything"},
    )
    at = Timestamp(required=True, allow_none=True, metadata={"description": "and when"})
    actions = fields.List(
        fields.Enum(InboxAction, by_value=True),
        required=True,
        metadata={"description": "what you may do about it, with this credential"},
    )
    task = fields.Nested(ListedTaskSchema, required=True, allow_none=True)
    gate = fields.Nested(PendingGateSchema, required=True, allow_none=True)
    change = fields.Nested(ShortDiffSchema, required=True, allow_none=True)
    log_tail = fields.List(
        fields.String(), required=True, metadata={"description": "how the log of a failure ends"}
    )
    retry_from = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "the stage that a failure can be retried from, if you may"},
    )
    machine = fields.Nested(UnhealthyMachineSchema, required=True, allow_none=True)


class InboxCountsSchema(Schema):
    """How many there are, of this kind or that; each counts to the same most."""

    gate = Integer(required=True)
    question = Integer(required=True)
    budget = Integer(required=True)
    failure = Integer(required=True)
    result = Integer(required=True)
    machine = Integer(required=True)


class InboxPage(cursor_page_schema(InboxItemSchema)):  # type: ignore[misc]
    total = Integer(
        required=True, metadata={"description": "of all kinds together, whatever is asked for"}
    )
    counts = fields.Nested(
        InboxCountsSchema, required=True, metadata={"description": f"each up to {MAX_COUNT}"}
    )


class Dismissal(Schema):
    dismissed = Boolean(required=True)
