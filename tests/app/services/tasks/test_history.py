"""A task's events are numbered in commit order, without gaps, whatever writes them."""

import threading
from collections.abc import Callable
from functools import partial

from flask import Flask

from app.domain.errors import DomainError
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import liveness
from app.services.tasks import gate_expiry, gates, history, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, events_of, make_driven
from tests.factories import make_developer, make_project

STAGES = [
    {"name": "one", "command": "x", "kind": "shell", "timeout": 60},
    {"name": "two", "command": "x", "kind": "shell", "timeout": 60, "confirm": True},
]


def at_once(app: Flask, *acts: Callable[[], object]) -> None:
    """All of it at the same moment, each act in a context and on a connection of its own."""
    start = threading.Barrier(len(acts))
    problems: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                act()
            except DomainError:
                pass  # it came too late; then it has written nothing
            except BaseException as problem:
                problems.append(problem)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems


def actor(developer_id: int) -> Developer:
    return db.session.get_one(Developer, developer_id)


def test_people_machines_and_sweeps_write_one_history(committed_app: Flask) -> None:
    admin, project = make_developer(role=SystemRole.ADMIN), make_project(pipeline=STAGES)
    for turn in range(12):
        machine = make_driven()
        task = tasks.create(
            admin,
            project_key=project.key,
            description="Do it.",
            machine_id=machine.machine_id,
        )
        dispatcher.assign_queued()
        machine.report_started(task)
        if turn % 2:
            machine.report_finished(task)
        play(committed_app, admin.id, machine, task)
        db.session.rollback()
        check(admin, task)


def play(app: Flask, admin_id: int, machine: FakeMachine, task: Task) -> None:
    task_id, later = task.id, now().replace(year=now().year + 1)
    at_once(
        app,
        lambda: machine.report_on(task, *(frames.Note("info", str(n)) for n in range(20))),
        lambda: gates.confirm_stage(actor(admin_id), task_id, 1, "confirm"),
        lambda: tasks.cancel(actor(admin_id), task_id),
        lambda: liveness.detect_silent(later),
        lambda: liveness.expire_leases(later),
        dispatcher.assign_queued,
        lambda: gate_expiry.expire(later),
        lambda: tasks.retry(actor(admin_id), task_id),
    )


def test_a_task_that_no_machine_has_yet_has_one_history_too(committed_app: Flask) -> None:
    """Here no machine's lock helps: the task's own orders those who write."""
    admin, project = make_developer(role=SystemRole.ADMIN), make_project(pipeline=STAGES[1:])
    machine_id = make_driven().machine_id
    for _ in range(12):
        task = tasks.create(
            admin, project_key=project.key, description="Do it.", machine_id=machine_id
        )
        answers = [partial(answer, admin.id, task.id) for _ in range(3)]
        cancels = [partial(cancel, admin.id, task.id) for _ in range(2)]
        at_once(committed_app, *answers, *cancels, dispatcher.assign_queued)
        db.session.rollback()
        check(admin, task)


def answer(developer_id: int, task_id: int) -> None:
    gates.confirm_stage(actor(developer_id), task_id, 0, "confirm")


def cancel(developer_id: int, task_id: int) -> None:
    tasks.cancel(actor(developer_id), task_id)


def check(admin: Developer, task: Task) -> None:
    types = events_of(task)  # asserts that there are no holes
    db.session.refresh(task)
    assert task.events == len(types)
    page = history.read_events(admin, task.id, limit=5, offset=len(types) - 3)
    assert (page.total, [event.number for event in page.items]) == (
        len(types),
        [len(types) - 2, len(types) - 1, len(types)],
    )


def test_a_page_of_events_costs_the_same_anywhere(app: Flask) -> None:
    admin, machine = make_driven_and_admin()
    task = tasks.create(admin, project_key=make_project().key, description="Do it.")
    dispatcher.assign_queued()
    machine.report_on(task, *(frames.Note("info", f"note {n} of 100 %") for n in range(100)))
    page = history.read_events(admin, task.id, limit=10, offset=50)
    assert ([event.number for event in page.items], page.total) == (list(range(51, 61)), 102)
    found = history.read_events(admin, task.id, search="NOTE 7", limit=3)
    assert (len(found.items), found.total) == (3, 11)
    assert history.read_events(admin, task.id, search="100 %").total == 100
    assert history.read_events(admin, task.id, search="1__ %").total == 0


def make_driven_and_admin() -> tuple[Developer, FakeMachine]:
    return make_developer(role=SystemRole.ADMIN), make_driven()
