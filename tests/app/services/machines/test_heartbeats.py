"""Heartbeats of many machines, in one statement."""

import uuid
from datetime import timedelta

from flask import Flask

from app.domain.machine import MachineStatus
from app.extensions import db
from app.models import MachineHeartbeat
from app.services.clock import now
from app.services.machines import heartbeats
from app.services.machines.heartbeats import ReceivedHeartbeat
from muster.protocol.frames import Metrics
from tests.app.services.statements import counted
from tests.factories import make_machine


def heartbeat_of(
    machine_id: uuid.UUID, generation: int = 0, metrics: Metrics | None = None
) -> ReceivedHeartbeat:
    return ReceivedHeartbeat(machine_id, generation, 1, now() + timedelta(seconds=5), metrics)


def test_a_hundred_heartbeats_cost_one_statement(app: Flask) -> None:
    machines = [make_machine() for _ in range(100)]
    signs = [heartbeat_of(machine.id) for machine in machines]
    with counted() as statements:
        answers = heartbeats.write_heartbeats(signs)
    assert len([s for s in statements if "SAVEPOINT" not in s]) == 1, statements
    assert set(answers) == {machine.id for machine in machines}
    row = db.session.get_one(MachineHeartbeat, machines[7].id, populate_existing=True)
    assert row.received_at == signs[7].received_at
    assert row.lease_until - row.received_at == timedelta(seconds=app.config["LEASE_SECONDS"])


def test_metrics_stay_when_a_heartbeat_brings_none(app: Flask) -> None:
    machine = make_machine()
    heartbeats.write_heartbeats([heartbeat_of(machine.id, metrics=Metrics(cpu_percent=42.5))])
    heartbeats.write_heartbeats([heartbeat_of(machine.id)])
    row = db.session.get_one(MachineHeartbeat, machine.id, populate_existing=True)
    assert row.metrics is not None
    assert row.metrics["cpuPercent"] == 42.5


def test_a_replaced_connections_heartbeat_counts_for_nothing(app: Flask) -> None:
    machine = make_machine(generation=2)
    before = db.session.get_one(MachineHeartbeat, machine.id).received_at
    assert heartbeats.write_heartbeats([heartbeat_of(machine.id, generation=1)]) == {}
    row = db.session.get_one(MachineHeartbeat, machine.id, populate_existing=True)
    assert row.received_at == before


def test_the_answer_says_whether_the_orders_changed_and_whether_it_was_given_up(
    app: Flask,
) -> None:
    machine = make_machine(orders_version=7, connected=False)
    standing = heartbeats.write_heartbeats([heartbeat_of(machine.id)])[machine.id]
    assert (standing.orders_version, standing.is_heard) == (7, False)


def test_a_disk_that_is_too_full_is_told_until_somebody_has_done_something(app: Flask) -> None:
    machine = make_machine()

    def disk_reported_at(percent: float) -> float | None:
        full = heartbeat_of(machine.id, metrics=Metrics(disk_percent=percent))
        return heartbeats.write_heartbeats([full])[machine.id].disk

    assert [disk_reported_at(percent) for percent in (50, 91, 95)] == [None, 91, 95]
    assert heartbeats.write_heartbeats([heartbeat_of(machine.id)])[machine.id].disk is None
    machine.disk_accepted = True
    db.session.commit()
    assert [disk_reported_at(percent) for percent in (95, 80)] == [None, 80]
    machine.status, machine.disk_accepted = MachineStatus.DRAINING, False
    db.session.commit()
    assert disk_reported_at(95) is None
