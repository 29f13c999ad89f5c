"""GET /api/web/inbox: permission requests, and the hosts that tasks were denied."""

from flask.testing import FlaskClient

from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Task
from app.services.clock import now
from app.services.tasks import history
from tests.app.api.web.conftest import Login
from tests.app.api.web.test_inbox import get
from tests.factories import make_developer, make_gate, make_project, make_task


def test_a_permission_request_has_the_hosts_that_the_task_was_denied(
    client: FlaskClient, login: Login
) -> None:
    ada = make_developer(role=SystemRole.ADMIN)
    asking = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.QUESTION}
    task = make_task(project=make_project(network=["d.example"]), **asking)
    wanted = {"tool": "Bash", "title": "curl", "arguments": "curl", "folder": "/", "diff": None}
    kind = GateKind.PERMISSION
    make_gate(task, number=1, kind=kind, permission={**wanted, "suggestion": "Bash(curl:*)"})
    for host, whose in (("a.example", "project"), ("b.example", "stage"), ("c.example", "project")):
        refuse(task, host, whose)
    refuse(task, "d.example")  # which the project has allowed since
    (item,) = get(client, login(ada), kind="permission")["items"]
    assert item["refusedHosts"] == ["c.example", "a.example"]
    assert item["gate"]["permission"]["suggestion"] == "Bash(curl:*)"
    assert {"answer", "allow_always", "allow_host"} <= set(item["actions"])


def test_a_running_task_that_was_denied_hosts_is_an_item_until_they_are_allowed(
    client: FlaskClient, login: Login
) -> None:
    ada, bo, eve = make_developer(), make_developer(), make_developer()
    project = make_project(maintainers=[ada], members=[bo, eve], network=[])
    task = make_task(project=project, creator=bo, status=TaskStatus.RUNNING, attempt=2)
    refuse(task, "old.example", attempt=1)
    refuse(task, "own.example", "stage")
    headers, others = login(ada), [login(bo), login(eve)]
    assert get(client, headers)["total"] == 0
    refuse(task, "a.example")
    refuse(task, "b.example")
    [item] = get(client, headers)["items"]
    about = (item["kind"], item["refusedHosts"], item["actions"], item["task"]["id"])
    assert about == ("host", ["b.example", "a.example"], ["allow_host"], task.id)
    assert get(client, headers)["counts"]["host"] == 1
    found = [get(client, each)["items"] for each in others]
    assert [[item["actions"] for item in items] for items in found] == [[[]], []]
    for host in ("a.example", "b.example"):
        path = f"/api/web/projects/{project.key}/network/allow"
        assert client.post(path, json={"host": host}, headers=headers).status_code == 200
    assert get(client, headers)["items"] == []


def refuse(task: Task, host: str, whose: str = "project", attempt: int | None = None) -> None:
    data = {"host": host, "network": whose}
    history.record_event(task, EventType.EGRESS_REFUSED, host, now(), attempt=attempt, data=data)
    db.session.commit()
