"""A denied host is recorded once, and up to a hundred hosts are."""

from typing import Any

import pytest
from sqlalchemy import select

from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Event, OutboxEntry, Task
from app.services.dispatch import dispatcher
from app.services.tasks import egress, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_live, status, warnings_of
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]  # fixtures


def make_started_task(machine: FakeMachine, create: Create, *stages: dict[str, Any]) -> Task:
    task = create(list(stages) or [DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def refuse(machine: FakeMachine, task: Task, *hosts: str, stage: int = 0) -> None:
    machine.report_on(task, *(frames.EgressRefused(stage, host) for host in hosts))


def refusal_events(task: Task) -> list[Event]:
    query = select(Event).where(Event.task_id == task.id, Event.type == E.EGRESS_REFUSED)
    return list(db.session.scalars(query.order_by(Event.number)))


def hosts(task: Task) -> list[tuple[int, int | None, str | None]]:
    """Attempt, stage and host of each event."""
    return [
        (event.attempt, event.stage_index, event.data.get("host")) for event in refusal_events(task)
    ]


def news(task: Task) -> int:
    query = select(OutboxEntry).where(
        OutboxEntry.task_id == task.id, OutboxEntry.kind == "egress_refused"
    )
    return len(db.session.scalars(query).all())


def test_the_event_names_the_host_and_the_stage_and_who_can_help(
    machine: FakeMachine, create: Create
) -> None:
    task = make_started_task(machine, create)
    refuse(machine, task, "evil.example:22")
    (event,) = refusal_events(task)
    assert event.data == {"host": "evil.example:22", "network": "project"}
    assert event.message == (
        "stage “develop” was denied evil.example:22, which the project's network setting doesn't "
        "allow; a maintainer can allow it"
    )


def test_a_stage_with_a_network_of_its_own_says_where_that_is_changed(
    machine: FakeMachine, create: Create
) -> None:
    task = make_started_task(machine, create, {**DEVELOP, "network": "none"})
    refuse(machine, task, "a.example")
    (event,) = refusal_events(task)
    assert event.data == {"host": "a.example", "network": "stage"}
    assert "a maintainer can change it in the pipeline" in event.message


def test_a_host_is_told_once_for_each_stage(machine: FakeMachine, create: Create) -> None:
    task = make_started_task(machine, create)
    refuse(machine, task, "a.example", "a.example", "b.example")
    refuse(machine, task, "a.example")
    machine.report_finished(task)
    machine.report_started(task, stage=1)
    refuse(machine, task, "a.example", stage=1)
    refuse(machine, task, "a.example", stage=0)
    assert hosts(task) == [(1, 0, "a.example"), (1, 0, "b.example"), (1, 1, "a.example")]


def test_another_attempt_of_the_round_tells_it_no_more_and_another_round_does(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = make_started_task(machine, create)
    refuse(machine, task, "a.example")
    machine.report_on(task, frames.Lost("reboot"))
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.report_started(task)
    refuse(machine, task, "a.example")
    assert hosts(task) == [(1, 0, "a.example")]
    machine.report_finished(task, code=1)
    tasks.retry(actor, task.id)
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.report_started(task)
    refuse(machine, task, "a.example")
    assert hosts(task) == [(1, 0, "a.example"), (3, 0, "a.example")]


def test_of_a_hundred_hosts_the_last_word_is_that_there_are_more(
    machine: FakeMachine, create: Create
) -> None:
    task = make_started_task(machine, create)
    refuse(machine, task, *(f"h{number}.example" for number in range(egress.MAX_EVENTS + 20)))
    refuse(machine, task, "another.example")
    *named, last = refusal_events(task)
    assert [event.data["host"] for event in named] == [
        f"h{number}.example" for number in range(egress.MAX_EVENTS)
    ]
    assert last.data == {}
    assert (
        last.message
        == "stage “develop” was denied more than 100 hosts; further ones aren't recorded"
    )
    assert news(task) == egress.MAX_NOTIFICATIONS


def test_what_is_refused_at_the_end_is_in_the_history_and_no_news(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = make_started_task(machine, create)
    tasks.cancel(actor, task.id)
    refuse(machine, task, "late.example")
    assert (hosts(task), news(task), warnings_of(task)) == ([(1, 0, "late.example")], 0, [])


@pytest.mark.parametrize(
    ("host", "stored_host"),
    [("\x1b[2Ja\nb", "⟨U+001B⟩[2Ja�b"), ("a" * 500, "a" * egress.MAX_HOST)],
    ids=["escapes", "long"],
)
def test_a_host_is_one_short_line_whatever_the_stage_asked_for(
    machine: FakeMachine, create: Create, host: str, stored_host: str
) -> None:
    task = make_started_task(machine, create)
    refuse(machine, task, host, host)
    assert hosts(task) == [(1, 0, stored_host)]


def test_a_stage_that_there_is_not_breaks_nothing(machine: FakeMachine, create: Create) -> None:
    task = make_started_task(machine, create)
    refuse(machine, task, "a.example", stage=7)
    assert hosts(task) == [(1, 7, "a.example")]
    assert (status(task), make_live(task).ended_at) == (TaskStatus.RUNNING, None)
