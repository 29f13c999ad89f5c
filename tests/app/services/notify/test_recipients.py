"""Review comments notify the task's creator, and the participants."""

import pytest
from sqlalchemy import select

from app.domain.review import ReviewVerdict
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Notification, Project, Task
from app.services.clock import now
from app.services.notify import fan_out
from app.services.reviews import drafts, submission
from tests.app.services.notify.fan_out_world import planned
from tests.factories import add_member, make_binding, make_bot, make_developer, make_task


def notification_types(developer: Developer) -> list[str]:
    query = select(Notification.type).where(Notification.developer_id == developer.id)
    return list(db.session.scalars(query.order_by(Notification.id)))


@pytest.fixture
def task(ada: Developer, project: Project) -> Task:
    return make_task(project=project, creator=ada)


@pytest.fixture
def carl(project: Project) -> Developer:
    carl = make_developer()
    add_member(project, carl)
    return carl


def test_a_review_is_told_to_the_creator_and_to_all_who_took_part(
    ada: Developer, bob: Developer, carl: Developer, task: Task
) -> None:
    dora = make_developer(role=SystemRole.ADMIN)  # is no member
    drafts.add_comment(dora, task.id, body="Why?", publish=True)
    drafts.add_comment(carl, task.id, body="not said yet")
    fan_out.expand(now())
    assert (notification_types(ada), notification_types(bob), notification_types(dora)) == (
        ["commented"],
        [],
        [],
    )
    submission.submit(bob, task.id, verdict=ReviewVerdict.COMMENT, body="Well.")
    fan_out.expand(now())
    assert notification_types(ada) == ["commented", "reviewed"]
    assert notification_types(dora) == ["reviewed"]
    assert notification_types(bob) == notification_types(carl) == []
    submission.submit(ada, task.id, verdict=ReviewVerdict.COMMENT, body="Hm.")
    fan_out.expand(now())
    assert notification_types(bob) == ["reviewed"]


def test_an_answer_is_told_to_those_in_its_thread_alone(
    ada: Developer, bob: Developer, carl: Developer, task: Task
) -> None:
    thread = drafts.add_comment(bob, task.id, body="Why?", publish=True).thread
    drafts.add_comment(carl, task.id, body="Another.", publish=True)
    fan_out.expand(now())
    drafts.add_comment(ada, task.id, body="So.", thread_id=thread.id, publish=True)
    fan_out.expand(now())
    assert (notification_types(bob), notification_types(carl)) == (["commented"], [])


def test_who_may_not_see_the_task_any_more_is_not_told(
    ada: Developer, bob: Developer, task: Task
) -> None:
    gone = make_developer(role=SystemRole.ADMIN)
    drafts.add_comment(gone, task.id, body="Why?", publish=True)
    gone.role = SystemRole.DEVELOPER
    db.session.commit()
    fan_out.expand(now())
    submission.submit(bob, task.id, verdict=ReviewVerdict.COMMENT, body="Well.")
    fan_out.expand(now())
    assert notification_types(gone) == []


def test_chats_are_told_of_reviews_and_not_of_each_comment(
    ada: Developer, bob: Developer, project: Project, task: Task
) -> None:
    make_binding(make_bot(), project=project, platform_chat_id="C1")
    drafts.add_comment(bob, task.id, body="Why?", publish=True)
    fan_out.expand(now())
    assert planned() == []
    submission.submit(bob, task.id, verdict=ReviewVerdict.COMMENT, body="Well.")
    fan_out.expand(now())
    assert planned() == [("reviewed", "post", "C1")]
