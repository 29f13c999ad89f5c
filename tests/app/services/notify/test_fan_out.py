"""From an event to those who hear of it: notifications, and deliveries to chats."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

from app.domain.audience import NewsKind, Scope
from app.domain.chat import BotPlatform
from app.domain.delivery import DeliveryAct, DeliveryState
from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import EventType
from app.extensions import db, redis
from app.models import (
    Delivery,
    Developer,
    Event,
    Notification,
    OutboxEntry,
    Project,
    ProjectMember,
    Task,
)
from app.services.clock import now
from app.services.notify import fan_out, notifications, outbox
from app.services.people import preferences
from app.services.tasks import gates, history, tasks
from tests.app.services.statements import counted
from tests.factories import (
    add_member,
    make_binding,
    make_bot,
    make_developer,
    make_project,
)

GATED = [
    {"name": "publish", "command": "x", "kind": "agent", "timeout": 60, "confirm": True},
]


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


@pytest.fixture
def bob(app: Flask) -> Developer:
    return make_developer(name="bob")


@pytest.fixture
def project(ada: Developer, bob: Developer) -> Project:
    return make_project(members=[ada, bob], pipeline=GATED)


def asked(ada: Developer, project: Project) -> Task:
    """A task of ada's that waits for an answer."""
    return tasks.create(ada, project_key=project.key, description="Do it.")


def told(developer: Developer) -> list[str]:
    query = select(Notification.type).where(Notification.developer_id == developer.id)
    return list(db.session.scalars(query.order_by(Notification.id)))


def planned() -> list[tuple[str, str, str]]:
    """(kind, act, chat) of each delivery."""
    query = select(OutboxEntry.kind, Delivery.act, Delivery.chat_id).join(Delivery.outbox)
    return [tuple(row) for row in db.session.execute(query.order_by(Delivery.id))]


def events_of(task: Task) -> list[EventType]:
    query = select(Event.type).where(Event.task_id == task.id).order_by(Event.number)
    return list(db.session.scalars(query))


def test_a_gate_is_told_to_all_who_may_answer_and_its_answer_to_nobody(
    ada: Developer, bob: Developer, project: Project
) -> None:
    outsider, admin = make_developer(), make_developer(role=SystemRole.ADMIN)
    task = asked(ada, project)
    assert fan_out.expand(now()) == 1
    gates.confirm(bob, task.id, 0, "confirm")
    assert fan_out.expand(now()) == 1
    assert told(ada) == told(bob) == ["gate_opened"]
    assert told(outsider) == told(admin) == []
    row = db.session.scalars(select(Notification)).first()
    assert row is not None
    assert (row.title, row.body) == (
        f"Task {task.id} waits for you",
        "stage publish asks: Run stage “publish”?",
    )


def test_who_cancels_their_own_task_is_not_told_and_whose_is_cancelled_is(
    ada: Developer, project: Project
) -> None:
    maintainer = make_developer()
    add_member(project, maintainer, ProjectRole.MAINTAINER)
    tasks.cancel(ada, asked(ada, project).id)
    tasks.cancel(maintainer, asked(ada, project).id)
    fan_out.expand(now())
    assert told(ada).count("task_cancelled") == 1
    assert told(maintainer).count("task_cancelled") == 0


def test_a_rejection_is_a_cancellation_by_somebody_else(
    ada: Developer, bob: Developer, project: Project
) -> None:
    gates.confirm(bob, asked(ada, project).id, 0, "reject", "not today")
    fan_out.expand(now())
    assert told(ada) == ["gate_opened", "task_cancelled"]
    assert told(bob) == ["gate_opened"]


def test_what_one_does_not_want_one_does_not_get(
    ada: Developer, bob: Developer, project: Project
) -> None:
    preferences.update(ada, {NewsKind.GATE_OPENED: {"in_app": False}})
    preferences.update(bob, {NewsKind.GATE_OPENED: {"scope": Scope.OWN}})
    asked(ada, project)
    fan_out.expand(now())
    assert told(ada) == told(bob) == []


def test_the_disabled_and_those_who_have_left_hear_nothing(
    ada: Developer, bob: Developer, project: Project
) -> None:
    task = asked(ada, project)
    bob.disabled_at = now()
    db.session.delete(db.session.get_one(ProjectMember, (project.id, ada.id)))
    db.session.commit()
    fan_out.expand(now())
    assert told(ada) == told(bob) == []
    assert events_of(task) == [EventType.CREATED, EventType.SUSPENDED]


