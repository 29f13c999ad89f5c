"""Cards that are edited when their question is over, and what fanning out costs."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

from app import wakeups
from app.domain.delivery import DeliveryAction, DeliveryState
from app.domain.notification_rules import NotificationType
from app.domain.task import EventType
from app.extensions import db, redis
from app.models import (
    Delivery,
    Developer,
    Notification,
    Project,
    Task,
)
from app.services.accounts import preferences
from app.services.clock import now
from app.services.notify import fan_out, notifications
from app.services.tasks import gate_expiry, gates, history, tasks
from tests.app.services.notify.fan_out_world import GATED, answer, make_asking_task, planned, reject
from tests.app.services.statements import counted
from tests.factories import (
    make_binding,
    make_bot,
    make_developer,
    make_project,
)

# ---- cards ---------------------------------------------------------------------------------------


def with_card(ada: Developer, project: Project) -> Task:
    make_binding(make_bot(), project=project, platform_chat_id="room")
    task = make_asking_task(ada, project)
    fan_out.expand(now())
    return task


def edits() -> list[str]:
    return [kind for kind, act, _ in planned() if act == DeliveryAction.EDIT]


def cancel(ada: Developer, bob: Developer, task: Task) -> None:
    tasks.cancel(ada, task.id)


def expire(ada: Developer, bob: Developer, task: Task) -> None:
    gate = gates.find_open_gate(task)
    assert gate is not None
    gate.expires_at = task.created_at
    db.session.commit()
    assert gate_expiry.expire(now()) == 1


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (answer, "gate_answered"),
        (reject, "gate_answered"),
        (cancel, "task_cancelled"),
        (expire, "gate_expired"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_card_is_edited_once_when_nobody_can_answer_any_more(
    ada: Developer, bob: Developer, project: Project, act: Any, kind: str
) -> None:
    task = with_card(ada, project)
    act(ada, bob, task)
    fan_out.expand(now())
    assert edits() == [kind]
    fan_out.expand(now())
    assert edits() == [kind]


def test_a_withdrawn_question_closes_its_card(ada: Developer, project: Project) -> None:
    task = with_card(ada, project)
    about = {"withdrawn": True}
    history.record_event(task, EventType.WARNING, "withdrawn", now(), stage_index=0, data=about)
    db.session.commit()
    fan_out.expand(now())
    assert edits() == ["gate_withdrawn"]


def test_a_refused_host_closes_no_question(ada: Developer, project: Project) -> None:
    task = with_card(ada, project)
    about = {"host": "a.example", "network": "project"}
    history.record_event(
        task, EventType.EGRESS_REFUSED, "refused", now(), stage_index=0, data=about
    )
    db.session.commit()
    assert fan_out.expand(now()) == 1
    assert edits() == []


def test_a_card_that_nobody_got_is_not_edited(
    ada: Developer, bob: Developer, project: Project
) -> None:
    task = with_card(ada, project)
    db.session.scalars(select(Delivery)).one().state = DeliveryState.DEAD
    db.session.commit()
    gates.confirm_stage(bob, task.id, 0, "confirm")
    fan_out.expand(now())
    assert edits() == []


def test_the_card_of_a_new_round_is_another(
    ada: Developer, bob: Developer, project: Project
) -> None:
    task = with_card(ada, project)
    tasks.cancel(ada, task.id)
    tasks.retry(ada, task.id)
    fan_out.expand(now())
    assert edits() == ["task_cancelled"]
    gates.confirm_stage(bob, task.id, 0, "confirm")
    fan_out.expand(now())
    assert edits() == ["task_cancelled", "gate_answered"]
    cards = {row.card_id for row in db.session.scalars(select(Delivery)) if row.card_id}
    assert len(cards) == 2


# ---- what it costs -------------------------------------------------------------------------------


def statements_for(recipients: int) -> int:
    people = [make_developer() for _ in range(recipients)]
    project = make_project(members=people, pipeline=GATED)
    for person in people[:3]:
        preferences.update(person, {NotificationType.GATE_OPENED: {"chat": False}})
    make_binding(make_bot(), project=project)
    tasks.create(people[0], project_key=project.key, description="Do it.")
    with counted() as sent:
        assert fan_out.expand(now()) == 1
    assert sum(notifications.unread_count(person) for person in people) == recipients
    return len([line for line in sent if "SAVEPOINT" not in line])


def test_a_thousand_recipients_of_one_event_cost_one_transaction_and_as_many_statements_as_three(
    committed_app: Flask,
) -> None:
    few = statements_for(3)
    people = [make_developer() for _ in range(1000)]
    project = make_project(members=people, pipeline=GATED)
    make_binding(make_bot(), project=project)
    tasks.create(people[0], project_key=project.key, description="Do it.")
    commits: list[sa.Connection] = []

    def note(connection: sa.Connection) -> None:
        commits.append(connection)

    sa.event.listen(db.engine, "commit", note)
    try:
        with counted() as sent:
            assert fan_out.expand(now()) == 1
    finally:
        sa.event.remove(db.engine, "commit", note)
    assert len(commits) == 1
    assert len(sent) <= few + 1 <= 10
    assert db.session.query(Notification).count() == 3 + 1000


def test_only_what_people_are_told_of_costs_a_statement_more(app: Flask) -> None:
    def asked_for(type_: EventType) -> int:
        task = tasks.create(ada, project_key=project.key, description="x")
        with counted() as sent:
            history.record_event(task, type_, "x", now())
            db.session.commit()
        return len([line for line in sent if line.startswith("INSERT")])

    ada = make_developer()
    project = make_project(members=[ada])
    assert asked_for(EventType.STAGE_STARTED) == 1
    assert asked_for(EventType.COMPLETED) == 2


def test_many_events_wake_one_job(
    app: Flask, ada: Developer, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "FLAG_MILLISECONDS", 60_000)  # a busy machine
    for _ in range(20):
        make_asking_task(ada, project)
    assert redis.client.llen("notify") == 1
