"""No list asks Postgres more often because there are more rows in it.

Which lists there are is what the OpenAPI document says: a new one needs an entry in `FILLS`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Developer, Event, LogChunk, TerminalInput
from app.services import audit
from app.services.tasks import history
from tests.app.services.statements import counted
from tests.contract import draft_rows, inbox_rows, machine_rows, review_rows
from tests.factories import (
    add_member,
    make_attempt,
    make_binding,
    make_bot,
    make_delivery,
    make_developer,
    make_enrollment_token,
    make_identity,
    make_invitation,
    make_login,
    make_machine,
    make_notification,
    make_personal_token,
    make_project,
    make_provider,
    make_task,
    make_transcript,
    make_usage,
)
from tests.factories.rows import now

FEW, MANY = 3, 60
OF_THE_TESTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")  # what `app` makes of BEGIN and COMMIT


# ---- what fills each list: makes so many rows for an admin, and returns where they are -----------


def fill_tasks(admin: Developer, rows: int) -> str:
    """Each of a project, a creator and a machine of its own."""
    for _ in range(rows):
        task = make_task(status=TaskStatus.RUNNING)
        make_attempt(task, make_machine())
    return "/api/web/tasks"


def fill_events(admin: Developer, rows: int) -> str:
    task = make_task(events=rows)
    for number in range(1, rows + 1):
        about = {"attempt": 0, "message": "noted", "data": {}, "created_at": now()}
        db.session.add(
            Event(task=task, project_id=task.project_id, number=number, type=EventType.LOG, **about)
        )
    return f"/api/web/tasks/{task.id}/events"


def fill_log(admin: Developer, rows: int) -> str:
    """A line each in a chunk of its own."""
    task = make_task()
    attempt = make_attempt(task, make_machine(), log_lines=rows, log_bytes=2 * rows)
    for line in range(rows):
        place = {"task_id": task.id, "attempt": attempt.number, "byte_offset": 2 * line}
        text = {"size": 2, "first_line": line, "lines": 1, "data": b"x\n"}
        db.session.add(LogChunk(**place, **text, marks=[[2 * line, 0, 0]]))
    return f"/api/web/tasks/{task.id}/logs"


def fill_transcript(admin: Developer, rows: int) -> str:
    """An entry each in a chunk of its own."""
    task = make_task()
    attempt = make_attempt(task, make_machine(), transcript_entries=rows)
    for number in range(rows):
        make_transcript(task.id, first=number, attempt=attempt.number)
    return f"/api/web/tasks/{task.id}/transcript"


def fill_usage(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        task = make_task()
        make_attempt(task, make_machine())
        make_usage(task, input_tokens=1)
    return "/api/web/usage"


def fill_terminal_inputs(admin: Developer, rows: int) -> str:
    task, moment = make_task(), now()
    for _ in range(rows):
        stretch = {"attempt": 1, "started_at": moment, "ended_at": moment, "bytes": 1}
        typing = make_developer()
        db.session.add(TerminalInput(task_id=task.id, developer_id=typing.id, **stretch))
    return f"/api/web/tasks/{task.id}/terminal-inputs"


def fill_projects(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_task(project=make_project(members=[make_developer()]))
    return "/api/web/projects"


def fill_members(admin: Developer, rows: int) -> str:
    project = make_project()
    for _ in range(rows):
        add_member(project, make_developer())
    return f"/api/web/projects/{project.key}/members"


def fill_developers(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_developer()
    return "/api/admin/developers"


def fill_colleagues(admin: Developer, rows: int) -> str:
    fill_developers(admin, rows)
    return "/api/web/projects/-/developers"


def fill_personal_tokens(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_personal_token(admin)
    return "/api/web/profile/tokens"


def fill_sessions(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_login(admin)
    return "/api/web/profile/sessions"


def fill_enrollment_tokens(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_enrollment_token(used_at=now(), machine_id=make_machine().id)
    return "/api/admin/worker-tokens"


def fill_invitations(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        project, developer = make_project(), make_developer()
        make_invitation(
            make_developer(),
            projects={str(project.id): "member"},
            accepted_at=now(),
            developer_id=developer.id,
        )
    return "/api/admin/invitations"


def fill_recent_tasks(admin: Developer, rows: int) -> str:
    fill_tasks(admin, rows)
    return "/api/web/dashboard/recent-tasks"


def fill_activity(admin: Developer, rows: int) -> str:
    """Each of a project and a machine of its own."""
    for _ in range(rows):
        task = make_task()
        make_attempt(task, make_machine())
        history.record_event(task, EventType.STARTED, "began", now())
    return "/api/web/dashboard/recent-activity"


def fill_notifications(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_notification(admin, task_id=make_task().id)
    return "/api/web/notifications"


def fill_bots(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_bot()
    return "/api/admin/bots"


def fill_bindings(admin: Developer, rows: int) -> str:
    bot = make_bot()
    for _ in range(rows):
        make_binding(bot)
    return f"/api/admin/bots/{bot.id}/bindings"


def fill_all_bindings(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_binding(make_bot())
    return "/api/admin/bots/all-bindings"


def fill_deliveries(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_delivery(make_task(), make_bot())
    return "/api/admin/deliveries"


def fill_audit(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        audit.record("developer.updated", "developer", 1, actor=make_developer())
    return "/api/admin/audit-logs"


def fill_providers(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_provider()
    return "/api/admin/identity-providers"


def fill_usable_providers(admin: Developer, rows: int) -> str:
    fill_providers(admin, rows)
    return "/api/auth/providers"


def fill_identities(admin: Developer, rows: int) -> str:
    for _ in range(rows):
        make_identity(admin, make_provider())
    return f"/api/admin/developers/{admin.id}/identities"


def under_admin_api(fill: Callable[[Developer, int], str]) -> Callable[[Developer, int], str]:
    """The same rows, listed under /api/admin."""
    return lambda admin, rows: fill(admin, rows).replace("/api/web/", "/api/admin/")


FILLS: dict[str, Callable[[Developer, int], str]] = {
    "/api/web/tasks": fill_tasks,
    "/api/web/tasks/{taskId}/events": fill_events,
    "/api/web/tasks/{taskId}/logs": fill_log,
    "/api/web/tasks/{taskId}/transcript": fill_transcript,
    "/api/web/tasks/{taskId}/terminal-inputs": fill_terminal_inputs,
    "/api/web/tasks/{taskId}/comments": review_rows.fill_threads,
    "/api/web/tasks/{taskId}/reviews": review_rows.fill_reviews,
    "/api/web/tasks/{taskId}/follow-ups": review_rows.fill_follow_ups,
    "/api/web/tasks/{taskId}/messages": review_rows.fill_messages,
    "/api/web/tasks/{taskId}/viewed": review_rows.fill_viewed,
    "/api/web/usage": fill_usage,
    "/api/web/agents": machine_rows.fill_agents,
    "/api/web/machines": machine_rows.fill_machines,
    "/api/web/machines/-/samples": machine_rows.fill_machine_days,
    "/api/web/machines/{machineId}/tasks": machine_rows.fill_tasks_of_machine,
    "/api/web/projects": fill_projects,
    "/api/web/projects/-/developers": fill_colleagues,
    "/api/web/projects/{key}/members": fill_members,
    "/api/web/profile/tokens": fill_personal_tokens,
    "/api/web/profile/drafts": draft_rows.fill_drafts,
    "/api/web/profile/views": draft_rows.fill_views,
    "/api/web/profile/sessions": fill_sessions,
    "/api/web/dashboard/recent-tasks": fill_recent_tasks,
    "/api/web/dashboard/recent-activity": fill_activity,
    "/api/web/notifications": fill_notifications,
    "/api/web/inbox": inbox_rows.fill,
    "/api/admin/deliveries": fill_deliveries,
    "/api/admin/identity-providers": fill_providers,
    "/api/admin/developers/{developerId}/identities": fill_identities,
    "/api/auth/providers": fill_usable_providers,
    "/api/admin/developers": fill_developers,
    "/api/admin/machines": under_admin_api(machine_rows.fill_machines),
    "/api/admin/projects": under_admin_api(fill_projects),
    "/api/admin/projects/{key}/members": under_admin_api(fill_members),
    "/api/admin/worker-tokens": fill_enrollment_tokens,
    "/api/admin/invitations": fill_invitations,
    "/api/admin/bots": fill_bots,
    "/api/admin/bots/{botId}/bindings": fill_bindings,
    "/api/admin/bots/all-bindings": fill_all_bindings,
    "/api/admin/audit-logs": fill_audit,
}


# ---- the claims ----------------------------------------------------------------------------------


def lists(document: Any) -> Iterator[str]:
    """The paths of GET operations whose answer has `items`."""
    for path, operations in document["paths"].items():
        answers = operations.get("get", {}).get("responses", {})
        for content in answers.get("200", {}).get("content", {}).values():
            if "items" in _properties(content.get("schema", {}), document):
                yield path


def _properties(schema: Any, document: Any) -> Any:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema.get("properties", {})


def test_every_list_of_the_api_is_looked_at(client: FlaskClient) -> None:
    found = set(lists(client.get("/api/openapi.json").json))
    assert found == set(FILLS)


@pytest.mark.parametrize("path", FILLS)
def test_a_list_asks_as_often_for_sixty_rows_as_for_three(
    path: str, client: FlaskClient, login: Callable[[Developer], dict[str, str]]
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)

    def asked(rows: int) -> list[str]:
        where, headers = FILLS[path](admin, rows), login(admin)
        db.session.commit()
        with counted() as sent:
            answer = client.get(f"{where}?limit=200", headers=headers)
        assert answer.status_code == 200, answer.json
        assert len(answer.json["items"]) >= rows
        return [line for line in sent if not line.startswith(OF_THE_TESTS)]

    few = asked(FEW)
    many = asked(MANY)
    assert len(many) == len(few), (few, many)
