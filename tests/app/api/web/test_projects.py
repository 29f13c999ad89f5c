"""/api/web/projects and /api/admin/projects as clients see them."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from tests.app.api.web.projects_world import NEW, Login, admin
from tests.factories import make_developer, make_project, make_task

__all__ = ["admin"]


QUOTA = {"onQuota": "wait", "quotaMinutes": 1440, "quotaFailover": False}  # by default
BUDGETS = {"budget": None, "taskBudget": None}
BRANCH = {"branchName": "muster/{id}", "archivedAt": None}
IDLE = {"taskStates": dict.fromkeys(["queued", "assigned", "running", "needsYou", "waiting"], 0)}
PLACES = {
    "machineSelector": None,
    "protected": False,
    "protectedMachines": [],
}


def test_a_project_is_made_shown_changed_and_deleted(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    full = {
        **NEW,
        "name": "The shop",
        "defaultBranch": "trunk",
        "agentCommand": None,
        "maxAttempts": 3,
        "environment": {"MODE": "test"},
        "secrets": {"API_KEY": "hush-hush"},
        "gitToken": "ghp_secret",
        "pipeline": [
            {"name": "plan", "command": "{description}"},
            {"name": "do", "command": "make", "kind": "shell", "confirm": True, "gateTimeout": 60},
        ],
    }
    made = client.post("/api/admin/projects", json=full, headers=admin)
    assert made.status_code == 201, made.json
    shown = client.get("/api/web/projects/sHoP", headers=admin).json
    assert {**shown, "warnings": made.json["warnings"]} == made.json
    assert shown.pop("createdAt").endswith("Z")
    usual = QUOTA | BUDGETS | PLACES | BRANCH | IDLE | {"templates": [], "myRole": "maintainer"}
    assert {name: shown.pop(name) for name in usual} == usual
    assert shown == {
        "key": "Shop",
        "name": "The shop",
        "repoUrl": "git@git.example.org:shop.git",
        "defaultBranch": "trunk",
        "agentType": "claude",
        "agentCommand": None,
        "agentOptions": None,
        "pipeline": [
            {"name": "plan", "command": "{description}", "kind": "agent", "timeout": 3600},
            {
                "name": "do",
                "command": "make",
                "kind": "shell",
                "timeout": 3600,
                "confirm": True,
                "gateTimeout": 60,
            },
        ],
        "maxAttempts": 3,
        "minSandbox": None,
        "network": "open",
        "environment": {"MODE": "test"},
        "secretNames": ["API_KEY"],
        "hasGitToken": True,
        "hasSshKey": False,
        "knownHosts": None,
        "requireChange": False,
        "memberCount": 1,
        "taskCounts": dict.fromkeys(TaskStatus, 0),
        "lastActivityAt": None,
    }
    changed = client.put("/api/web/projects/shop", json={"name": "Store"}, headers=admin).json
    assert (changed["name"], changed["defaultBranch"]) == ("Store", "trunk")
    assert client.delete("/api/admin/projects/SHOP", headers=admin).json == {}
    assert client.get("/api/web/projects/shop", headers=admin).status_code == 404


def test_a_taken_key_is_a_conflict(client: FlaskClient, admin: dict[str, str]) -> None:
    client.post("/api/admin/projects", json=NEW, headers=admin)
    again = client.post("/api/admin/projects", json={**NEW, "key": "SHOP"}, headers=admin)
    assert (again.status_code, again.json["code"]) == (409, "already_exists")


def test_secrets_never_come_out(client: FlaskClient, admin: dict[str, str]) -> None:
    body = {**NEW, "secrets": {"K": "hush-hush"}, "gitToken": "ghp_hush"}
    made = client.post("/api/admin/projects", json=body, headers=admin)
    for answer in (
        made,
        client.get("/api/web/projects/shop", headers=admin),
        client.get("/api/web/projects", headers=admin),
        client.put("/api/web/projects/shop", json={"name": "x"}, headers=admin),
    ):
        assert answer.status_code < 300
        assert "hush" not in answer.text


@pytest.mark.parametrize(
    ("repo_url", "is_elsewhere"),
    [
        ("https://git.example/another.git", False),
        ("https://GIT.example/shop.git", False),
        ("https://git.example:8443/shop.git", True),
        ("http://git.example/shop.git", True),
        ("https://git.example.evil.example/shop.git", True),
        ("git@git.example:shop.git", True),
    ],
)
def test_a_git_token_goes_to_no_host_but_its_own(
    client: FlaskClient, admin: dict[str, str], repo_url: str, is_elsewhere: bool
) -> None:
    body = {**NEW, "repoUrl": "https://git.example/shop.git", "gitToken": "ghp_hush"}
    client.post("/api/admin/projects", json=body, headers=admin)
    path = "/api/web/projects/shop"
    moved = client.put(path, json={"repoUrl": repo_url}, headers=admin)
    assert moved.status_code == (422 if is_elsewhere else 200)
    if is_elsewhere:
        assert list(moved.json["errors"]) == ["gitToken"]
        kept = client.get(path, headers=admin).json
        assert (kept["repoUrl"], kept["hasGitToken"]) == (body["repoUrl"], True)
    for token in ("ghp_another", None):
        given = {"repoUrl": repo_url, "gitToken": token}
        answer = client.put(path, json=given, headers=admin)
        assert (answer.status_code, answer.json["hasGitToken"]) == (200, token is not None)


def test_who_looks_is_told_as_what_they_are_a_member(client: FlaskClient, login: Login) -> None:
    member, maintainer = make_developer(), make_developer()
    lead = make_developer(role=SystemRole.LEAD)
    project = make_project(members=[member], maintainers=[maintainer])
    path = f"/api/web/projects/{project.key}"
    roles = [(client.get(path, headers=login(who)).json["myRole"]) for who in (member, maintainer)]
    assert roles == ["member", "maintainer"]
    assert client.get(path, headers=login(lead)).json["myRole"] is None
    [listed] = client.get("/api/web/projects", headers=login(maintainer)).json["items"]
    assert listed["myRole"] == "maintainer"


def test_members_see_and_maintainers_change(client: FlaskClient, login: Login) -> None:
    member, maintainer, stranger = make_developer(), make_developer(), make_developer()
    lead = make_developer(role=SystemRole.LEAD)
    path = f"/api/web/projects/{make_project(members=[member], maintainers=[maintainer]).key}"
    for developer, sees, changes in (
        (member, 200, 403),
        (maintainer, 200, 200),
        (stranger, 404, 404),
        (lead, 200, 403),
    ):
        headers = login(developer)
        assert client.get(path, headers=headers).status_code == sees
        assert client.put(path, json={"name": "x"}, headers=headers).status_code == changes
        listed = client.get("/api/web/projects", headers=headers).json["items"]
        assert len(listed) == (sees == 200)


def test_only_admins_pass_to_the_admin_routes(client: FlaskClient, login: Login) -> None:
    headers = login(make_developer(role=SystemRole.LEAD))
    assert client.post("/api/admin/projects", json=NEW, headers=headers).status_code == 403
    assert client.post("/api/admin/projects", json=NEW).status_code == 401


def test_a_key_that_none_can_have_is_not_found(client: FlaskClient, admin: dict[str, str]) -> None:
    for key in ("x" * 5000, "%F0%9F%92%A9", "a%25b", "%ED%A0%80", "-"):
        assert client.get(f"/api/web/projects/{key}", headers=admin).status_code == 404


def test_a_project_with_live_tasks_is_deleted_by_force_only(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    project = make_project()
    make_task(project=project)
    path = f"/api/admin/projects/{project.key}"
    refused = client.delete(path, headers=admin)
    assert (refused.status_code, refused.json["code"]) == (409, "project_in_use")
    assert client.delete(f"{path}?force=true", headers=admin).status_code == 200


def test_a_list_of_projects_costs_the_same_for_many_as_for_one(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    def cost() -> int:
        statements: list[str] = []

        def count(*args: Any) -> None:
            statements.append(args[2])

        engine = db.engine
        event.listen(engine, "before_cursor_execute", count)
        client.get("/api/web/projects", headers=admin)
        event.remove(engine, "before_cursor_execute", count)
        return len(statements)

    make_project()
    one = cost()
    for _ in range(5):
        make_task(project=make_project(members=[make_developer()]))
    assert cost() == one


def test_pages_follow_each_other(client: FlaskClient, admin: dict[str, str]) -> None:
    keys = [make_project().key for _ in range(5)]
    seen, query = [], {"limit": "2"}
    while query.get("cursor", "") is not None:
        page = client.get("/api/web/projects", query_string=query, headers=admin).json
        seen += [item["key"] for item in page["items"]]
        query["cursor"] = page["nextCursor"]
    assert seen == keys[::-1]
