"""Notifications."""

from typing import Any

from app.models import Developer, Notification
from tests.factories.rows import now, stored


def make_notification(developer: Developer, **fields: Any) -> Notification:
    """An unread notification, about no task."""
    defaults = {
        "developer_id": developer.id,
        "type": "task_completed",
        "title": "It is done.",
        "body": "All of it.",
        "created_at": now(),
    }
    return stored(Notification, defaults, fields)
