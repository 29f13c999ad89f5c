"""What GET /api/web/stream tells beside events: of machines, and of one's inbox that it may have
changed.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.streams import hub, machine_changes
from app.domain.machine import MachineEvent
from app.domain.roles import SystemRole
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Developer, Machine, MachineHeartbeat, Project, Task
from app.services.clock import now
from app.services.machines import drains, transitions
from tests.app.api.web.stream_world import (
    Listen,
    Listener,
    ada,
    happen,
    listen,
    project,
    task,
)
from tests.app.services.statements import counted
from tests.factories import (
    access_token_of,
    add_member,
    make_developer,
    make_machine,
    make_project,
    make_task,
)

__all__ = ["ada", "listen", "project", "task"]

pytestmark = pytest.mark.usefixtures("committed_app")


@pytest.fixture(autouse=True)
def polls_immediately(committed_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        hub.get_hub(committed_app), "_machine_watcher", machine_changes.MachineWatcher()
    )
    monkeypatch.setattr(machine_changes, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(machine_changes, "LOAD_UPDATE_SECONDS", 0.0)


@pytest.fixture
def lead(committed_app: Flask) -> Developer:
    return make_developer(role=SystemRole.LEAD)


def falls_silent(machine: Machine) -> None:
    transitions.apply_event(machine, MachineEvent.TIME_OUT, now())
    db.session.commit()


def beats(machine: Machine, **load: float) -> None:
    heartbeat = db.session.get_one(MachineHeartbeat, machine.id)
    heartbeat.metrics = {**(heartbeat.metrics or {}), **load}
    db.session.commit()


def updates_about(listener: Listener, is_wanted: Callable[[Any], bool]) -> Any:
    """The next data of which that is so."""
    while not is_wanted(update := listener.next().data):
        pass
    return update


# ---- machines ------------------------------------------------------------------------------------


def test_of_a_machine_it_tells_what_has_changed_and_of_a_new_one_all(
    listen: Listen, ada: Developer, committed_client: FlaskClient
) -> None:
    machine = make_machine()
    listener = listen(ada)
    assert listener.next().data["machines"] is None  # the list says how they are
    falls_silent(machine)
    [change] = updates_about(listener, lambda update: update["machines"])["machines"]
    assert change == {"id": str(machine.id), "status": "offline", "connected": False}
    make_machine()
    [new] = updates_about(listener, lambda update: update["machines"])["machines"]
    headers = {"Authorization": f"Bearer {access_token_of(ada)}"}
    listed = committed_client.get("/api/web/machines", headers=headers).json["items"]
    assert new in listed


def test_a_status_that_is_as_before_again_is_told_to_who_may_have_read_another(
    listen: Listen, lead: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = make_machine()
    listener = listen(lead)
    listener.next()
    monkeypatch.setattr(machine_changes, "POLL_SECONDS", 3600.0)
    drains.drain(lead, machine.id)
    drains.undrain(lead, machine.id)
    monkeypatch.setattr(machine_changes, "POLL_SECONDS", 0.0)
    update = updates_about(
        listener, lambda update: (update["machines"] or [{}])[0].get("status") == "online"
    )
    assert (update["machines"][0]["drain"], update["inboxChanged"]) == (None, True)


def test_a_status_is_told_once_however_late_its_change_is_noted(committed_app: Flask) -> None:
    machine = make_machine()
    watch = machine_changes.MachineWatcher()
    watch.start()
    for event in (MachineEvent.TIME_OUT, MachineEvent.CONNECT):
        transitions.apply_event(machine, event, now())
        db.session.commit()
    look = watch.poll()
    watch.mark_sent(look)
    assert look.changes == []
    for is_told in (True, False):
        watch.note_status_change([str(machine.id)])
        look = watch.poll()
        watch.mark_sent(look)
        assert ([change["status"] for change in look.changes] == ["online"]) is is_told


def test_load_is_told_where_it_is_another_and_heartbeats_are_not(
    listen: Listen, ada: Developer
) -> None:
    machine = make_machine()
    listener = listen(ada)
    listener.next()
    beats(machine, cpuPercent=9.9)  # from 5
    beats(machine, cpuPercent=50.0)
    [change] = updates_about(listener, lambda update: update["machines"])["machines"]
    assert set(change) == {"id", "metrics"}
    assert change["metrics"]["cpuPercent"] == 50


def test_load_is_told_no_more_often_than_so(
    listen: Listen, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_changes, "LOAD_UPDATE_SECONDS", 3600.0)
    machine = make_machine()
    listener = listen(ada)
    listener.next()
    beats(machine, cpuPercent=99.0)
    falls_silent(machine)
    [change] = updates_about(listener, lambda update: update["machines"])["machines"]
    assert set(change) == {"id", "status", "connected"}


def test_a_look_at_machines_costs_the_same_however_many_look_on(
    committed_app: Flask, ada: Developer
) -> None:
    machines = [make_machine() for _ in range(5)]
    watch = machine_changes.MachineWatcher()
    watch.start()
    with counted() as quiet:
        assert watch.poll().changes == []
    for machine in machines:
        falls_silent(machine)
    with counted() as loud:
        look = watch.poll()
    assert len(look.changes) == 5
    selects = [[line for line in sent if line.startswith("SELECT")] for sent in (quiet, loud)]
    assert [len(each) for each in selects] == [1, 2]
    assert len(watch.poll().changes) == 5  # they were not told
    watch.mark_sent(look)
    assert watch.poll().changes == []


def test_of_many_changed_machines_some_are_told_later(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_changes, "MAX_MACHINES_PER_POLL", 2)
    watch = machine_changes.MachineWatcher()
    watch.start()
    ids = {str(make_machine().id) for _ in range(5)}
    sent_ids: list[str] = []
    for _ in range(3):
        look = watch.poll()
        sent_ids += [change["id"] for change in look.changes]
        watch.mark_sent(look)
    assert (len(sent_ids), set(sent_ids)) == (5, ids)


# ---- the inbox -----------------------------------------------------------------------------------


def test_it_says_whose_inbox_may_have_changed(
    listen: Listen, ada: Developer, lead: Developer, project: Project, task: Task
) -> None:
    """The lead sees the project, and answers nothing in it."""
    streams = [listen(ada), listen(lead)]
    assert [stream.next().data["inboxChanged"] for stream in streams] == [True, True]
    theirs = make_task(project=project, creator=lead)
    inbox_changes = []
    for about, type_ in (
        (task, EventType.STAGE_STARTED),
        (task, EventType.SUSPENDED),
        (theirs, EventType.COMPLETED),
    ):
        happen(about, "x", type_)
        events = [updates_about(stream, lambda update: update["events"]) for stream in streams]
        inbox_changes.append([each["inboxChanged"] for each in events])
    assert inbox_changes == [[False, False], [True, False], [True, True]]


def test_an_unhealthy_machine_changes_the_inbox_of_leads(
    listen: Listen, ada: Developer, lead: Developer
) -> None:
    machine = make_machine()
    streams = [listen(ada), listen(lead)]
    for stream in streams:
        stream.next()
    falls_silent(machine)
    updates = [updates_about(stream, lambda update: update["machines"]) for stream in streams]
    assert [each["inboxChanged"] for each in updates] == [False, True]


def test_what_one_does_in_another_tab_and_new_rights_change_the_inbox(
    listen: Listen, ada: Developer, project: Project, committed_client: FlaskClient
) -> None:
    ended = make_task(project=project, creator=ada, status=TaskStatus.FAILED, finished_at=now())
    listener = listen(ada)
    listener.next()
    headers = {"Authorization": f"Bearer {access_token_of(ada)}"}
    path = f"/api/web/tasks/{ended.id}/dismiss"
    assert committed_client.put(path, json={"dismissed": True}, headers=headers).status_code == 200
    assert listener.next().data["inboxChanged"]
    happen(ended, "judged once, so that what ada sees is known")
    listener.updates(1)
    add_member(make_project(), ada)
    assert updates_about(listener, lambda update: update["inboxChanged"])["events"] == []


def test_who_comes_back_is_told_to_ask_again(listen: Listen, ada: Developer) -> None:
    first = listen(ada)
    first.next()
    first.close()
    again = listen(ada, first.last_id).next()
    assert (again.event, again.data["inboxChanged"]) == ("update", True)
    assert (again.data["machines"], again.data["unreadCount"]) == (None, 0)
