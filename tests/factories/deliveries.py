"""Outbox rows and deliveries."""

from typing import Any

from sqlalchemy import select

from app.domain.delivery import DeliveryAction, DeliveryState
from app.domain.notification_rules import NotificationType
from app.extensions import db
from app.models import Bot, BotBinding, Delivery, OutboxEntry, Project, Task
from tests.factories.bots import make_binding
from tests.factories.rows import now, numbers, stored


def make_outbox_entry(task: Task, **fields: Any) -> OutboxEntry:
    """An entry that has been expanded, about the completion of the task."""
    defaults = {
        "task_id": task.id,
        "number": next(numbers),
        "kind": NotificationType.TASK_COMPLETED,
        "round": task.round,
        "message": "completed",
        "content": {"title": "Done", "body": "", "status": "completed", "projectKey": "P"},
        "created_at": now(),
        "expanded_at": now(),
    }
    return stored(OutboxEntry, defaults, fields)


def make_delivery(
    task: Task, bot: Bot, *, entry: OutboxEntry | None = None, **fields: Any
) -> Delivery:
    """A delivery of the bot's, pending and due; by default of a new entry, and to a chat that is
    bound to the task's project.
    """
    chat_id = fields.setdefault("chat_id", f"C{task.project_id}")
    if fields.get("developer_id") is None and not _is_bound(bot, chat_id):
        project = db.session.get_one(Project, task.project_id)
        make_binding(bot, project=project, platform_chat_id=chat_id)
    defaults = {
        "outbox_id": (entry or make_outbox_entry(task)).id,
        "task_id": task.id,
        "bot_id": bot.id,
        "action": DeliveryAction.POST,
        "state": DeliveryState.PENDING,
        "due_at": now(),
        "created_at": now(),
    }
    return stored(Delivery, defaults, fields)


def _is_bound(bot: Bot, chat_id: str) -> bool:
    query = select(BotBinding.id).filter_by(bot_id=bot.id, platform_chat_id=chat_id)
    return db.session.scalar(query) is not None