def test_rooms_of_the_project_hear_of_it_and_no_others(ada: Developer, project: Project) -> None:
    bot = make_bot()
    make_binding(bot, project=project, platform_chat_id="here")
    make_binding(bot, platform_chat_id="elsewhere")
    hook = make_bot(platform=BotPlatform.WEBHOOK, app_id=None)
    make_binding(hook, project=project, platform_chat_id="any label")
    asked(ada, project)
    fan_out.expand(now())
    assert sorted(planned()) == [("gate_opened", "post", chat) for chat in ("any label", "here")]


@pytest.mark.parametrize(
    ("uid", "chats"),
    [
        ("slack:U1", ["U1"]),
        ("slack:T9:U1", []),  # nor could it act here: Slack calls it U1
        ("lark:ou_1", []),  # no bot speaks there
        ("teams:U1", []),
        ("U1", []),
        ("slack:", []),
    ],
)
def test_a_person_is_told_on_the_account_that_is_theirs(
    ada: Developer, project: Project, uid: str, chats: list[str]
) -> None:
    make_bot()
    make_bot()
    ada.platform_uid = uid
    db.session.commit()
    asked(ada, project)
    fan_out.expand(now())
    rows = db.session.scalars(select(Delivery)).all()
    assert [(row.chat_id, row.developer_id) for row in rows] == [(chat, ada.id) for chat in chats]


def test_a_direct_message_can_be_turned_off(ada: Developer, project: Project) -> None:
    make_bot()
    ada.platform_uid = "slack:U1"
    preferences.update(ada, {NewsKind.GATE_OPENED: {"chat": False}})
    asked(ada, project)
    fan_out.expand(now())
    assert (planned(), told(ada)) == ([], ["gate_opened"])


def test_an_event_is_expanded_once_however_often_it_is_tried(
    ada: Developer, project: Project
) -> None:
    make_binding(make_bot(), project=project)
    asked(ada, project)
    assert [fan_out.expand(now()) for _ in range(2)] == [1, 0]
    for entry in db.session.scalars(select(OutboxEntry)):
        entry.expanded_at = None  # as if its commit had been lost
    db.session.commit()
    assert fan_out.expand(now()) == 1
    assert told(ada) == ["gate_opened"]
    assert len(planned()) == 1


# ---- cards ---------------------------------------------------------------------------------------


def with_card(ada: Developer, project: Project) -> Task:
    make_binding(make_bot(), project=project, platform_chat_id="room")
    task = asked(ada, project)
    fan_out.expand(now())
    return task


def edits() -> list[str]:
    return [kind for kind, act, _ in planned() if act == DeliveryAct.EDIT]


def answer(ada: Developer, bob: Developer, task: Task) -> None:
    gates.confirm(bob, task.id, 0, "confirm")


def reject(ada: Developer, bob: Developer, task: Task) -> None:
    gates.confirm(bob, task.id, 0, "reject")


def cancel(ada: Developer, bob: Developer, task: Task) -> None:
    tasks.cancel(ada, task.id)


def expire(ada: Developer, bob: Developer, task: Task) -> None:
    gate = gates.open_gate(task)
    assert gate is not None
    gate.expires_at = task.created_at
    db.session.commit()
    assert gates.expire(now()) == 1


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
    history.record(task, EventType.WARNING, "withdrawn", now(), stage_index=0, data=about)
    db.session.commit()
    outbox.wake()
    fan_out.expand(now())
    assert edits() == ["gate_withdrawn"]


def test_a_card_that_nobody_got_is_not_edited(
    ada: Developer, bob: Developer, project: Project
) -> None:
    task = with_card(ada, project)
    db.session.scalars(select(Delivery)).one().state = DeliveryState.DEAD
    db.session.commit()
    gates.confirm(bob, task.id, 0, "confirm")
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
    gates.confirm(bob, task.id, 0, "confirm")
    fan_out.expand(now())
    assert edits() == ["task_cancelled", "gate_answered"]
    cards = {row.card_id for row in db.session.scalars(select(Delivery)) if row.card_id}
    assert len(cards) == 2


# ---- what it costs -------------------------------------------------------------------------------


def statements_for(recipients: int) -> int:
    people = [make_developer() for _ in range(recipients)]
    project = make_project(members=people, pipeline=GATED)
    for person in people[:3]:
        preferences.update(person, {NewsKind.GATE_OPENED: {"chat": False}})
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
            history.record(task, type_, "x", now())
            db.session.commit()
        return len([line for line in sent if line.startswith("INSERT")])

    ada = make_developer()
    project = make_project(members=[ada])
    assert asked_for(EventType.STAGE_STARTED) == 1
    assert asked_for(EventType.COMPLETED) == 2


def test_many_events_wake_one_job(app: Flask, ada: Developer, project: Project) -> None:
    for _ in range(20):
        asked(ada, project)
    assert redis.client.llen("notify") == 1
