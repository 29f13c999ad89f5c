"""Outbox rows and deliveries."""

from typing import Any

from app.domain.audience import NewsKind
from app.domain.delivery import DeliveryAct, DeliveryState
from app.models import Bot, Delivery, OutboxEntry, Task
from tests.factories.rows import now, numbers, stored


def make_outbox_entry(task: Task, **given: Any) -> OutboxEntry:
    """An event that has been expanded: the task is done."""
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
    """A message of the bot's, pending and due; by default of an event of its own."""
    defaults = {
        "outbox_id": (entry or make_outbox_entry(task)).id,
        "task_id": task.id,
        "bot_id": bot.id,
        "chat_id": "C1",
        "act": DeliveryAct.POST,
        "state": DeliveryState.PENDING,
        "due_at": now(),
        "created_at": now(),
    }
    return stored(Delivery, defaults, given)
