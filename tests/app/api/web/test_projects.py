"""/api/web/projects and /api/admin/projects as clients see them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from tests.factories import make_developer, make_project, make_task

Login = Callable[[Developer], dict[str, str]]
NEW = {"key": "Shop", "repoUrl": "git@git.example.org:shop.git", "agentType": "claude"}


@pytest.fixture
def admin(login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))


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
        "secrets": {"API_KEY": "hush"},
        "gitToken": "ghp_secret",
        "pipeline": [
            {"name": "plan", "command": "{description}"},
            {"name": "do", "command": "make", "kind": "shell", "confirm": True, "gateTimeout": 60},
        ],
    }
    made = client.post("/api/admin/projects", json=full, headers=admin)
    assert made.status_code == 201, made.json
    shown = client.get("/api/web/projects/sHoP", headers=admin).json
    assert shown == made.json
    assert shown.pop("createdAt").endswith("Z")
    assert shown == {
        "key": "Shop",
        "name": "The shop",
        "repoUrl": "git@git.example.org:shop.git",
        "defaultBranch": "trunk",
        "agentType": "claude",
        "agentCommand": None,
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
        "environment": {"MODE": "test"},
        "secretNames": ["API_KEY"],
        "hasGitToken": True,
        "memberCount": 0,
        "taskCounts": {
            "queued": 0,
            "assigned": 0,
            "running": 0,
            "suspended": 0,
            "completed": 0,
            "failed": 0,
            "cancelled": 0,
        },
        "lastActivityAt": None,
    }
    changed = client.put("/api/web/projects/shop", json={"name": "Store"}, headers=admin).json
    assert (changed["name"], changed["defaultBranch"]) == ("Store", "trunk")
    assert client.delete("/api/admin/projects/SHOP", headers=admin).json == {}
    assert client.get("/api/web/projects/shop", headers=admin).status_code == 404


def test_a_project_has_claude_unless_it_says_otherwise(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    least = {"key": "Shop", "repoUrl": NEW["repoUrl"]}
    made = client.post("/api/admin/projects", json=least, headers=admin)
    assert (made.status_code, made.json["agentType"]) == (201, "claude")
    schemas = client.get("/api/openapi.json").json["components"]["schemas"]
    assert schemas["NewProject"]["properties"]["agentType"]["default"] == "claude"
    assert "agentType" not in schemas["NewProject"]["required"]
    # A change that does not name it leaves it alone.
    for change, agent in (({"agentType": "codex"}, "codex"), ({"name": "Store"}, "codex")):
        changed = client.put("/api/web/projects/shop", json=change, headers=admin).json
        assert changed["agentType"] == agent


def test_a_taken_key_is_a_conflict(client: FlaskClient, admin: dict[str, str]) -> None:
    client.post("/api/admin/projects", json=NEW, headers=admin)
    again = client.post("/api/admin/projects", json={**NEW, "key": "SHOP"}, headers=admin)
    assert (again.status_code, again.json["code"]) == (409, "already_exists")


def stage(**fields: Any) -> dict[str, Any]:
    return {"pipeline": [{"name": "s", "command": "c", **fields}]}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"key": "1st"}, "key", id="key with a digit first"),
        pytest.param({"key": "a b"}, "key", id="key with a space"),
        pytest.param({"key": "Shop\n"}, "key", id="key with a line break"),
        pytest.param({"key": "k" * 65}, "key", id="key too long"),
        pytest.param({"key": None}, "key", id="key null"),
        pytest.param({"repoUrl": "--upload-pack=id"}, "repoUrl", id="url an option"),
        pytest.param({"repoUrl": "ext::sh -c id"}, "repoUrl", id="url that runs a command"),
        pytest.param({"repoUrl": "ssh://-oProxyCommand=id/x"}, "repoUrl", id="host an option"),
        pytest.param({"repoUrl": "https://a:b@h/x"}, "repoUrl", id="url with a password"),
        pytest.param({"repoUrl": "https://token@h/x"}, "repoUrl", id="url with a token as user"),
        pytest.param({"repoUrl": "https://h/\x1b[2J"}, "repoUrl", id="url with escapes"),
        pytest.param({"repoUrl": "x"}, "repoUrl", id="no url"),
        pytest.param({"defaultBranch": "-d"}, "defaultBranch", id="branch an option"),
        pytest.param({"defaultBranch": "a..b"}, "defaultBranch", id="branch no ref"),
        pytest.param({"agentType": "gpt"}, "agentType", id="unknown agent"),
        pytest.param({"agentType": None}, "agentType", id="agent null"),
        pytest.param({"agentType": "custom"}, "agentCommand", id="custom without a command"),
        pytest.param({"agentCommand": "'"}, "agentCommand", id="command with an open quote"),
        pytest.param({"maxAttempts": 0}, "maxAttempts", id="no attempt"),
        pytest.param({"maxAttempts": 2**40}, "maxAttempts", id="too many attempts"),
        pytest.param({"environment": {"A-B": "x"}}, "environment.A-B.key", id="no variable"),
        pytest.param({"environment": {"A": 1}}, "environment.A.value", id="variable a number"),
        pytest.param({"environment": {"A": "\0"}}, "environment", id="NUL in a variable"),
        pytest.param({"secrets": {"MUSTER_X": "x"}}, "secrets.MUSTER_X.key", id="reserved"),
        pytest.param({"gitToken": "a\nb"}, "gitToken", id="token of two lines"),
        pytest.param({"name": "a\0b"}, "name", id="NUL"),
        pytest.param({"name": "\ud800"}, "name", id="half a surrogate pair"),
        pytest.param({"colour": "red"}, "colour", id="unknown field"),
        pytest.param({"pipeline": []}, "pipeline", id="no stage"),
        pytest.param(
            {"pipeline": [{"name": f"s{n}", "command": "c"} for n in range(21)]},
            "pipeline",
            id="too many stages",
        ),
        pytest.param({"pipeline": ["x"]}, "pipeline.0", id="stage a string"),
        pytest.param({"pipeline": [{"name": "s"}]}, "pipeline.0.command", id="no command"),
        pytest.param(stage(name="n" * 65), "pipeline.0.name", id="stage's name too long"),
        pytest.param(stage(name=""), "pipeline.0.name", id="stage's name empty"),
        pytest.param(stage(command="c" * 20_001), "pipeline.0.command", id="command too long"),
        pytest.param(stage(command="{nope}"), "pipeline.0", id="unknown variable"),
        pytest.param(stage(kind="python"), "pipeline.0.kind", id="unknown kind"),
        pytest.param(stage(timeout=0), "pipeline.0.timeout", id="timeout none"),
        pytest.param(stage(timeout=86_401), "pipeline.0.timeout", id="timeout too long"),
        pytest.param(stage(timeout="60"), "pipeline.0.timeout", id="timeout a string"),
        pytest.param(stage(gateTimeout=0), "pipeline.0.gateTimeout", id="gateTimeout none"),
        pytest.param(stage(choices=["a"]), "pipeline.0.choices", id="one choice"),
        pytest.param(stage(choices=["a", "a"]), "pipeline.0", id="the same choice twice"),
        pytest.param(stage(choices=["a", "b" * 201]), "pipeline.0.choices.1", id="long choice"),
        pytest.param(stage(confirm=True, input=True), "pipeline.0", id="two questions"),
        pytest.param(stage(gateTimeout=60), "pipeline.0", id="gateTimeout without a gate"),
        pytest.param(stage(prompt="Sure?"), "pipeline.0", id="prompt without a gate"),
        pytest.param(stage(prompt="Sure?", confirm=False), "pipeline.0", id="gate switched off"),
        pytest.param(stage(retries=3), "pipeline.0.retries", id="unknown field of a stage"),
    ],
)
def test_a_bad_field_is_named(
    client: FlaskClient, admin: dict[str, str], fields: dict[str, Any], named: str
) -> None:
    answer = client.post("/api/admin/projects", json={**NEW, **fields}, headers=admin)
    assert answer.status_code == 422, answer.json
    assert answer.content_type == "application/problem+json"
    assert list(answer.json["errors"]) == [named]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"repoUrl": "file:///srv/git/shop.git"}, id="file"),
        pytest.param({"repoUrl": "ssh://git@h:2222/shop.git"}, id="ssh"),
        pytest.param({"repoUrl": "https://git.example.org/shop"}, id="https"),
        pytest.param(stage(kind="shell", command="echo {nope}"), id="braces in a script"),
        pytest.param(stage(command="{DESCRIPTION} {x1} {}"), id="braces that are no variable"),
        pytest.param(stage(choices=["a", "b"], prompt="Which?"), id="choices"),
        pytest.param(stage(prompt=None, gateTimeout=None, confirm=False), id="no question"),
        pytest.param(stage(prompt="Sure?", gateTimeout=60, confirm=True), id="a question"),
        pytest.param({"pipeline": None}, id="pipeline null"),
        pytest.param({"environment": {"TEXT": "ünï\n'\"$(x)"}}, id="any text in a variable"),
    ],
)
def test_a_good_field_is_taken(
    client: FlaskClient, admin: dict[str, str], fields: dict[str, Any]
) -> None:
    answer = client.post("/api/admin/projects", json={**NEW, **fields}, headers=admin)
    assert answer.status_code == 201, answer.json


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


def test_only_an_admin_says_what_on_a_machines_disk_is_a_projects_repository(
    client: FlaskClient, login: Login, admin: dict[str, str]
) -> None:
    maintainer = make_developer()
    path = f"/api/web/projects/{make_project(maintainers=[maintainer]).key}"
    headers = login(maintainer)

    def put(url: str, by: dict[str, str]) -> tuple[int, str | None]:
        answer = client.put(path, json={"repoUrl": url}, headers=by)
        return answer.status_code, answer.json.get("code")

    for url in ("file:///srv/git/x.git", "file:///home/mirrors/0a1b.git"):
        assert put(url, headers) == (403, "forbidden")
    assert put("file:///srv/git/x.git", admin) == (200, None)
    # What is there may stay: a client sends the whole project back.
    assert put("file:///srv/git/x.git", headers) == (200, None)
    assert put("file:///srv/git/y.git", headers) == (403, "forbidden")
    assert put("https://git.example.org/x.git", headers) == (200, None)
    assert put("file:///srv/git/x.git", headers) == (403, "forbidden")


@pytest.mark.parametrize(
    "url", ["file:/srv/x.git", "FILE:/srv/x.git", "FILE:///srv/x.git", "/srv/x"]
)
def test_local_paths_have_one_spelling(
    client: FlaskClient, admin: dict[str, str], url: str
) -> None:
    answer = client.post("/api/admin/projects", json={**NEW, "repoUrl": url}, headers=admin)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["repoUrl"])
