"""/api/web/workspaces/:taskId, and what a gate shows of the work before it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import liveness
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven, make_held_attempt, make_live
from tests.factories import (
    make_attempt,
    make_developer,
    make_gate,
    make_machine,
    make_project,
    make_server_process,
    make_task,
    make_workspace,
)

Headers = dict[str, str]

PIPELINE = [
    {"name": "develop", "command": "x", "kind": "agent", "timeout": 60},
    {"name": "check", "command": "x", "kind": "shell", "timeout": 60, "confirm": True},
]
REPORTED = frames.WorkspaceFacts(
    state="ready",
    path="/w/7-1",
    branch="muster/7-1",
    base_commit="ba5e",
    head_commit="4ead",
    dirty=True,
    diff=frames.DiffStat(files_changed=1, insertions=2, deletions=3),
    size_bytes=5 << 30,
)
CHANGED = {"filesChanged": 1, "insertions": 2, "deletions": 3}
ASKED_ABOUT = {**CHANGED, "href": None}  # the machine has told the numbers alone


@pytest.fixture
def admin(app: object) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def headers(admin: Developer, login: Callable[[Developer], Headers]) -> Headers:
    return login(admin)


@pytest.fixture
def machine(app: object) -> FakeMachine:
    return make_driven()


@pytest.fixture
def task(admin: Developer, machine: FakeMachine) -> Task:
    """At its first stage; before the second one is a gate."""
    project = make_project(pipeline=PIPELINE)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    assert dispatcher.assign_queued() == 1
    machine.orders()
    machine.report_started(task)
    return task


def get_workspace(client: FlaskClient, task: Task, headers: Headers) -> dict[str, object]:
    answer = client.get(f"/api/web/workspaces/{task.id}", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def pending_diff(client: FlaskClient, task: Task, headers: Headers) -> object:
    answer = client.get(f"/api/web/tasks/{task.id}/pending-confirm", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json["diff"]


def test_a_workspace_is_shown_as_its_machine_told_of_it_last(
    client: FlaskClient, task: Task, machine: FakeMachine, headers: Headers
) -> None:
    machine.report_on(task, frames.WorkspaceFacts(state="preparing"))
    seen = get_workspace(client, task, headers)
    assert [seen[name] for name in ("state", "path", "dirty")] == ["preparing", None, False]
    machine.report_on(task, REPORTED)
    seen = get_workspace(client, task, headers)
    assert str(seen.pop("updatedAt")).endswith("Z")
    assert seen == {
        "taskId": task.id,
        "machineId": str(machine.machine_id),
        "attempt": 1,
        "path": "/w/7-1",
        "branch": f"muster/{task.id}-1",
        "baseCommit": "ba5e",
        "headCommit": "4ead",
        "dirty": True,
        "diff": CHANGED,
        "sizeBytes": 5 << 30,
        "state": "ready",
    }


def test_of_one_that_is_gone_the_last_facts_stay(
    client: FlaskClient, task: Task, machine: FakeMachine, headers: Headers
) -> None:
    machine.report_on(task, REPORTED)
    machine.report_on(task, frames.WorkspaceFacts(state="removed"))
    seen = get_workspace(client, task, headers)
    assert [seen[name] for name in ("state", "sizeBytes", "headCommit", "diff", "branch")] == [
        "removed",
        0,
        "4ead",
        CHANGED,
        f"muster/{task.id}-1",
    ]


def test_the_latest_attempts_is_shown_and_none_is_said_so(
    client: FlaskClient, headers: Headers
) -> None:
    task = make_task(status=TaskStatus.RUNNING)
    missing = client.get(f"/api/web/workspaces/{task.id}", headers=headers)
    assert (missing.status_code, missing.json["code"]) == (404, "no_workspace")
    machine = make_machine()
    lost = make_attempt(task, machine, number=1, ended_at=now(), outcome="lost", has_slot=False)
    make_workspace(lost, dirty=False)
    make_workspace(make_attempt(task, machine, number=2), dirty=True)
    seen = get_workspace(client, task, headers)
    assert (seen["attempt"], seen["dirty"]) == (2, True)


def test_a_gate_shows_what_the_checkpoint_before_it_changed(
    client: FlaskClient, task: Task, machine: FakeMachine, headers: Headers
) -> None:
    machine.report_on(
        task,
        frames.WorkspaceFacts(state="ready", diff=frames.DiffStat(files_changed=9)),
        frames.Checkpoint(0, f"refs/muster/{task.id}/1/0", "c0ffee", REPORTED.diff),
    )
    machine.report_finished(task)
    assert pending_diff(client, task, headers) == ASKED_ABOUT
    # What a machine says later is of later work.
    machine.report_on(
        task, frames.WorkspaceFacts(state="ready", diff=frames.DiffStat(files_changed=8))
    )
    assert pending_diff(client, task, headers) == ASKED_ABOUT


def test_it_shows_that_too_after_its_machine_is_lost(
    client: FlaskClient, task: Task, machine: FakeMachine, headers: Headers
) -> None:
    make_server_process()
    machine.report_on(
        task, frames.Checkpoint(0, f"refs/muster/{task.id}/1/0", "c0ffee", REPORTED.diff)
    )
    machine.report_finished(task)
    later = now() + timedelta(seconds=700)
    liveness.detect_silent(later)
    liveness.expire_leases(later)
    assert make_live(task).ended_at is not None
    assert pending_diff(client, task, headers) == ASKED_ABOUT


def test_without_a_checkpoint_a_gate_shows_what_is_known_of_the_workspace(
    client: FlaskClient, task: Task, machine: FakeMachine, headers: Headers
) -> None:
    machine.report_on(task, REPORTED)
    machine.report_finished(task)
    assert pending_diff(client, task, headers) == ASKED_ABOUT
    machine.hello(make_held_attempt(task, "waiting"))
    assert gates.find_open_gate(task) is not None
    assert pending_diff(client, task, headers) == ASKED_ABOUT


def test_before_any_work_a_gate_shows_none(client: FlaskClient, headers: Headers) -> None:
    first = [{**PIPELINE[0], "confirm": True}]
    task = make_task(pipeline=first, status=TaskStatus.SUSPENDED, suspend_reason="gate")
    task.checkpoints = {"0": {"ref": "r", "commit": "c", "attempt": 1, "diff": CHANGED}}
    task.attempt = 1  # of an earlier round, whose work is not what is asked about
    over = {"ended_at": now(), "outcome": "failed", "has_slot": False}
    make_workspace(make_attempt(task, make_machine(), **over))
    make_gate(task)
    db.session.commit()
    assert pending_diff(client, task, headers) is None
