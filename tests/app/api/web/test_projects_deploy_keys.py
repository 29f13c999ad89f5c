"""From an SSH URL to a passing check: a key that the server makes, and host keys to accept."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, Developer, Project
from app.models import Machine as MachineRow
from app.services import encryption
from app.services.projects import check_store
from muster.worker.git.repository_checks import check_repository
from tests.factories import make_developer, make_machine, make_project
from tests.muster.worker.repositories import Machine, Repository, machine, repository, root
from tests.muster.worker.ssh_server import SshServer, server

__all__ = ["machine", "repository", "root", "server"]
Login = Callable[[Developer], dict[str, str]]


class Checks:
    """Checks by one person, each answered by a worker that runs the real git."""

    def __init__(self, client: FlaskClient, headers: dict[str, str], machine: Machine) -> None:
        self._client, self._headers, self._machine = client, headers, machine
        self._row: MachineRow = make_machine(name="heron")

    def run(self, path: str, body: dict[str, Any]) -> Any:
        started = self._client.post(path, json=body, headers=self._headers)
        assert started.status_code == 202, started.json
        order = check_store.take_order(started.json["id"], self._row.id, self._row.name)
        assert order is not None
        check_store.record_answer(self._row.id, check_repository(self._machine.layout, order))
        return self._client.get(f"{path}/{started.json['id']}", headers=self._headers).json


def failures(check: Any) -> list[str]:
    return [
        step["code"]
        for step in check["steps"]
        if step["state"] == "failed" and step["step"] in ("repository", "login", "branch")
    ]


def let_in(server: SshServer, public_key: str) -> None:
    (server.directory / "user.pub").write_text(f"{public_key}\n")


def fingerprint(server: SshServer) -> str:
    """What ssh-keygen prints of the server's key."""
    command = ["ssh-keygen", "-l", "-f", str(server.directory / "host.pub")]
    return subprocess.check_output(command, text=True).split()[1]


def test_a_project_gets_a_key_its_host_is_accepted_and_the_check_passes(
    client: FlaskClient, login: Login, machine: Machine, repository: Repository, server: SshServer
) -> None:
    maintainer = make_developer()
    project = make_project(
        maintainers=[maintainer],
        repo_url=server.url(repository),
        ssh_key=encryption.encrypt(server.key),
    )
    headers, path = login(maintainer), f"/api/web/projects/{project.key}"
    checks = Checks(client, headers, machine)
    made = client.post(f"{path}/deploy-key", headers=headers)
    assert (made.status_code, set(made.json)) == (201, {"publicKey"})
    assert made.json["publicKey"].startswith("ssh-ed25519 ")
    stored = client.get(f"{path}/deploy-key", headers=headers).json["publicKey"]
    assert made.json["publicKey"].startswith(stored)
    assert "PRIVATE" not in str(client.get(path, headers=headers).json)

    unknown = checks.run(f"{path}/checks", {})
    assert failures(unknown) == ["host_key_unknown"]
    (host_key,) = unknown["hostKeys"]
    assert (host_key["type"], host_key["fingerprint"]) == ("ssh-ed25519", fingerprint(server))
    accepted = {"knownHosts": host_key["line"]}
    assert client.put(path, json=accepted, headers=headers).status_code == 200
    refused = checks.run(f"{path}/checks", {})
    assert (failures(refused), refused["hostKeys"]) == (["ssh_key_refused"], [])
    let_in(server, made.json["publicKey"])
    assert failures(checks.run(f"{path}/checks", {})) == []


def test_so_does_a_project_that_does_not_exist_yet(
    client: FlaskClient, login: Login, machine: Machine, repository: Repository, server: SshServer
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN))
    checks, path = Checks(client, headers, machine), "/api/admin/projects/-/checks"
    url = {"repoUrl": server.url(repository)}
    bare = checks.run(path, url)
    assert (failures(bare), len(bare["hostKeys"])) == (["ssh_key_needed"], 1)
    key = client.post("/api/admin/projects/-/deploy-key", headers=headers).json
    assert set(key) == {"id", "publicKey"}
    let_in(server, key["publicKey"])
    given = {**url, "deployKeyId": key["id"], "knownHosts": bare["hostKeys"][0]["line"]}
    assert failures(checks.run(path, given)) == []
    made = client.post("/api/admin/projects", json={"key": "APP", **given}, headers=headers)
    assert (made.status_code, made.json["hasSshKey"]) == (201, True)
    assert failures(checks.run("/api/web/projects/APP/checks", {})) == []


def test_a_changed_host_key_is_never_offered(
    client: FlaskClient, login: Login, machine: Machine, repository: Repository, server: SshServer
) -> None:
    maintainer = make_developer()
    project = make_project(
        maintainers=[maintainer],
        repo_url=server.url(repository),
        ssh_key=encryption.encrypt(server.key),
        known_hosts=f"[127.0.0.1]:{server.port} {(server.directory / 'user.pub').read_text()}",
    )
    checks = Checks(client, login(maintainer), machine)
    found = checks.run(f"/api/web/projects/{project.key}/checks", {})
    assert (failures(found), found["hostKeys"]) == (["host_key_changed"], [])


def test_the_private_half_is_stored_encrypted_and_audited_without_its_text(
    client: FlaskClient, login: Login
) -> None:
    maintainer = make_developer()
    project = make_project(maintainers=[maintainer])
    path = f"/api/web/projects/{project.key}/deploy-key"
    assert client.get(path, headers=login(maintainer)).json == {"publicKey": None}
    made = client.post(path, headers=login(maintainer))
    stored = db.session.scalars(sa.select(Project.ssh_key).where(Project.id == project.id)).one()
    assert stored is not None
    assert "PRIVATE" not in stored
    assert "BEGIN OPENSSH PRIVATE KEY" in encryption.decrypt(stored)
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "project.updated")
    ).one()
    assert "PRIVATE" not in str(entry.changes)
    assert made.json["publicKey"].split()[1] not in str(entry.changes)


def test_a_new_key_is_its_admins_and_lasts_an_hour(client: FlaskClient, login: Login) -> None:
    admin, other = (make_developer(role=SystemRole.ADMIN) for _ in range(2))
    key = client.post("/api/admin/projects/-/deploy-key", headers=login(admin)).json
    body = {"key": "APP", "repoUrl": "git@git.example.org:a/b.git", "deployKeyId": key["id"]}
    refused = client.post("/api/admin/projects", json=body, headers=login(other))
    assert refused.status_code == 422
    assert refused.json["errorCodes"]["deployKeyId"][0]["code"] == "unknown_deploy_key"


@pytest.mark.parametrize("method", ["get", "post"])
def test_members_get_no_key(client: FlaskClient, login: Login, method: str) -> None:
    member = make_developer()
    project = make_project(members=[member])
    path = f"/api/web/projects/{project.key}/deploy-key"
    assert client.open(path, method=method, headers=login(member)).status_code == 403
