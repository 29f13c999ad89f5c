"""What the tests beside it share."""

from sqlalchemy import select

from app.extensions import db
from app.models import (
    Delivery,
    Developer,
    OutboxEntry,
    Project,
    Task,
)
from app.services.tasks import gates, tasks

GATED = [
    {"name": "publish", "command": "x", "kind": "agent", "timeout": 60, "confirm": True},
]


def make_asking_task(ada: Developer, project: Project) -> Task:
    """A task of ada's that waits for an answer."""
    return tasks.create(ada, project_key=project.key, description="Do it.")


def planned() -> list[tuple[str, str, str]]:
    """(kind, act, chat) of each delivery."""
    query = select(OutboxEntry.kind, Delivery.action, Delivery.chat_id).join(Delivery.outbox)
    return [tuple(row) for row in db.session.execute(query.order_by(Delivery.id))]


def answer(ada: Developer, bob: Developer, task: Task) -> None:
    gates.confirm_stage(bob, task.id, 0, "confirm")


def reject(ada: Developer, bob: Developer, task: Task) -> None:
    gates.confirm_stage(bob, task.id, 0, "reject")
