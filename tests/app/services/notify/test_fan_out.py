"""From an event to those who hear of it: notifications, and deliveries to chats."""

import pytest
from sqlalchemy import select

from app.domain.chat import BotPlatform
from app.domain.notification_rules import NotificationType, Scope
from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import EventType
from app.extensions import db
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
from app.services.accounts import preferences
from app.services.clock import now
from app.services.notify import fan_out
from app.services.tasks import gates, tasks
from tests.app.services.notify.fan_out_world import make_asking_task, planned
from tests.factories import (
    add_member,
    make_binding,
    make_bot,
    make_developer,
)


def notification_types(developer: Developer) -> list[str]:
    query = select(Notification.type).where(Notification.developer_id == developer.id)
    return list(db.session.scalars(query.order_by(Notification.id)))


def events_of(task: Task) -> list[EventType]:
    query = select(Event.type).where(Event.task_id == task.id).order_by(Event.number)
    return list(db.session.scalars(query))


def test_a_gate_is_told_to_all_who_may_answer_and_its_answer_to_nobody(
    ada: Developer, bob: Developer, project: Project
) -> None:
    outsider, admin = make_developer(), make_developer(role=SystemRole.ADMIN)
    task = make_asking_task(ada, project)
    assert fan_out.expand(now()) == 1
    gates.confirm_stage(bob, task.id, 0, "confirm")
    assert fan_out.expand(now()) == 1
    assert notification_types(ada) == notification_types(bob) == ["gate_opened"]
    assert notification_types(outsider) == notification_types(admin) == []
    row = db.session.scalars(select(Notification)).first()
    assert row is not None
    assert (row.title, row.body) == (
        f"Task {task.id} is waiting for you",
        "stage publish asks: Run stage “publish”?",
    )


def test_who_cancels_their_own_task_is_not_told_and_whose_is_cancelled_is(
    ada: Developer, project: Project
) -> None:
    maintainer = make_developer()
    add_member(project, maintainer, ProjectRole.MAINTAINER)
    tasks.cancel(ada, make_asking_task(ada, project).id)
    tasks.cancel(maintainer, make_asking_task(ada, project).id)
    fan_out.expand(now())
    assert notification_types(ada).count("task_cancelled") == 1
    assert notification_types(maintainer).count("task_cancelled") == 0


def test_a_rejection_is_a_cancellation_by_somebody_else(
    ada: Developer, bob: Developer, project: Project
) -> None:
    gates.confirm_stage(bob, make_asking_task(ada, project).id, 0, "reject", "not today")
    fan_out.expand(now())
    assert notification_types(ada) == ["gate_opened", "task_cancelled"]
    assert notification_types(bob) == ["gate_opened"]


def test_what_one_does_not_want_one_does_not_get(
    ada: Developer, bob: Developer, project: Project
) -> None:
    preferences.update(ada, {NotificationType.GATE_OPENED: {"in_app": False}})
    preferences.update(bob, {NotificationType.GATE_OPENED: {"scope": Scope.OWN}})
    make_asking_task(ada, project)
    fan_out.expand(now())
    assert notification_types(ada) == notification_types(bob) == []


def test_the_disabled_and_those_who_have_left_hear_nothing(
    ada: Developer, bob: Developer, project: Project
) -> None:
    task = make_asking_task(ada, project)
    bob.disabled_at = now()
    db.session.delete(db.session.get_one(ProjectMember, (project.id, ada.id)))
    db.session.commit()
    fan_out.expand(now())
    assert notification_types(ada) == notification_types(bob) == []
    assert events_of(task) == [EventType.CREATED, EventType.SUSPENDED]


def test_channels_of_the_project_are_notified_and_no_others(
    ada: Developer, project: Project
) -> None:
    bot = make_bot()
    make_binding(bot, project=project, platform_chat_id="here")
    make_binding(bot, platform_chat_id="elsewhere")
    hook = make_bot(platform=BotPlatform.WEBHOOK, app_id=None)
    make_binding(hook, project=project, platform_chat_id="any label")
    make_asking_task(ada, project)
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
    make_asking_task(ada, project)
    fan_out.expand(now())
    rows = db.session.scalars(select(Delivery)).all()
    assert [(row.chat_id, row.developer_id) for row in rows] == [(chat, ada.id) for chat in chats]


def test_a_direct_message_can_be_turned_off(ada: Developer, project: Project) -> None:
    make_bot()
    ada.platform_uid = "slack:U1"
    preferences.update(ada, {NotificationType.GATE_OPENED: {"chat": False}})
    make_asking_task(ada, project)
    fan_out.expand(now())
    assert (planned(), notification_types(ada)) == ([], ["gate_opened"])


def test_an_event_is_expanded_once_however_often_it_is_tried(
    ada: Developer, project: Project
) -> None:
    make_binding(make_bot(), project=project)
    make_asking_task(ada, project)
    assert [fan_out.expand(now()) for _ in range(2)] == [1, 0]
    for entry in db.session.scalars(select(OutboxEntry)):
        entry.expanded_at = None  # as if its commit had been lost
    db.session.commit()
    assert fan_out.expand(now()) == 1
    assert notification_types(ada) == ["gate_opened"]
    assert len(planned()) == 1
