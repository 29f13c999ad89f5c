"""The author of a message that may be unread is notified, and the task's creator."""

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Developer, Notification, Task
from app.services.clock import now
from app.services.notify import fan_out
from app.services.tasks import messages, tasks
from tests.app.services.fake_machine import FakeMachine
from tests.app.services.notify.fan_out_world import planned
from tests.app.services.tasks.messages_world import machine, outcome, working
from tests.app.services.tasks.stages_world import Create, actor, create
from tests.factories import add_member, make_binding, make_bot, make_developer

__all__ = ["actor", "create", "machine"]


@pytest.fixture
def task(machine: FakeMachine, create: Create) -> Task:
    return working(machine, create)


@pytest.fixture
def mei(task: Task) -> Developer:
    mei = make_developer()
    add_member(task.project, mei)
    return mei


def notified(developer: Developer) -> list[tuple[str, str]]:
    fan_out.expand(now())
    query = select(Notification.type, Notification.body).where(
        Notification.developer_id == developer.id, Notification.type == "message_unread"
    )
    return [(row.type, row.body) for row in db.session.execute(query)]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("unconfirmed", "the agent has perhaps not read message 1 by"),
        ("returned", "message 1 by"),
    ],
)
def test_its_author_is_notified_and_so_is_the_tasks_creator(
    actor: Developer, machine: FakeMachine, task: Task, mei: Developer, state: str, text: str
) -> None:
    make_binding(make_bot(), project=task.project)
    messages.create(mei, task.id, text="Use UTC.")
    outcome(machine, task, 1, state)
    tasks.cancel(actor, task.id)
    [(kind, body)] = notified(mei)
    assert (kind, body.startswith(text), "UTC" in body) == ("message_unread", True, False)
    assert notified(actor) == ([] if state == "returned" else [(kind, body)]), "who cancels knows"
    assert "message_unread" not in [kind for kind, _, _ in planned()]


def test_a_read_message_and_ones_own_cancellation_notify_nobody(
    actor: Developer, machine: FakeMachine, task: Task, mei: Developer
) -> None:
    messages.create(mei, task.id, text="Use UTC.")
    outcome(machine, task, 1, "delivered")
    messages.create(actor, task.id, text="And test it.")
    tasks.cancel(actor, task.id)
    assert (notified(mei), notified(actor)) == ([], [])
