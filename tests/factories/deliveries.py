"""Outbox rows and deliveries."""

from typing import Any

from sqlalchemy import select

from app.domain.delivery import DeliveryAct, DeliveryState
from app.domain.notification_rules import NewsKind
from app.extensions import db
from app.models import Bot, BotBinding, Delivery, OutboxEntry, Project, Task
from tests.factories.bots import make_binding
from tests.factories.rows import now, numbers, stored


def make_outbox_entry(task: Task, **given: Any) -> OutboxEntry:
    """An entry that has been expanded, about the completion of the task."""
    defaults = {
        "task_id": task.id,
        "number": next(numbers),
        "kind": NewsKind.TASK_COMPLETED,
        "round": task.round,
        "message": "completed",
        "told": {"title": "Done", "body": "", "status": "completed", "projectKey": "P"},
        "created_at": now(),
        "expanded_at": now(),
    }
    return stored(OutboxEntry, defaults, given)


def make_delivery(
    task: Task, bot: Bot, *, entry: OutboxEntry | None = None, **given: Any
) -> Delivery:
    """A delivery of the bot's, pending and due; by default of a new entry, and to a chat that is
    bound to the task's project.
    """
    chat_id = given.setdefault("chat_id", f"C{task.project_id}")
    if given.get("developer_id") is None and not _is_bound(bot, chat_id):
        project = db.session.get_one(Project, task.project_id)
        make_binding(bot, project=project, platform_chat_id=chat_id)
    defaults = {
        "outbox_id": (entry or make_outbox_entry(task)).id,
        "task_id": task.id,
        "bot_id": bot.id,
        "act": DeliveryAct.POST,
        "state": DeliveryState.PENDING,
        "due_at": now(),
        "created_at": now(),
    }
    return stored(Delivery, defaults, given)


def _is_bound(bot: Bot, chat_id: str) -> bool:
    query = select(BotBinding.id).filter_by(bot_id=bot.id, platform_chat_id=chat_id)
    return db.session.scalar(query) is not None
