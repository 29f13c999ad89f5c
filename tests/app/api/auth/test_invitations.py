"""/api/auth/invitations: what a link opens, and the account that it becomes."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.domain.roles import ProjectRole, SystemRole
from app.extensions import db
from app.models import AuditEntry, Developer, ProjectMember
from app.services import settings
from tests.factories import make_developer, make_invitation, make_project, make_provider
from tests.factories.rows import now

PATH = "/api/auth/invitations"
PASSWORD = "a long enough password"


def accept(client: FlaskClient, secret: str, **more: Any) -> Any:
    body = {"token": secret, "name": "ada", "password": PASSWORD, **more}
    return client.post(f"{PATH}/accept", json=body)


def inspect(client: FlaskClient, secret: str) -> Any:
    return client.post(f"{PATH}/inspect", json={"token": secret})


def accounts() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Developer)) or 0


def test_an_invitation_shows_what_it_offers(client: FlaskClient) -> None:
    web = make_project(key="WEB")
    inviter = make_developer(name="boss", role=SystemRole.ADMIN)
    _, secret = make_invitation(
        inviter, email="ada@example.org", projects={str(web.id): "member"}, note="for admins"
    )
    answer = inspect(client, secret)
    assert answer.status_code == 200
    assert answer.json == {
        "email": "ada@example.org",
        "role": "developer",
        "projects": [{"key": "WEB", "role": "member"}],
        "invitedBy": "boss",
        "expiresAt": answer.json["expiresAt"],
    }


def test_accepting_creates_the_account_with_its_role_and_projects(client: FlaskClient) -> None:
    web, gone = make_project(key="WEB"), make_project(deleted_at=now())
    invitation, secret = make_invitation(
        role=SystemRole.LEAD,
        email="ada@example.org",
        projects={str(web.id): "maintainer", str(gone.id): "member"},
    )
    answer = accept(client, secret, name="Ada <L>")
    assert (answer.status_code, answer.json) == (200, {"name": "Ada <L>", "url": None})
    ada = db.session.get_one(Developer, invitation.developer_id)
    assert (ada.role, ada.email) == (SystemRole.LEAD, "ada@example.org")
    assert (ada.git_name, ada.git_email) == ("Ada L", "ada@example.org")
    members = db.session.scalars(sa.select(ProjectMember)).all()
    assert [(m.project_id, m.developer_id, m.role) for m in members] == [
        (web.id, ada.id, ProjectRole.MAINTAINER)
    ]
    credentials = {"username": "ada <l>", "password": PASSWORD}
    assert client.post("/api/auth/login", json=credentials).status_code == 200
    told = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "invitation.accepted")
    ).one()
    assert (told.actor_id, told.target_id) == (ada.id, str(invitation.id))
    assert told.changes["after"]["members"] == {str(web.id): "maintainer"}


def test_a_copied_link_is_useless_after_its_use(client: FlaskClient) -> None:
    _, secret = make_invitation()
    assert accept(client, secret).status_code == 200
    for answer in (inspect(client, secret), accept(client, secret, name="eve")):
        assert (answer.status_code, answer.json["code"]) == (409, "invitation_accepted")


@pytest.mark.parametrize(
    ("invitation", "inviter", "code"),
    [
        ({"withdrawn_at": now()}, {}, "invitation_withdrawn"),
        ({"expires_at": now() - timedelta(seconds=1)}, {}, "invitation_expired"),
        ({}, {"disabled_at": now()}, "inviter_disabled"),
        ({}, {"role": SystemRole.LEAD}, "inviter_disabled"),
    ],
    ids=["withdrawn", "expired", "by a disabled admin", "by a former admin"],
)
def test_an_invitation_that_ended_is_refused_with_its_reason(
    client: FlaskClient, invitation: dict[str, Any], inviter: dict[str, Any], code: str
) -> None:
    boss = make_developer(**{"role": SystemRole.ADMIN, **inviter})
    _, secret = make_invitation(boss, **invitation)
    before = accounts()
    for answer in (inspect(client, secret), accept(client, secret)):
        assert (answer.status_code, answer.json["code"]) == (409, code)
    assert accounts() == before


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "a\nb"}, {"password": "short"}, {"name": None}, {"role": "admin"}],
    ids=str,
)
def test_names_and_passwords_have_the_rules_of_accounts(
    client: FlaskClient, wrong: dict[str, Any]
) -> None:
    _, secret = make_invitation()
    answer = accept(client, secret, **wrong)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(wrong))
    body = {"token": secret}
    missing = client.post(f"{PATH}/accept", json=body).json["errors"]
    assert sorted(missing) == ["name", "password"]


def test_a_taken_name_or_address_leaves_the_invitation_open(client: FlaskClient) -> None:
    make_developer(name="ADA")
    _, secret = make_invitation(email="ada@example.org")
    answer = accept(client, secret)
    assert (answer.status_code, answer.json["code"]) == (409, "already_exists")
    other = make_developer(email="ada@example.org")
    answer = accept(client, secret, name="ada2")
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")
    other.email = None
    assert accept(client, secret, name="ada2").status_code == 200


def test_without_passwords_nobody_gets_one(client: FlaskClient) -> None:
    boss = make_developer(role=SystemRole.ADMIN)
    make_provider()
    settings.update(boss, {"passwordLogin": "off", "breakGlassAdmin": boss.name})
    _, secret = make_invitation(boss)
    answer = accept(client, secret)
    assert (answer.status_code, answer.json["code"]) == (403, "password_login_off")


def test_wrong_links_share_the_limit_of_logins(client: FlaskClient) -> None:
    _, secret = make_invitation()
    for number in range(5):
        wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
        answer = (inspect, accept)[number % 2](client, wrong)
        assert (answer.status_code, answer.json["code"]) == (404, "invitation_not_found")
    assert inspect(client, secret).status_code == 429
    assert accept(client, secret).status_code == 429
    credentials = {"username": "nobody", "password": PASSWORD}
    assert client.post("/api/auth/login", json=credentials).status_code == 429
