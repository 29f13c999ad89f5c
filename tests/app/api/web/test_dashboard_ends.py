"""How many tasks ended today: each counts once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.domain.task import FailureCode, TaskEvent
from app.extensions import db
from app.models import Developer, Project
from app.services.clock import now
from app.services.counters import task_counts
from app.services.tasks import transitions
from tests.factories import make_developer, make_project, make_task

Login = Callable[[Developer], dict[str, str]]


@pytest.fixture
def member() -> Developer:
    return make_developer()


@pytest.fixture
def project(member: Developer) -> Project:
    return make_project(members=[member])


def failed_today(client: FlaskClient, headers: dict[str, str]) -> int:
    number: int = client.get("/api/web/dashboard/stats", headers=headers).json["tasks"][
        "failedToday"
    ]
    return number


@pytest.mark.parametrize("folded", [False, True], ids=["not yet folded", "folded"])
def test_a_task_that_failed_twice_today_is_one_of_those_that_failed(
    client: FlaskClient, login: Login, member: Developer, project: Project, folded: bool
) -> None:
    """And a retry does not undo that."""
    task = make_task(project=project)
    for _ in range(2):
        transitions.fail(task, FailureCode.STAGE_FAILED, "failed", now())
        db.session.commit()
        transitions.apply_event(task, TaskEvent.RETRY, now())
        db.session.commit()
    if folded:
        task_counts.roll_up(now())
    assert failed_today(client, login(member)) == 1


def test_a_failure_of_yesterday_is_none_of_today(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    task = make_task(project=project)
    for day in (now() - timedelta(days=1), now()):
        transitions.fail(task, FailureCode.STAGE_FAILED, "failed", day)
        db.session.commit()
        transitions.apply_event(task, TaskEvent.RETRY, now())
        db.session.commit()
    assert failed_today(client, login(member)) == 1
