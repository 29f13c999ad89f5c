"""Notifications, as JSON."""

from marshmallow import fields, validate

from app.api.pagination import CursorQuery, cursor_page_schema
from app.api.schemas.base import Id, Integer, Schema, Timestamp
from app.services.notify.notifications import MAX_UNREAD_COUNT


class NotificationFilter(CursorQuery):
    unread = fields.Boolean(load_default=False, metadata={"description": "only unread ones"})


class NotificationSchema(Schema):
    id = Id(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    task_id = Id(required=True, allow_none=True)
    read_at = Timestamp(required=True, allow_none=True)
    created_at = Timestamp(required=True)


class NotificationPage(cursor_page_schema(NotificationSchema)):  # type: ignore[misc]
    unread_count = Integer(
        required=True,
        metadata={
            "description": f"of all notifications, not only this page; up to {MAX_UNREAD_COUNT}"
        },
    )


class UnreadMark(Schema):
    ids = fields.List(Id(), required=True, validate=validate.Length(1, 200))


class ReadSchema(Schema):
    updated = Integer(required=True)
