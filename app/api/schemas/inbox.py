"""Inbox items, as JSON."""

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
    """Lines of a file around its first change."""

    path = fields.String(required=True)
    lines = fields.List(fields.Nested(DiffLineSchema), required=True)


class ShortDiffSchema(Schema):
    """A summary of a task's changes; the task's diff has all of them."""

    commit = fields.String(required=True)
    files_changed = Integer(required=True)
    insertions = Integer(maximum=INT8, required=True)
    deletions = Integer(maximum=INT8, required=True)
    files = fields.List(
        fields.Nested(ShortFileSchema),
        required=True,
        metadata={"description": "some of the files, those with the most lines first"},
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
    """Something that needs your attention. Either `task` or `machine` is null."""

    id = fields.String(required=True, metadata={"description": "stable while the item exists"})
    kind = fields.Enum(InboxKind, by_value=True, required=True)
    since = Timestamp(required=True, allow_none=True, metadata={"description": "null: unknown"})
    default_action = fields.Enum(
        DefaultAction,
        by_value=True,
        required=True,
        metadata={"description": "what happens if no one acts"},
    )
    at = Timestamp(
        required=True, allow_none=True, metadata={"description": "time of the default action"}
    )
    actions = fields.List(
        fields.Enum(InboxAction, by_value=True),
        required=True,
        metadata={"description": "your actions for it, with this credential"},
    )
    task = fields.Nested(ListedTaskSchema, required=True, allow_none=True)
    gate = fields.Nested(PendingGateSchema, required=True, allow_none=True)
    change = fields.Nested(ShortDiffSchema, required=True, allow_none=True)
    log_tail = fields.List(
        fields.String(), required=True, metadata={"description": "last lines of a failure's log"}
    )
    refused_hosts = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "hosts that the task was denied, newest first; also of the kind `host`"
        },
    )
    retry_from = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "stage from which you can retry a failure"},
    )
    machine = fields.Nested(UnhealthyMachineSchema, required=True, allow_none=True)


class InboxCountsSchema(Schema):
    """Counts per kind; each is limited to the same maximum."""

    gate = Integer(required=True)
    question = Integer(required=True)
    permission = Integer(required=True)
    budget = Integer(required=True)
    host = Integer(required=True)
    terminal = Integer(required=True)
    failure = Integer(required=True)
    result = Integer(required=True)
    machine = Integer(required=True)


class InboxPage(cursor_page_schema(InboxItemSchema)):  # type: ignore[misc]
    total = Integer(required=True, metadata={"description": "of all kinds, whatever the filter"})
    counts = fields.Nested(
        InboxCountsSchema, required=True, metadata={"description": f"each up to {MAX_COUNT}"}
    )


class Dismissal(Schema):
    dismissed = Boolean(required=True)
