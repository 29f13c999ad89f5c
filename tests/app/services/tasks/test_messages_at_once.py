"""A message and what happens at the same moment: it's delivered once, or returned."""

from functools import partial

from flask import Flask

from app.domain.roles import SystemRole
from app.domain.task import EventType
from app.domain.task_message import TooLate
from app.extensions import db
from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.tasks import interrupts, messages, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, events_of, make_live
from tests.app.services.tasks.messages_world import (
    DELIVERED,
    FOLLOWED_UP,
    RETURNED,
    WAITING,
    WITHDRAWN,
    make_reader,
    ordered,
    row_of,
    sent,
    states,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP
from tests.app.services.tasks.test_history import actor as developer_of
from tests.app.services.tasks.test_history import at_once
from tests.factories import make_developer, make_project

ROUNDS = 6


def _running(machine: FakeMachine, admin: Developer, *pipeline: dict[str, object]) -> Task:
    project = make_project(pipeline=list(pipeline) or [DEVELOP])
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def test_a_message_at_the_stages_end_is_returned_once_or_becomes_one_follow_up(
    committed_app: Flask,
) -> None:
    machine, admin = make_reader(), make_developer(role=SystemRole.ADMIN)
    admin_id = admin.id
    for number in range(ROUNDS):
        choice = (TooLate.RETURN, TooLate.FOLLOW_UP)[number % 2]
        task = _running(machine, admin, DEVELOP, CHECK)
        end = make_live(task).log_bytes

        def send(task_id: int = task.id, choice: TooLate = choice) -> None:
            messages.create(developer_of(admin_id), task_id, text="One.", if_too_late=choice)

        made = machine.report(task.id, task.attempt, frames.StageFinished(0, end, "exit", 0))
        at_once(committed_app, send, partial(machine.apply, [made]))
        db.session.expire_all()
        expected = RETURNED if choice is TooLate.RETURN else FOLLOWED_UP
        assert (states(task), sent(task)) == ([("One.", expected)], [])
        assert task.follow_ups_queued == number % 2
        tasks.cancel(admin, task.id)
        machine.report_on(task, frames.Stopped())


def test_a_message_is_withdrawn_or_goes_with_the_prompt(committed_app: Flask) -> None:
    machine, admin = make_reader(), make_developer(role=SystemRole.ADMIN)
    admin_id = admin.id
    for _ in range(ROUNDS):
        project = make_project(pipeline=[DEVELOP])
        task = tasks.create(admin, project_key=project.key, description="Do it.")
        made = messages.create(admin, task.id, text="One.")
        dispatcher.assign_queued()
        db.session.commit()
        orders_built: list[frames.RunStage] = []

        def withdraw(task_id: int = task.id, message_id: int = made.id) -> None:
            messages.withdraw(developer_of(admin_id), task_id, message_id)

        def build(task_id: int = task.id, built: list[frames.RunStage] = orders_built) -> None:
            built.append(ordered(db.session.get_one(Task, task_id)))

        at_once(committed_app, withdraw, build)
        db.session.expire_all()
        [order] = orders_built
        machine.report_started(task)
        assert states(task) == [("One.", DELIVERED if order.messages else WITHDRAWN)]
        tasks.cancel(admin, task.id)
        machine.report_on(task, frames.Stopped())


def test_of_two_interrupts_at_once_one_stops_the_agent(committed_app: Flask) -> None:
    machine, admin = make_reader(), make_developer(role=SystemRole.ADMIN)
    admin_id = admin.id
    for _ in range(ROUNDS):
        task = _running(machine, admin)

        def interrupt(task_id: int = task.id) -> None:
            interrupts.request(developer_of(admin_id), task_id)

        at_once(committed_app, *[interrupt] * 4)
        db.session.expire_all()
        assert events_of(task).count(EventType.INTERRUPTED) == 1
        found = interrupts.current(make_live(task))
        assert found is not None
        assert found.number == 1
        tasks.cancel(admin, task.id)
        machine.report_on(task, frames.Stopped())


def test_of_messages_at_once_each_gets_a_number_of_its_own(committed_app: Flask) -> None:
    machine, admin = make_reader(), make_developer(role=SystemRole.ADMIN)
    admin_id = admin.id
    task = _running(machine, admin)

    def send(text: str, task_id: int = task.id) -> None:
        messages.create(developer_of(admin_id), task_id, text=text)

    at_once(committed_app, *(partial(send, f"{number}.") for number in range(4)))
    db.session.expire_all()
    assert {state for _, state in states(task)} == {WAITING}
    assert [each.number for each in sent(task)] == [1, 2, 3, 4]
    assert row_of(task, 4).attempt == 1
