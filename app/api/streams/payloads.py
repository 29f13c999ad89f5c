"""Stream updates as JSON, in the format of the lists."""

from datetime import datetime
from typing import Any

from app.api.schemas.task_details import AgentActivitySchema
from app.api.streams.hub import Update
from app.domain.timestamps import to_rfc3339
from app.services.notify.stream_batch import Row

_ACTIVITY = AgentActivitySchema()


def update_payload(item: Update) -> dict[str, Any]:
    """Return the data of an `update` event.

    `unreadCount` is null if it hasn't changed, `machines` if the list must be read.
    """
    return {
        "events": [event_payload(row) for row in item.events],
        "notifications": [_notification_payload(row) for row in item.notifications],
        "unreadCount": item.unread,
        "machines": None if item.machines is None else list(item.machines),
        "inboxChanged": item.inbox_changed,
        "activities": [
            {"taskId": each.task_id, "activity": _ACTIVITY.dump(each.activity)}
            if each.activity
            else {"taskId": each.task_id, "activity": None}
            for each in item.activities
        ],
    }


def event_payload(row: Row) -> dict[str, Any]:
    """Return an event as in its task's event list, plus the task."""
    return {
        "taskId": row["task_id"],
        "projectKey": row["project_key"],
        "id": row["number"],
        "type": row["type"],
        "attempt": row["attempt"],
        "stageIndex": row["stage_index"],
        "message": row["message"],
        "data": row["data"],
        "createdAt": _timestamp(row["created_at"]),
    }


def _notification_payload(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": row["type"],
        "title": row["title"],
        "body": row["body"],
        "taskId": row["task_id"],
        "readAt": _timestamp(row["read_at"]),
        "createdAt": _timestamp(row["created_at"]),
    }


def _timestamp(text: str | None) -> str | None:
    return to_rfc3339(datetime.fromisoformat(text)) if text else None
