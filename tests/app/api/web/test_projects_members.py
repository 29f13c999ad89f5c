"""Members of projects as clients see them."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.models import Developer, Project
from tests.factories import make_developer, make_project
from tests.factories.rows import now

Login = Callable[[Developer], dict[str, str]]
MEMBER_PERMISSIONS = [
    *("see_project", "create_task", "answer_gate", "review", "watch_terminal", "follow_up"),
]


@pytest.fixture
def maintainer() -> Developer:
    return make_developer()


@pytest.fixture
def project(maintainer: Developer) -> Project:
    return make_project(maintainers=[maintainer])


@pytest.fixture(params=["/api/web/projects", "/api/admin/projects"])
def path(request: pytest.FixtureRequest, project: Project) -> str:
    return f"{request.param}/{project.key}/members"


@pytest.fixture
def headers(path: str, maintainer: Developer, login: Login) -> dict[str, str]:
    """Headers of a developer with access: a maintainer, or an admin where only they pass."""
    if path.startswith("/api/admin"):
        return login(make_developer(role=SystemRole.ADMIN))
    return login(maintainer)


def test_a_developer_is_let_in_promoted_and_taken_out(
    client: FlaskClient, path: str, headers: dict[str, str], maintainer: Developer
) -> None:
    developer = make_developer()
    body = {"developerId": developer.id}
    added = client.post(path, json=body, headers=headers)
    member = {
        "developerId": developer.id,
        "name": developer.name,
        "gitEmail": developer.git_email,
        "role": "member",
        "systemRole": "developer",
        "disabled": False,
        "permissions": MEMBER_PERMISSIONS,
        "ownTaskPermissions": ["control_terminal", "cancel_task", "retry_task", "control_tunnel"],
    }
    assert (added.status_code, added.json) == (201, member)
    promoted = client.post(path, json={**body, "role": "maintainer"}, headers=headers)
    assert (promoted.status_code, promoted.json["role"]) == (200, "maintainer")
    listed = client.get(path, headers=headers).json
    assert [item["developerId"] for item in listed["items"]] == [maintainer.id, developer.id]
    assert listed["nextCursor"] is None
    gone = client.delete(f"{path}?developerId={developer.id}", headers=headers)
    assert (gone.status_code, gone.json) == (200, {})
    again = client.delete(f"{path}?developerId={developer.id}", headers=headers)
    assert again.status_code == 404


def test_the_last_maintainer_stays(
    client: FlaskClient, path: str, headers: dict[str, str], maintainer: Developer
) -> None:
    removed = client.delete(f"{path}?developerId={maintainer.id}", headers=headers)
    assert (removed.status_code, removed.json["code"]) == (409, "last_maintainer")
    body = {"developerId": maintainer.id, "role": "member"}
    assert client.post(path, json=body, headers=headers).status_code == 409
    body["role"] = "maintainer"
    assert client.post(path, json=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"developerId": 999_999},
        {"developerId": 2**70},
        {"developerId": "1"},
        {"developerId": 1, "role": "owner"},
        {"developerId": 1, "since": "ever"},
    ],
    ids=str,
)
def test_a_bad_member_is_refused(
    client: FlaskClient, path: str, headers: dict[str, str], body: dict[str, object]
) -> None:
    assert client.post(path, json=body, headers=headers).status_code == 422


@pytest.mark.parametrize("query", ["", "?developerId=x", f"?developerId={2**70}"])
def test_who_is_to_go_must_be_named(
    client: FlaskClient, path: str, headers: dict[str, str], query: str
) -> None:
    assert client.delete(path + query, headers=headers).status_code == 422


def test_members_are_the_maintainers_business(
    client: FlaskClient, project: Project, login: Login
) -> None:
    path = f"/api/web/projects/{project.key}/members"
    lead, stranger = make_developer(role=SystemRole.LEAD), make_developer()
    for developer, status in ((lead, 403), (stranger, 404)):
        headers, body = login(developer), {"developerId": stranger.id}
        assert client.get(path, headers=headers).status_code == status
        assert client.post(path, json=body, headers=headers).status_code == status
        assert client.delete(f"{path}?developerId=1", headers=headers).status_code == status


def test_colleagues_are_listed_for_picking(
    client: FlaskClient, maintainer: Developer, login: Login
) -> None:
    gone = make_developer(disabled_at=maintainer.created_at)
    listed = client.get("/api/web/projects/-/developers", headers=login(maintainer)).json["items"]
    me = {
        "id": maintainer.id,
        "name": maintainer.name,
        "gitEmail": maintainer.git_email,
        "role": "developer",
    }
    assert me in listed
    assert gone.id not in [item["id"] for item in listed]


def test_each_member_is_listed_with_what_they_can_do(
    client: FlaskClient, path: str, headers: dict[str, str], project: Project
) -> None:
    lead = make_developer(role=SystemRole.LEAD)
    disabled = make_developer(disabled_at=now())
    for developer in (lead, disabled):
        client.post(path, json={"developerId": developer.id}, headers=headers)
    boss, its_lead, gone = client.get(path, headers=headers).json["items"]
    assert "change_project" in boss["permissions"]
    assert boss["ownTaskPermissions"] == []
    assert set(its_lead["permissions"]) == {*MEMBER_PERMISSIONS, "cancel_task"}
    assert its_lead["systemRole"] == "lead"
    assert (gone["disabled"], gone["permissions"], gone["ownTaskPermissions"]) == (True, [], [])
