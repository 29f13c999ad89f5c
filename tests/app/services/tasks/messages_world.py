"""What tests of messages to agents share: tasks with a working agent, and what it's sent."""

from typing import Any

import pytest
from flask import Flask

from app.domain.task_message import MessageState
from app.extensions import db
from app.models import Task, TaskMessage
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.machines.orders import DesiredAction, DesiredState
from app.services.tasks import interrupts, message_queue
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_live
from tests.app.services.tasks.stages_world import DEVELOP, Create
from tests.factories import make_machine

WAITING, DELIVERED = MessageState.WAITING, MessageState.DELIVERED
UNCONFIRMED, RETURNED = MessageState.UNCONFIRMED, MessageState.RETURNED
WITHDRAWN, FOLLOWED_UP = MessageState.WITHDRAWN, MessageState.FOLLOWED_UP


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    """A machine whose agent reads messages while it works."""
    return make_reader()


def make_reader() -> FakeMachine:
    made = FakeMachine(make_machine(slots_total=2).id, takes_messages=True)
    made.hello()
    return made


def working(machine: FakeMachine, create: Create, *pipeline: dict[str, Any]) -> Task:
    """A task whose first stage runs."""
    task = create(list(pipeline) or [DEVELOP])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def desired(task: Task, action: DesiredAction) -> list[DesiredState]:
    found = orders.orders_of_machine(make_live(task).machine_id, now()).attempts
    return [each for each in found if each.action is action and each.task_id == task.id]


def sent(task: Task) -> list[frames.AgentMessage]:
    """The messages that the machine is to pass on to the working agent."""
    found = desired(task, DesiredAction.MESSAGE)
    return [message_queue.build_order(each.row, each.number) for each in found]


def interrupt_sent(task: Task) -> frames.Interrupt | None:
    found = desired(task, DesiredAction.INTERRUPT)
    return interrupts.build_order(found[0].row) if found else None


def ordered(task: Task) -> frames.RunStage:
    """The order for the task's stage."""
    [found] = desired(task, DesiredAction.RUN)
    return orders.build_run_order(found)


def prompted(task: Task) -> list[str]:
    """The messages with that order."""
    return [each.text for each in ordered(task).messages]


def outcome(machine: FakeMachine, task: Task, number: int, state: Any, **more: Any) -> None:
    at = more.pop("stage", 0), more.pop("run", 0)
    machine.report_on(task, frames.MessageOutcome(number, state, *at), **more)


def states(task: Task) -> list[tuple[str, MessageState]]:
    query = db.select(TaskMessage).where(TaskMessage.task_id == task.id)
    rows = db.session.scalars(
        query.order_by(TaskMessage.number).execution_options(populate_existing=True)
    ).all()
    db.session.refresh(task)
    assert task.messages_waiting == sum(row.state is WAITING for row in rows)
    return [(row.text, row.state) for row in rows]


def row_of(task: Task, number: int = 1) -> TaskMessage:
    query = db.select(TaskMessage).where(
        TaskMessage.task_id == task.id, TaskMessage.number == number
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).one()
