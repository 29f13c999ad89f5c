"""Checks of projects as clients see them."""

from collections.abc import Callable

from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.models import Developer
from app.services import encryption
from app.services.projects import check_store
from muster.protocol import frames
from tests.factories import make_developer, make_machine, make_project

Login = Callable[[Developer], dict[str, str]]
ADMIN = "/api/admin/projects/-/checks"


def test_a_maintainer_starts_a_check_and_reads_its_steps(client: FlaskClient, login: Login) -> None:
    maintainer, machine = make_developer(), make_machine(name="heron")
    token = encryption.encrypt("ghp_hush-hush")
    project = make_project(
        maintainers=[maintainer], repo_url="https://gitlab.com/a/b.git", git_token=token
    )
    path, headers = f"/api/web/projects/{project.key}/checks", login(maintainer)
    started = client.post(path, json={"defaultBranch": "trunk"}, headers=headers)
    assert (started.status_code, set(started.json)) == (202, {"id"})
    check_id = started.json["id"]
    shown = client.get(f"{path}/{check_id}", headers=headers).json
    assert (shown["state"], shown["machine"]) == ("running", None)
    check_store.take_order(check_id, machine.id, machine.name)
    text = "fatal: Authentication failed for 'https://gitlab.com/a/b.git/'\x1b[31m"
    answer = frames.RepositoryChecked(check_id, "failed", details=text)
    check_store.record_answer(machine.id, answer)
    ended = client.get(f"{path}/{check_id}", headers=headers)
    assert (ended.json["state"], ended.json["machine"]) == ("failed", "heron")
    step = ended.json["steps"][0]
    assert {name: step[name] for name in ("step", "state", "code", "field")} == {
        "step": "login",
        "state": "failed",
        "code": "login_refused",
        "field": "gitToken",
    }
    assert step["message"] == (
        "The host gitlab.com refused the Git token. On GitLab, grant “write_repository”."
    )
    assert step["details"].startswith("fatal: Authentication failed")
    assert "\x1b" not in ended.text
    assert "ghp_" not in ended.text


def test_an_empty_body_checks_the_project_as_it_is(client: FlaskClient, login: Login) -> None:
    maintainer = make_developer()
    project = make_project(maintainers=[maintainer])
    path = f"/api/web/projects/{project.key}/checks"
    assert client.post(path, headers=login(maintainer)).status_code == 202


def test_the_rules_for_saving_apply(client: FlaskClient, login: Login) -> None:
    maintainer = make_developer()
    project = make_project(maintainers=[maintainer])
    path, headers = f"/api/web/projects/{project.key}/checks", login(maintainer)
    for body, status in (
        ({"repoUrl": "file:///srv/x.git"}, 403),
        ({"repoUrl": "https://user:pw@git.example/x.git"}, 422),
        ({"defaultBranch": "-x"}, 422),
    ):
        assert client.post(path, json=body, headers=headers).status_code == status, body


def test_a_check_that_is_unknown_or_over_is_not_found(client: FlaskClient, login: Login) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN))
    assert client.get(f"{ADMIN}/nothing", headers=headers).status_code == 404
    assert client.post(ADMIN, json={}, headers=headers).status_code == 422
