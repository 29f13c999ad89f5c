"""GET /api/web/inbox: permission requests, with the hosts that their tasks were denied."""

from flask.testing import FlaskClient

from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
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
    task = make_task(project=make_project(), **asking)
    wanted = {"tool": "Bash", "title": "curl", "arguments": "curl", "folder": "/", "diff": None}
    kind = GateKind.PERMISSION
    make_gate(task, number=1, kind=kind, permission={**wanted, "suggestion": "Bash(curl:*)"})
    for host, whose in (("a.example", "project"), ("b.example", "stage"), ("c.example", "project")):
        data = {"host": host, "network": whose}
        history.record_event(task, EventType.EGRESS_REFUSED, host, now(), data=data)
    db.session.commit()
    (item,) = get(client, login(ada), kind="permission")["items"]
    assert item["refusedHosts"] == ["c.example", "a.example"]
    assert item["gate"]["permission"]["suggestion"] == "Bash(curl:*)"
    assert {"answer", "allow_always"} <= set(item["actions"])
