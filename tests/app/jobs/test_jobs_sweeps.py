"""Every job is registered, and safe to run twice."""

from datetime import timedelta

import pytest
from flask import Flask

from app import job_names, jobs, wakeups
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db, get_celery, redis
from app.jobs.schedule import INTERVALS, SCHEDULE
from app.models import Machine, MachineHeartbeat, Task
from app.services.clock import now
from app.services.ops import heartbeats
from tests.factories import make_attempt, make_gate, make_machine, make_server_process
from tests.factories import make_task as a_task


def test_each_name_is_a_job(app: Flask) -> None:
    names = {value for name, value in vars(job_names).items() if name.isupper()}
    assert set(jobs.JOBS) == names
    assert set(INTERVALS) == set(SCHEDULE) == names - {job_names.CHAT_EVENT}  # which takes an id
    assert names <= set(get_celery(app).tasks)


@pytest.mark.parametrize("name", INTERVALS)
def test_a_job_on_empty_tables_does_nothing_twice(app: Flask, name: str) -> None:
    for _ in range(2):
        get_celery(app).tasks[name].run()


def long_silent() -> Machine:
    machine = make_machine()
    sign = db.session.get_one(MachineHeartbeat, machine.id)
    sign.received_at, sign.lease_until = now() - timedelta(hours=1), now() - timedelta(minutes=50)
    db.session.commit()
    return machine


def test_the_sweep_of_machines_sees_silence_and_the_end_of_leases(app: Flask) -> None:
    make_server_process()
    machine = long_silent()
    task = a_task(status=TaskStatus.RUNNING)
    make_attempt(task, machine)
    for _ in range(2):
        jobs.sweep_machines()
    db.session.refresh(task)
    db.session.refresh(machine)
    assert (task.status, machine.status) == (TaskStatus.QUEUED, "offline")


def test_the_sweep_of_gates_fails_what_nobody_answered(app: Flask) -> None:
    task = a_task(status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.GATE)
    make_gate(task, expires_at=now() - timedelta(seconds=1))
    for _ in range(2):
        jobs.sweep_gates()
    assert db.session.get_one(Task, task.id, populate_existing=True).status is TaskStatus.FAILED


def test_a_dispatch_leaves_a_life_sign(app: Flask) -> None:
    jobs.assign_queued()
    assert redis.client.exists(heartbeats.DISPATCHER)


def test_a_thousand_wake_ups_send_one_job(app: Flask) -> None:
    for _ in range(1000):
        wakeups.wake_dispatch()
        db.session.commit()
    assert redis.client.llen("dispatch") == 1


def test_the_sweep_of_drains_stops_what_outlives_the_deadline(app: Flask) -> None:
    past = now() - timedelta(seconds=1)
    machine = make_machine(status="draining", drain_started_at=past, drain_deadline=past)
    task = a_task(status=TaskStatus.RUNNING)
    make_attempt(task, machine)
    for _ in range(2):
        jobs.sweep_drains()
    db.session.refresh(task)
    assert task.status is TaskStatus.QUEUED
