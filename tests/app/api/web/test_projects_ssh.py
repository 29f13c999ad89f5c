"""A project's key for its repository: nobody reads it, and it stays with its host."""

import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.extensions import db
from app.models import AuditEntry, Project
from app.services import encryption
from tests.app.api.web.projects_world import NEW, Login, admin
from tests.factories import make_developer, make_project
from tests.needs import declare_needs

__all__ = ["admin"]

SHOP = "/api/web/projects/shop"
KNOWN = (
    "git.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPmMz8cNkm4YzWV0sVzxSYBl7oH4Vv1gUqZkq1b1PZ0q"
)


@pytest.fixture
@declare_needs("ssh")
def key(tmp_path: Path) -> str:
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
    subprocess.run(make, check=True)
    return (tmp_path / "key").read_text()


def test_a_key_is_written_and_never_read(
    client: FlaskClient, admin: dict[str, str], key: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = {**NEW, "sshKey": key, "knownHosts": KNOWN}
    answers = [client.post("/api/admin/projects", json=body, headers=admin)]
    answers += [client.get(path, headers=admin) for path in (SHOP, "/api/web/projects")]
    answers.append(client.put(SHOP, json={"name": "Store", "sshKey": key}, headers=admin))
    answers.append(client.put(SHOP, json={"sshKey": key + key}, headers=admin))
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 422]
    secrets = key.splitlines()[1:-1]
    for text in (*(answer.text for answer in answers), caplog.text):
        assert not any(line in text for line in secrets)
    fields = answers[1].json
    assert (fields["hasSshKey"], fields["knownHosts"]) == (True, f"{KNOWN}\n")

    project = db.session.scalars(db.select(Project)).one()
    assert project.ssh_key
    assert not any(line in project.ssh_key for line in secrets)
    assert encryption.decrypt(project.ssh_key) == key
    changes = [entry.changes for entry in db.session.scalars(db.select(AuditEntry))]
    assert "(changed)" in str(changes)
    assert project.ssh_key not in str(changes)

    gone = client.put(SHOP, json={"sshKey": None, "knownHosts": None}, headers=admin).json
    assert (gone["hasSshKey"], gone["knownHosts"]) == (False, None)


@pytest.mark.parametrize(
    ("repo_url", "is_elsewhere"),
    [
        ("git@git.example:another.git", False),
        ("ssh://git@git.example/shop.git", False),
        ("git@git.example.evil.example:shop.git", True),
        ("ssh://git@evil.example/shop.git", True),
        ("ssh://git@git.example:2222/shop.git", True),
        ("https://git.example/shop.git", True),
    ],
)
def test_a_key_goes_to_no_host_but_its_own(
    client: FlaskClient, admin: dict[str, str], key: str, repo_url: str, is_elsewhere: bool
) -> None:
    body = {**NEW, "repoUrl": "git@git.example:shop.git", "sshKey": key, "gitToken": "ghp_hush"}
    client.post("/api/admin/projects", json=body, headers=admin)
    moved = client.put(SHOP, json={"repoUrl": repo_url}, headers=admin)
    assert moved.status_code == (422 if is_elsewhere else 200)
    if is_elsewhere:
        assert sorted(moved.json["errors"]) == ["gitToken", "sshKey"]
        half = client.put(SHOP, json={"repoUrl": repo_url, "gitToken": None}, headers=admin)
        assert list(half.json["errors"]) == ["sshKey"]
        assert client.get(SHOP, headers=admin).json["repoUrl"] == body["repoUrl"]
    given = {"repoUrl": repo_url, "gitToken": None, "sshKey": key}
    assert client.put(SHOP, json=given, headers=admin).status_code == 200


def test_only_an_admin_sends_machines_by_their_own_keys(
    client: FlaskClient, login: Login, admin: dict[str, str], key: str
) -> None:
    maintainer = make_developer()
    path = f"/api/web/projects/{make_project(maintainers=[maintainer]).key}"
    headers = login(maintainer)

    def put(by: dict[str, str], **body: str | None) -> int:
        return client.put(path, json=body, headers=by).status_code

    for url in ("git@git.example:x", "ssh://git@git.example/x"):
        assert put(headers, repoUrl=url) == 403
        assert put(headers, repoUrl=url, sshKey=None) == 403
        assert put(headers, repoUrl=url, sshKey="") == 403
    assert put(headers, repoUrl="git@git.example:x", sshKey=key) == 200
    assert put(headers, repoUrl="git@git.example:y") == 200
    # Without its key the URL would be the machines' business.
    assert put(headers, sshKey=None) == 403
    assert put(admin, sshKey=None) == 200
    # What is there may stay: a client sends the whole project back.
    assert put(headers, repoUrl="git@git.example:y", sshKey=None, name="Same") == 200
    assert put(headers, repoUrl="git@git.example:z") == 403
    assert put(headers, sshKey=key) == 200


def test_a_refusal_says_what_is_missing(client: FlaskClient, login: Login) -> None:
    maintainer = make_developer()
    path = f"/api/web/projects/{make_project(maintainers=[maintainer]).key}"
    answer = client.put(path, json={"repoUrl": "git@h:x"}, headers=login(maintainer))
    assert answer.json["detail"] == "Only an admin can set an ssh URL without sshKey."
