"""Who wants a machine emptied, and why: people, and a disk that is full."""

import uuid

import pytest
from flask import Flask

from app.domain.errors import Forbidden, MachineDecommissioned, NotFound
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, MachineHeartbeat
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import drains, queries
from tests.app.services.fake_machine import FakeMachine
from tests.app.services.machines.drains_world import create, report_drained, request_drain
from tests.factories import make_developer, make_machine

# ---- the intent ----------------------------------------------------------------------------------


def test_a_second_drain_changes_nothing_but_what_it_names(
    lead: Developer, machine: FakeMachine
) -> None:
    drains.drain(lead, machine.machine_id, note="new disk")
    first = queries.get(machine.machine_id).drain
    other = make_developer(role=SystemRole.ADMIN)
    assert drains.drain(other, machine.machine_id).drain == first
    again = drains.drain(other, machine.machine_id, deadline_seconds=60).drain
    assert again
    assert first
    assert again.pop("deadline") > now()
    assert first.pop("deadline") is None
    assert again == first


@pytest.mark.parametrize("connected", [True, False])
def test_an_undrained_machine_is_online_if_it_is_there(
    lead: Developer, machine: FakeMachine, connected: bool
) -> None:
    request_drain(machine, lead)
    machine.row.connected = connected
    db.session.commit()
    for _ in range(2):
        view = drains.undrain(lead, machine.machine_id)
        assert view.machine.status == ("online" if connected else "offline")
        assert view.drain is None


def test_developers_may_not_drain(app: Flask, machine: FakeMachine) -> None:
    for act in (drains.drain, drains.undrain):
        with pytest.raises(Forbidden):
            act(make_developer(), machine.machine_id)
    assert machine.row.status is MachineStatus.ONLINE


def test_what_is_not_there_cannot_be_drained(lead: Developer) -> None:
    gone = make_machine(status=MachineStatus.DECOMMISSIONED, connected=False)
    for act in (drains.drain, drains.undrain):
        with pytest.raises(MachineDecommissioned):
            act(lead, gone.id)
        db.session.rollback()
        with pytest.raises(NotFound):
            act(lead, uuid.uuid4())
        db.session.rollback()


def test_drained_said_of_an_earlier_time_does_not_count_while_a_task_is_on_its_way(
    lead: Developer, machine: FakeMachine
) -> None:
    create()
    dispatcher.assign_queued()
    request_drain(machine, lead)
    report_drained(machine)
    assert machine.row.status is MachineStatus.DRAINING


# ---- a full disk ---------------------------------------------------------------------------------


def report_disk(machine: FakeMachine, percent: float, generation: int | None = None) -> None:
    speaks = machine.generation if generation is None else generation
    drains.check_disk(machine.machine_id, speaks, percent, now())


def test_a_machine_whose_disk_is_too_full_is_drained_with_the_reason(machine: FakeMachine) -> None:
    report_disk(machine, 93.4)
    view = queries.get(machine.machine_id)
    assert view.machine.status is MachineStatus.DRAINING
    assert view.drain is not None
    assert (view.drain["by"], view.drain["note"]) == (None, "its disk is 93 % full")


def test_an_undrain_wins_over_a_full_disk_until_the_disk_has_had_space(
    lead: Developer, machine: FakeMachine
) -> None:
    beat(machine, 93.4)
    report_disk(machine, 93.4)
    drains.undrain(lead, machine.machine_id)
    report_disk(machine, 95)
    assert machine.row.status is MachineStatus.ONLINE
    report_disk(machine, 60)
    report_disk(machine, 91)
    assert machine.row.status is MachineStatus.DRAINING


def beat(machine: FakeMachine, percent: float) -> None:
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id)
    sign.metrics = {"diskPercent": percent}
    db.session.commit()


def test_a_drain_of_a_persons_is_not_explained_away(lead: Developer, machine: FakeMachine) -> None:
    drains.drain(lead, machine.machine_id, note="new kernel")
    report_disk(machine, 93.4)
    assert machine.row.drain_note == "new kernel"


def test_a_replaced_connections_disk_drains_nothing(machine: FakeMachine) -> None:
    report_disk(machine, 93.4, machine.generation - 1)
    assert machine.row.status is MachineStatus.ONLINE
