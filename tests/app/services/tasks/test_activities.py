"""What an agent does is its latest running action, or how long it has been quiet."""

from datetime import timedelta

from flask import Flask

from app.domain.task import TaskStatus
from app.extensions import db
from app.services import settings
from app.services.clock import now
from app.services.tasks import activities
from tests.factories import make_attempt, make_machine, make_task


def test_the_latest_running_action_counts_and_silence_is_told(app: Flask) -> None:
    task = make_task(status=TaskStatus.RUNNING)
    attempt = make_attempt(task, make_machine())
    attempt.started_at = attempt.active_at = now()
    attempt.running_entries = [[3, "tool", "Task", 0], [4, "command", "npm test", 2000]]
    db.session.commit()
    activity = activities.find_activities([task])[task.id]
    assert (activity.kind, activity.title, activity.quiet_since) == ("command", "npm test", None)
    assert activity.started_at == attempt.started_at + timedelta(seconds=2)
    assert activities.find_quiet() == frozenset()

    attempt.active_at = now() - timedelta(seconds=settings.value("agentQuietSeconds") + 1)
    db.session.commit()
    assert activities.find_quiet() == {task.id}
    [changed] = activities.read_changed([task.id])
    assert changed.activity is not None
    assert changed.activity.quiet_since == attempt.active_at
    assert changed.activity.title == "npm test"


def test_who_does_not_run_does_nothing(app: Flask) -> None:
    task = make_task(status=TaskStatus.ASSIGNED)
    make_attempt(task, make_machine())
    assert activities.find_activities([task]) == {}
    assert [each.activity for each in activities.read_changed([task.id])] == [None]
