"""Samples of machines' load: what is taken, what it costs, how hours come of minutes."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import delete, select

from app.domain.machine import MachineStatus
from app.domain.samples import SampleStep
from app.extensions import db
from app.models import Machine, MachineHeartbeat, MachineHour, MachineMinute
from app.services.machines import samples
from tests.app.services.statements import counted
from tests.factories import make_machine, make_minute

NOON = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def set_last_heartbeat(machine: Machine, at: datetime) -> None:
    db.session.get_one(MachineHeartbeat, machine.id).received_at = at
    db.session.commit()


def minutes() -> list[MachineMinute]:
    return list(db.session.scalars(select(MachineMinute).order_by(MachineMinute.at)))


def test_a_sample_is_what_the_last_heartbeat_of_its_minute_said(app: Flask) -> None:
    machine = make_machine(metrics={"cpuPercent": 12.5, "diskPercent": 40.0}, slots_used=2)
    set_last_heartbeat(machine, NOON + timedelta(seconds=42))
    assert samples.record_samples(NOON + timedelta(seconds=50)) == 1
    assert samples.record_samples(NOON + timedelta(seconds=55)) == 0  # of that minute there is one
    [taken] = minutes()
    assert (taken.at, taken.slots_used) == (NOON, 2)
    # What is 0 is not sent.
    assert (taken.cpu_percent, taken.memory_percent, taken.disk_percent) == (12.5, 0.0, 40.0)


def test_what_a_machine_has_not_said_is_unknown(app: Flask) -> None:
    machine = make_machine(metrics=None)
    set_last_heartbeat(machine, NOON)
    samples.record_samples(NOON)
    assert [m.cpu_percent for m in minutes()] == [None]


def test_a_machine_that_is_silent_or_gone_leaves_none(app: Flask) -> None:
    set_last_heartbeat(make_machine(), NOON - timedelta(minutes=3))
    set_last_heartbeat(make_machine(status=MachineStatus.DECOMMISSIONED), NOON)
    assert samples.record_samples(NOON) == 0


def test_a_pass_over_a_hundred_machines_costs_one_statement_and_a_look_at_the_hours(
    app: Flask,
) -> None:
    machines = [make_machine() for _ in range(100)]
    for machine in machines:
        set_last_heartbeat(machine, NOON)
    with counted() as statements:
        assert samples.record_samples(NOON) == 100
    sent = [s.split()[0] for s in statements if "SAVEPOINT" not in s]
    # The third sums up the hours of the day before, of which there are none.
    assert sent == ["INSERT", "SELECT", "INSERT"], statements
    make_minute(machines[0], at=NOON - HOUR)
    samples.record_samples(NOON + 2 * MINUTE)
    with counted() as statements:
        samples.record_samples(NOON + 3 * MINUTE)
    assert [s.split()[0] for s in statements if "SAVEPOINT" not in s] == ["INSERT", "SELECT"]


def test_an_hour_is_the_mean_of_its_minutes_once_it_is_over(app: Flask) -> None:
    machine = make_machine()
    for minute, cpu in ((0, 10.0), (1, 20.0), (59, 90.0)):
        make_minute(machine, at=NOON + minute * MINUTE, cpu_percent=cpu, slots_used=minute % 2)
    make_minute(machine, at=NOON + HOUR, cpu_percent=1.0)
    samples.record_samples(NOON + HOUR + MINUTE)
    assert db.session.scalars(select(MachineHour)).all() == []  # its last minute may still come
    for late in (2, 3):  # again changes nothing
        samples.record_samples(NOON + HOUR + late * MINUTE)
        [hour] = db.session.scalars(select(MachineHour))
        assert (hour.at, hour.cpu_percent, hour.cpu_highest) == (NOON, 40.0, 90.0)
        assert round(hour.slots_used, 2) == 0.67


def test_hours_that_nobody_summed_up_in_time_are_summed_up_later(app: Flask) -> None:
    machine = make_machine()
    for back in (5, 3):
        make_minute(machine, at=NOON - back * HOUR)
    samples.record_samples(NOON + 5 * MINUTE)
    found = db.session.scalars(select(MachineHour.at).order_by(MachineHour.at))
    assert list(found) == [NOON - 5 * HOUR, NOON - 3 * HOUR]


def test_a_day_is_told_by_minutes_and_more_by_hours(app: Flask) -> None:
    machine, other = make_machine(), make_machine()
    for each, back in ((machine, 25 * HOUR), (machine, 2 * HOUR), (machine, HOUR), (other, HOUR)):
        make_minute(each, at=NOON - back)
    of_minutes = samples.samples_of_machine(machine.id, SampleStep.MINUTE, NOON)
    assert of_minutes.at == [NOON - 2 * HOUR, NOON - HOUR]
    assert (of_minutes.cpu_percent, of_minutes.cpu_highest) == ([50.0, 50.0], [50.0, 50.0])
    samples.record_samples(NOON + 2 * MINUTE)
    db.session.execute(delete(MachineMinute))
    of_hours = samples.samples_of_machine(machine.id, SampleStep.HOUR, NOON + 2 * MINUTE)
    assert (of_hours.step, of_hours.at) == (SampleStep.HOUR, [NOON - 2 * HOUR, NOON - HOUR])


def test_the_day_of_many_machines_is_by_half_hours_and_one_query(app: Flask) -> None:
    busy, silent = make_machine(), make_machine()
    for minute, cpu in ((0, 10.0), (29, 30.0), (30, 80.0)):
        make_minute(busy, at=NOON - HOUR + minute * MINUTE, cpu_percent=cpu)
    ids = [silent.id, busy.id]
    with counted() as statements:
        none, day = samples.daily_loads(ids, NOON)
    assert len([s for s in statements if "SAVEPOINT" not in s]) == 1, statements
    assert (none.machine_id, none.at) == (silent.id, [])
    assert (day.at, day.cpu_percent) == ([NOON - HOUR, NOON - HOUR / 2], [20.0, 80.0])


def test_a_number_too_small_for_a_column_keeps_no_other_machine_from_its_sample(app: Flask) -> None:
    smallest = {"cpuPercent": 5e-324, "memoryPercent": 1e-60, "diskPercent": 33.125}
    for machine in (make_machine(metrics=smallest), make_machine()):
        set_last_heartbeat(machine, NOON)
    assert samples.record_samples(NOON) == 2
    assert (0.0, 0.0, 33.125) in {
        (each.cpu_percent, each.memory_percent, each.disk_percent) for each in minutes()
    }
