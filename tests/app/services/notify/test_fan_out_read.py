"""A closed question needs nobody: its notifications are read, for everyone."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Developer, Notification, Project, Task
from app.services.clock import now
from app.services.notify import fan_out, notifications
from app.services.tasks import gate_expiry, gates, tasks
from tests.app.services.notify.fan_out_world import answer, make_asking_task, reject


def expire(ada: Developer, bob: Developer, task: Task) -> None:
    gate = gates.find_open_gate(task)
    assert gate is not None
    gate.expires_at = now()
    db.session.commit()
    gate_expiry.expire(now())


def cancel(ada: Developer, bob: Developer, task: Task) -> None:
    tasks.cancel(ada, task.id)


def questions_read(task: Task) -> list[bool]:
    """Whether each notification of a question of the task is read."""
    query = select(Notification.read_at).where(
        Notification.task_id == task.id, Notification.type == "gate_opened"
    )
    return [moment is not None for moment in db.session.scalars(query)]


@pytest.mark.parametrize("end", [answer, reject, cancel, expire])
def test_the_end_of_a_question_marks_its_notifications_as_read(
    ada: Developer,
    bob: Developer,
    project: Project,
    end: Callable[[Developer, Developer, Task], None],
) -> None:
    task, other = make_asking_task(ada, project), make_asking_task(ada, project)
    fan_out.expand(now())
    assert questions_read(task) == [False, False]
    end(ada, bob, task)
    assert questions_read(task) == [True, True]  # at once, in the same transaction
    assert questions_read(other) == [False, False]
    assert notifications.unread_count(bob) == 1


def test_a_notification_that_comes_after_the_answer_is_read(
    ada: Developer, bob: Developer, project: Project
) -> None:
    task = make_asking_task(ada, project)
    answer(ada, bob, task)
    fan_out.expand(now())
    assert questions_read(task) == [True, True]


def test_what_is_marked_as_unread_afterwards_stays(
    ada: Developer, bob: Developer, project: Project
) -> None:
    task = make_asking_task(ada, project)
    fan_out.expand(now())
    answer(ada, bob, task)
    fan_out.expand(now())
    query = select(Notification.id).where(Notification.developer_id == bob.id)
    notifications.mark_unread(bob, db.session.scalars(query).all())
    fan_out.expand(now())
    assert notifications.unread_count(bob) == 1
