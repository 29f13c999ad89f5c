"""Passes of the dispatcher at once, and in the way of others: none clashes, none waits for ever."""

import multiprocessing
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.extensions import db
from app.models import Attempt, Event, Machine, Task
from app.services import locks
from app.services.dispatch import candidates, dispatcher
from app.services.dispatch import statements as dispatch_statements
from app.services.dispatch.candidates import LabelRequirements
from tests.app.services.dispatch.dispatch_world import (
    assigned_ids,
    assigned_twice,
    check_slots,
    make_tasks,
)
from tests.factories import make_machine

SLOTS = (1, 2, 5, 20, 60)
TIMEOUT_SECONDS = (
    100.0  # seconds for a process to start and end: where much else runs it takes a minute
)


def check_five_hundred(prepared: list[Machine]) -> None:
    """After all passes: as many tasks as there are slots, each once, the oldest ones."""
    db.session.expire_all()
    check_slots()
    assert len(assigned_ids()) == sum(SLOTS)
    assert assigned_ids() == list(
        db.session.scalars(sa.select(Attempt.task_id).order_by("task_id"))
    )
    events = sa.select(Event.task_id, sa.func.count()).where(Event.type == "assigned")
    assert {count for _, count in db.session.execute(events.group_by(Event.task_id))} == {1}
    for machine, slots in zip(prepared, SLOTS, strict=True):
        assert machine.slots_used == slots
        assert machine.orders_version > 0
    assert dispatcher.assign_queued() == 0


def prepare_five_hundred() -> list[Machine]:
    make_tasks(500)
    return [make_machine(slots_total=slots) for slots in SLOTS]


def test_dispatchers_in_many_threads_assign_each_task_once(committed_app: Flask) -> None:
    prepared = prepare_five_hundred()
    start = threading.Barrier(4)
    counts: list[int] = []

    def run() -> None:
        with committed_app.app_context():
            start.wait()
            counts.append(sum(dispatcher.assign_queued() for _ in range(5)))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == sum(SLOTS)
    check_five_hundred(prepared)


def _dispatch_in_process(environment: dict[str, str], start: Any, counts: Any) -> None:
    from tests.conftest import make_app

    with make_app(environment).app_context():
        start.wait(TIMEOUT_SECONDS)
        counts.put(sum(dispatcher.assign_queued() for _ in range(5)))


def test_dispatchers_in_two_processes_assign_each_task_once(
    committed_app: Flask, environment: dict[str, str]
) -> None:
    prepared = prepare_five_hundred()
    url = db.engine.url.render_as_string(hide_password=False)
    spawn = multiprocessing.get_context("spawn")
    start, counts = spawn.Barrier(2), spawn.Queue()
    arguments = ({**environment, "DATABASE_URL": url}, start, counts)
    children = [spawn.Process(target=_dispatch_in_process, args=arguments) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(TIMEOUT_SECONDS)
    ends = [child.exitcode for child in children]
    for child in children:
        child.kill()
    # What was promised is looked at first: a process that is slow breaks nothing.
    assert assigned_twice() == []
    check_slots()
    assert ends == [0, 0], "None: too slow for this test; any other: it failed, and said why"
    assert sum(counts.get(timeout=TIMEOUT_SECONDS) for _ in children) == sum(SLOTS)
    check_five_hundred(prepared)


def test_even_without_the_dispatchers_lock_no_task_is_assigned_twice(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The advisory lock saves work; what keeps rows right is that they are locked and judged."""
    lock = sa.true().label("has_lock"), dispatch_statements.LABEL_REQUIREMENTS
    anybody = dispatch_statements.CANDIDATES.add_columns(*lock)
    monkeypatch.setattr(dispatch_statements, "ACQUIRE_LOCK", anybody)
    tasks, machine = make_tasks(150), make_machine(slots_total=1000)
    start = threading.Barrier(4)
    counts: list[int] = []

    def run() -> None:
        with committed_app.app_context():
            start.wait()
            counts.append(dispatcher.assign_queued())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 4, "one of them has failed"
    dispatcher.assign_queued()
    db.session.refresh(machine)
    assert (assigned_ids(), machine.slots_used) == (tasks, len(tasks))
    check_slots()


def test_an_old_snapshot_overfills_no_machine(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_machine(slots_total=1)
    old = candidates.list_candidates()
    make_tasks(1)
    dispatcher.assign_queued()
    make_tasks(1)
    monkeypatch.setattr(dispatcher, "_acquire_lock", lambda: (old, LabelRequirements()))
    assert dispatcher.assign_queued() == 0
    check_slots()


def test_a_pass_that_comes_while_another_works_waits_and_sees_what_came_meanwhile(
    committed_app: Flask,
) -> None:
    make_tasks(1)
    make_machine()
    counts: list[int] = []

    def run() -> None:
        with committed_app.app_context():
            counts.append(dispatcher.assign_queued())

    late = threading.Thread(target=run)
    with db.engine.connect() as other:
        other.execute(dispatch_statements.WAIT_FOR_LOCK)
        late.start()
        wait_until_blocked()
        make_tasks(1)
    late.join(20)
    assert counts == [2]


def test_a_pass_gives_up_behind_another_that_does_not_end_and_beat_comes_again(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    briefly = sa.text("SET LOCAL lock_timeout = '50ms'")
    monkeypatch.setattr(dispatch_statements, "SET_SHORT_LOCK_TIMEOUT", briefly)
    make_tasks(1)
    make_machine()
    with db.engine.connect() as other:
        other.execute(dispatch_statements.WAIT_FOR_LOCK)
        assert dispatcher.assign_queued() == 0
    assert dispatcher.assign_queued() == 1
    assert db.session.scalar(sa.text("SHOW lock_timeout")) == "0"


def test_a_task_that_is_locked_is_left_for_the_next_pass(committed_app: Flask) -> None:
    (task_id,) = make_tasks(1)
    machine = make_machine()
    with db.engine.connect() as other:
        other.execute(sa.select(Task.id).where(Task.id == task_id).with_for_update())
        assert dispatcher.assign_queued() == 0
    db.session.refresh(machine)
    assert machine.slots_used == 0
    assert dispatcher.assign_queued() == 1


def test_locks_are_taken_in_the_houses_order(committed_app: Flask) -> None:
    """The holder of a machine's lock may wait for a task that the pass has assigned elsewhere."""
    tasks = make_tasks(4)
    last = max((make_machine(slots_total=2) for _ in range(2)), key=lambda m: m.id)
    waiting = threading.Event()
    done: list[str] = []

    def reports_of_the_last_machine() -> None:
        with committed_app.app_context():
            locks.lock_machine(last.id)
            waiting.set()
            wait_until_blocked()
            locks.lock_tasks(tasks)
            db.session.commit()
            done.append("reports")

    thread = threading.Thread(target=reports_of_the_last_machine)
    thread.start()
    waiting.wait(10)
    assert dispatcher.assign_queued() == 4
    thread.join(20)
    assert done == ["reports"]


def wait_until_blocked() -> None:
    """Until some transaction waits for a lock."""
    query = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with db.engine.connect() as watch:
        for _ in range(400):
            if watch.scalar(query):
                return
            watch.scalar(sa.text("SELECT pg_sleep(0.02)"))
    raise AssertionError("nobody waits")
