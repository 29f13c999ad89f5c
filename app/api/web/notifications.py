"""Your own notifications."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import paginate_by_cursor
from app.api.schemas.notifications import (
    NotificationFilter,
    NotificationPage,
    NotificationSchema,
    ReadSchema,
    UnreadMark,
)
from app.models import Notification
from app.services.notify import notifications

blp = Blueprint(
    "notifications", __name__, url_prefix="/api/web/notifications", description="Notifications"
)


@blp.get("")
@blp.arguments(NotificationFilter, location="query")
@blp.response(200, NotificationPage)
def list_notifications(query: dict[str, Any]) -> dict[str, Any]:
    """List your notifications, newest first."""
    found = notifications.listing(current_developer(), unread=query.pop("unread"))
    page = paginate_by_cursor(found, Notification.id, **query)
    return {**page, "unread_count": notifications.unread_count(current_developer())}


@blp.post("/<int:notification_id>/read")
@blp.response(200, NotificationSchema)
def mark_notification_read(notification_id: int) -> Notification:
    """Mark a notification as read. Repeating it does nothing."""
    return notifications.mark_read(current_developer(), notification_id)


@blp.post("/read-all")
@blp.response(200, ReadSchema)
def mark_all_notifications_read() -> dict[str, int]:
    """Mark all your notifications as read."""
    return {"updated": notifications.mark_all_read(current_developer())}


@blp.post("/unread")
@blp.arguments(UnreadMark)
@blp.response(200, ReadSchema)
def mark_notifications_unread(body: dict[str, Any]) -> dict[str, int]:
    """Mark these notifications as unread; other developers' don't change."""
    return {"updated": notifications.mark_unread(current_developer(), body["ids"])}
