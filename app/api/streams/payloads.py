"""News as JSON: the shapes of the lists that they are also in."""

from datetime import datetime
from typing import Any

from app.api.streams.hub import News
from app.domain.timestamps import written
from app.services.notify.stream_batch import Row


def said(item: News) -> dict[str, Any]:
    """The data of a `news` event. `unreadCount` is null where it has not changed, `machines` where
    their list has to be read."""
    return {
        "events": [event(row) for row in item.events],
        "notifications": [_notification(row) for row in item.notifications],
        "unreadCount": item.unread,
        "machines": None if item.machines is None else list(item.machines),
        "inboxChanged": item.inbox_changed,
    }


def event(row: Row) -> dict[str, Any]:
    """An event as in the list of its task's events, and with the task."""
    return {
        "taskId": row["task_id"],
        "projectKey": row["project_key"],
        "id": row["number"],
        "type": row["type"],
        "attempt": row["attempt"],
        "stageIndex": row["stage_index"],
        "message": row["message"],
        "data": row["data"],
        "createdAt": _moment(row["created_at"]),
    }


def _notification(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": row["type"],
        "title": row["title"],
        "body": row["body"],
        "taskId": row["task_id"],
        "readAt": _moment(row["read_at"]),
        "createdAt": _moment(row["created_at"]),
    }


def _moment(text: str | None) -> str | None:
    return written(datetime.fromisoformat(text)) if text else None
