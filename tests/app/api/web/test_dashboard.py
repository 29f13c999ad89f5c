"""/api/web/dashboard as clients see it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import EventType, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Project, Task
from app.services.clock import now
from app.services.counters import task_counts
from app.services.tasks import history, transitions
from tests.app.services.statements import Statements, counted
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_task,
    make_usage,
)

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/dashboard"
NO_USAGE = {
    **dict.fromkeys(("inputTokens", "cachedTokens", "outputTokens", "reasoningTokens", "cost")),
    "isEstimate": False,
}
NO_TASKS = {
    "queued": 0,
    "assigned": 0,
    "running": 0,
    "suspended": 0,
    "completedToday": 0,
    "failedToday": 0,
}
NO_STATES = dict.fromkeys(("queued", "assigned", "running", "needsYou", "waiting"), 0)


@pytest.fixture
def member(app: object) -> Developer:
    return make_developer()


@pytest.fixture
def project(member: Developer) -> Project:
    return make_project(members=[member])


def happens(task: Task, type_: EventType, message: str = "it happened", **ago: float) -> None:
    history.record_event(task, type_, message, now() - timedelta(**ago))
    db.session.commit()


def get(client: FlaskClient, what: str, headers: dict[str, str], **query: Any) -> Any:
    answer = client.get(f"{PATH}/{what}", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def walk(client: FlaskClient, what: str, headers: dict[str, str], limit: int) -> list[Any]:
    page = get(client, what, headers, limit=limit)
    items = page["items"]
    while page["nextCursor"] is not None:
        page = get(client, what, headers, limit=limit, cursor=page["nextCursor"])
        items += page["items"]
    return items


def selects(statements: Statements) -> int:
    return sum(line.startswith("SELECT") for line in statements)


# ---- stats -------------------------------------------------------------------------------------


def test_on_the_first_day_there_is_nothing(
    client: FlaskClient, login: Login, member: Developer
) -> None:
    assert get(client, "stats", login(member)) == {
        "tasks": NO_TASKS,
        "taskStates": NO_STATES,
        "machines": {"online": 0, "offline": 0, "draining": 0, "total": 0},
        "slots": {"total": 0, "used": 0},
        "queue": {"oldestSeconds": None},
        "usage": {"today": NO_USAGE, "month": NO_USAGE},
    }


def test_usage_is_of_today_and_of_the_month_and_of_ones_own_projects(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    today = now().date()
    month = today.replace(day=1)
    for task in (make_task(project=project), make_task()):
        make_attempt(task, make_machine())
        make_usage(task, input_tokens=1, day=today)
        make_usage(task, run=1, input_tokens=10, cost=2, day=month)
        make_usage(task, run=2, input_tokens=100, day=month - timedelta(days=1))
    usage = get(client, "stats", login(member))["usage"]
    of_today, of_month = (usage[name]["inputTokens"] for name in ("today", "month"))
    assert (of_today, of_month) == (11 if today == month else 1, 11)
    assert (usage["month"]["cost"], usage["month"]["isEstimate"]) == (2, True)


@pytest.mark.parametrize("folded", [False, True], ids=["not yet folded", "folded"])
def test_the_numbers_are_those_of_the_rows(
    client: FlaskClient, login: Login, member: Developer, project: Project, folded: bool
) -> None:
    for status in ("queued", "queued", "assigned", "running", "completed", "cancelled"):
        make_task(project=project, status=TaskStatus(status))
    yesterday = now() - timedelta(days=1)
    make_task(project=project, status=TaskStatus.FAILED, finished_at=yesterday)
    make_task(project=project, status=TaskStatus.SUSPENDED, suspend_reason="gate")
    for status in MachineStatus:
        make_machine(status=status, slots_total=3, slots_used=1)
    if folded:
        task_counts.roll_up(now())
    stats = get(client, "stats", login(member))
    assert stats["tasks"] == {
        "queued": 2,
        "assigned": 1,
        "running": 1,
        "suspended": 1,
        "completedToday": 1,
        "failedToday": 0,
    }
    assert stats["machines"] == {"online": 1, "offline": 1, "draining": 2, "total": 4}
    assert stats["slots"] == {"total": 12, "used": 4}


def test_the_queue_is_as_old_as_its_oldest_task(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    other = make_project(members=[member])
    make_task(project=project, queued_at=now() - timedelta(seconds=30))
    make_task(project=other, queued_at=now() - timedelta(seconds=90))
    make_task(queued_at=now() - timedelta(days=1))  # of a project that they do not see
    past = now() - timedelta(days=2)
    old = make_task(project=other, created_at=past, queued_at=past, status="failed")
    transitions.apply_event(old, TaskEvent.RETRY, now())
    age = get(client, "stats", login(member))["queue"]["oldestSeconds"]
    assert 90 <= age < 3600


def test_one_sees_the_numbers_of_ones_projects(client: FlaskClient, login: Login) -> None:
    member, outsider = make_developer(), make_developer()
    lead, admin = (make_developer(role=role) for role in (SystemRole.LEAD, SystemRole.ADMIN))
    make_task(project=make_project(members=[member]))
    make_task()
    make_task(project=make_project(members=[member], deleted_at=now()))
    make_machine()
    for developer, queued in ((outsider, 0), (member, 1), (lead, 2), (admin, 3)):
        stats = get(client, "stats", login(developer))
        assert stats["tasks"]["queued"] == queued
        assert (stats["queue"]["oldestSeconds"] is None) == (queued == 0)
        assert stats["machines"]["total"] == 1


def test_stats_cost_the_same_for_many_projects_as_for_one(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    make_task(project=project)
    headers = login(member)
    with counted() as for_one:
        get(client, "stats", headers)
    for _ in range(5):
        make_task(project=make_project(members=[member]))
        make_machine()
    with counted() as for_many:
        get(client, "stats", headers)
    assert selects(for_many) == selects(for_one) <= 7, for_many  # one is who is asking


# ---- tasks -------------------------------------------------------------------------------------


def test_recent_tasks_are_those_of_the_list(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    tasks = [make_task(project=project) for _ in range(3)]
    make_task()
    headers = login(member)
    page = get(client, "recent-tasks", headers)
    assert [item["id"] for item in page["items"]] == [task.id for task in reversed(tasks)]
    listed = client.get("/api/web/tasks", headers=headers).json
    # But for why each of them waits, which the list alone tells.
    alike = [{name: item[name] for name in page["items"][0]} for item in listed["items"]]
    assert page == listed | {"items": alike}
    assert walk(client, "recent-tasks", headers, limit=2) == page["items"]


# ---- activity ----------------------------------------------------------------------------------


def test_an_activity_says_where_it_happened(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    task, machine = make_task(project=project), make_machine()
    happens(task, EventType.CREATED, "created", seconds=2)
    make_attempt(task, machine)
    happens(task, EventType.STARTED, "started", seconds=1)
    happens(task, EventType.LOG, "cloning")
    items = get(client, "recent-activity", login(member))["items"]
    assert [item.pop("createdAt") > "2" for item in items] == [True, True]
    same = {"taskId": task.id, "projectKey": project.key, "stageIndex": None, "data": {}}
    assert items == [
        {
            **same,
            "id": 2,
            "type": "started",
            "attempt": 1,
            "message": "started",
            "machineName": machine.name,
        },
        {
            **same,
            "id": 1,
            "type": "created",
            "attempt": 0,
            "message": "created",
            "machineName": None,
        },
    ]


def test_one_sees_the_activity_in_ones_projects(client: FlaskClient, login: Login) -> None:
    member, outsider = make_developer(), make_developer()
    lead, admin = (make_developer(role=role) for role in (SystemRole.LEAD, SystemRole.ADMIN))
    happens(make_task(project=make_project(members=[member])), EventType.CREATED)
    happens(make_task(), EventType.CREATED)
    gone = make_project(members=[member], deleted_at=now())
    happens(make_task(project=gone), EventType.CREATED)
    for developer, seen in ((outsider, 0), (member, 1), (lead, 2), (admin, 3)):
        assert len(get(client, "recent-activity", login(developer))["items"]) == seen


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_of_activity_join_up_to_the_whole(
    client: FlaskClient, login: Login, member: Developer, limit: int
) -> None:
    """In whatever projects, also where several events have one moment."""
    tasks = [make_task(project=make_project(members=[member])) for _ in range(4)]
    moment = now()
    for turn in range(5):
        for n, task in enumerate(tasks[: turn + 1]):
            at = moment - timedelta(seconds=turn // 2 + n // 3)
            history.record_event(task, EventType.WARNING, str(turn), at)
    db.session.commit()
    order = Event.created_at.desc(), Event.task_id.desc(), Event.number.desc()
    every = db.session.execute(db.select(Event.task_id, Event.number).order_by(*order)).all()
    found = walk(client, "recent-activity", login(member), limit)
    assert [(item["taskId"], item["id"]) for item in found] == [tuple(row) for row in every]


def test_what_happens_between_two_pages_shifts_nothing(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    task, headers = make_task(project=project), login(member)
    for n in range(4):
        happens(task, EventType.WARNING, str(n), seconds=10 - n)
    first = get(client, "recent-activity", headers, limit=2)
    happens(task, EventType.WARNING, "new")
    second = get(client, "recent-activity", headers, limit=2, cursor=first["nextCursor"])
    messages = [item["message"] for item in first["items"] + second["items"]]
    assert messages == ["3", "2", "1", "0"]
    assert second["nextCursor"] is None


def test_a_cursor_that_is_not_of_this_list_is_refused(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    task, headers = make_task(project=project), login(member)
    make_task(project=project)
    for _ in range(2):
        happens(task, EventType.WARNING)
    own = get(client, "recent-activity", headers, limit=1)["nextCursor"]
    others = get(client, "recent-tasks", headers, limit=1)["nextCursor"]
    for cursor in (own[1:], own + "x", others, "x", "ä"):
        answer = client.get(
            f"{PATH}/recent-activity", query_string={"cursor": cursor}, headers=headers
        )
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"])


def test_a_page_of_activity_costs_the_same_for_many_as_for_one(
    client: FlaskClient, login: Login, member: Developer, project: Project
) -> None:
    happens(make_task(project=project), EventType.CREATED)
    headers = login(member)
    with counted() as for_one:
        get(client, "recent-activity", headers)
    for _ in range(5):
        task = make_task(project=make_project(members=[member]))
        make_attempt(task, make_machine())
        happens(task, EventType.STARTED)
    with counted() as for_many:
        get(client, "recent-activity", headers)
    assert selects(for_many) == selects(for_one) == 2, for_many


@pytest.mark.parametrize("what", ["stats", "recent-tasks", "recent-activity"])
def test_non_members_see_nothing(client: FlaskClient, what: str) -> None:
    assert client.get(f"{PATH}/{what}").status_code == 401
