"""A review that wants changes has the task go on; where it cannot, the review stands."""

from flask import Flask

from app.domain.follow_up import FollowUpState
from app.domain.review import ReviewVerdict
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import FollowUp, Task
from app.services.reviews import submission
from tests.factories import make_developer, make_task

WORK = {"0": {"ref": "refs/muster/1/1/0", "commit": "c0ffee"}}


def submitted(task: Task, **more: str) -> int | None:
    admin = make_developer(role=SystemRole.ADMIN)
    verdict = ReviewVerdict.REQUEST_CHANGES
    return submission.submit(admin, task.id, verdict=verdict, **more).follow_up


def test_changes_that_are_wanted_begin_a_round_with_the_reviews_words(app: Flask) -> None:
    task = make_task(status=TaskStatus.COMPLETED, checkpoints=WORK)
    row = db.session.get_one(FollowUp, submitted(task, body="Nearly."))
    assert (row.state, row.round, row.instruction) == (FollowUpState.STARTED, 2, "Nearly.")
    assert row.review_id is not None
    db.session.refresh(task)
    assert (task.status, task.round) == (TaskStatus.QUEUED, 2)


def test_of_a_task_that_runs_they_wait_for_its_rest(app: Flask) -> None:
    task = make_task(status=TaskStatus.RUNNING, checkpoints=WORK)
    row = db.session.get_one(FollowUp, submitted(task, body="Nearly."))
    assert row.state is FollowUpState.QUEUED


def test_without_work_to_go_on_from_nothing_begins_and_nothing_waits(app: Flask) -> None:
    task = make_task(status=TaskStatus.CANCELLED)
    assert submitted(task, body="Nearly.") is None
    db.session.refresh(task)
    assert (task.status, task.round, task.follow_ups_queued) == (TaskStatus.CANCELLED, 1, 0)
    assert db.session.scalar(db.select(db.func.count()).select_from(FollowUp)) == 0
