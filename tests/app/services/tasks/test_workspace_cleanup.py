"""What machines keep of ended tasks is bounded in time and in size, and nothing live is touched."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome, WorkspaceState
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Machine, Workspace
from app.services.clock import now
from app.services.tasks import workspace_cleanup
from tests.factories import make_attempt, make_machine, make_task
from tests.factories.rows import stored

GB = 1 << 30


@pytest.fixture(autouse=True)
def _limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WORKSPACES_GIGABYTES", 10)


@pytest.fixture
def machine(app: Flask) -> Machine:
    return make_machine()


def make_workspace_of_size(
    machine: Machine, gigabytes: int, *, hours_ago: int, live: bool = False, **given: Any
) -> Attempt:
    """A workspace of that size, of an attempt that ended so long ago."""
    status = TaskStatus.QUEUED if live else TaskStatus.COMPLETED
    ended = now() - timedelta(hours=hours_ago)
    about = {"ended_at": ended, "outcome": AttemptOutcome.LOST, "has_slot": False}
    about["forget_at"] = ended + timedelta(days=1)
    attempt = make_attempt(make_task(status=status), machine, **(about | given))
    facts = {
        "task_id": attempt.task_id,
        "attempt": attempt.number,
        "machine_id": machine.id,
        "state": WorkspaceState.READY,
        "size_bytes": gigabytes * GB,
        "updated_at": ended,
    }
    texts = dict.fromkeys(("path", "branch", "base_commit", "head_commit"), "")
    stored(Workspace, {**texts, "dirty": False, "diff": {}}, facts)
    return attempt


def are_released(*attempts: Attempt) -> list[bool]:
    moment = now()
    for attempt in attempts:
        db.session.refresh(attempt)
    return [a.forget_at is not None and a.forget_at <= moment for a in attempts]


def test_of_too_much_the_oldest_go_first(machine: Machine) -> None:
    found = [make_workspace_of_size(machine, 4, hours_ago=hours) for hours in (1, 3, 2)]
    version = machine.orders_version
    assert workspace_cleanup.sweep(now()) == 1
    assert are_released(*found) == [False, True, False]
    db.session.refresh(machine)
    assert machine.orders_version == version + 1


def test_what_a_live_task_may_begin_from_counts_and_stays(machine: Machine) -> None:
    needed = make_workspace_of_size(machine, 9, hours_ago=5, live=True)
    over = make_workspace_of_size(machine, 2, hours_ago=1)
    assert workspace_cleanup.sweep(now()) == 1
    assert are_released(needed, over) == [False, True]


def test_what_is_at_work_counts_and_stays(machine: Machine) -> None:
    alive = {"ended_at": None, "outcome": None, "forget_at": None}
    at_work = make_workspace_of_size(machine, 30, hours_ago=0, live=True, **alive)
    over = make_workspace_of_size(machine, 1, hours_ago=1)
    workspace_cleanup.sweep(now())
    assert are_released(at_work, over) == [False, True]


def test_each_machine_has_its_own_quota(machine: Machine) -> None:
    found = [make_workspace_of_size(whose, 6, hours_ago=1) for whose in (machine, make_machine())]
    assert workspace_cleanup.sweep(now()) == 0
    assert are_released(*found) == [False, False]


def test_what_is_gone_already_does_not_count(machine: Machine) -> None:
    make_workspace_of_size(machine, 9, hours_ago=2, forgotten_at=now())
    other = make_workspace_of_size(machine, 9, hours_ago=1)
    assert workspace_cleanup.sweep(now()) == 0
    assert are_released(other) == [False]


def test_what_is_over_its_time_goes_however_small(machine: Machine) -> None:
    old = make_workspace_of_size(machine, 0, hours_ago=25)
    assert workspace_cleanup.sweep(now()) == 1
    assert are_released(old) == [True]


def test_a_machine_that_has_been_told_is_not_shortened_again(machine: Machine) -> None:
    found = [make_workspace_of_size(machine, 6, hours_ago=hours) for hours in (1, 2)]
    workspace_cleanup.sweep(now())
    are_released(*found)
    first = [a.forget_at for a in found]
    workspace_cleanup.sweep(now())
    are_released(*found)
    assert [a.forget_at for a in found] == first


def test_a_machine_that_is_away_is_not_told_again_and_again(machine: Machine) -> None:
    make_workspace_of_size(machine, 20, hours_ago=30)
    machine.connected = False
    db.session.commit()
    assert workspace_cleanup.sweep(now()) == 0
