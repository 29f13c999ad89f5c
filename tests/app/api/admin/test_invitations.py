"""/api/admin/invitations as admins see it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind, is_token
from app.extensions import db
from app.models import AuditEntry, Developer, Invitation, Login
from app.services import settings
from tests.factories import make_developer, make_invitation, make_personal_token, make_project
from tests.factories.rows import now

Sign = Callable[[Developer], dict[str, str]]
PATH = "/api/admin/invitations"


@pytest.fixture
def boss() -> Developer:
    return make_developer(name="boss", role=SystemRole.ADMIN)


@pytest.fixture
def admin(login: Sign, boss: Developer) -> dict[str, str]:
    return login(boss)


def test_the_link_is_shown_once_and_only_its_hash_is_stored(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    make_project(key="WEB")
    body = {
        "email": "New@Example.org",
        "role": "lead",
        "projects": [{"key": "web", "role": "maintainer"}],
        "note": "the new lead",
    }
    made = client.post(PATH, json=body, headers=admin)
    assert made.status_code == 201
    fields = made.json
    page, _, secret = fields.pop("link").partition("#")
    assert page == "http://localhost/invitation"
    assert is_token(secret, TokenKind.INVITATION)
    assert fields == {
        "id": fields["id"],
        "email": "new@example.org",
        "role": "lead",
        "projects": [{"key": "WEB", "role": "maintainer"}],
        "note": "the new lead",
        "invitedBy": "boss",
        "state": "open",
        "createdAt": fields["createdAt"],
        "expiresAt": fields["expiresAt"],
        "acceptedAt": None,
        "developerId": None,
        "developerName": None,
    }
    assert client.get(PATH, headers=admin).json["items"] == [fields]
    row = db.session.scalars(sa.select(Invitation)).one()
    assert secret not in map(str, vars(row).values())
    told = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "invitation.created")
    ).one()
    assert secret not in str(told.changes)
    life = datetime.fromisoformat(fields["expiresAt"]) - datetime.fromisoformat(fields["createdAt"])
    assert life == timedelta(hours=72)


def test_its_lifetime_is_a_setting(
    client: FlaskClient, admin: dict[str, str], boss: Developer
) -> None:
    settings.update(boss, {"invitationHours": 2})
    fields = client.post(PATH, json={}, headers=admin).json
    life = datetime.fromisoformat(fields["expiresAt"]) - datetime.fromisoformat(fields["createdAt"])
    assert life == timedelta(hours=2)
    assert (fields["role"], fields["projects"], fields["email"]) == ("developer", [], None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"role": "root"}, "role"),
        ({"projects": [{"key": "NOPE"}]}, "projects.0.key"),
        ({"projects": [{"key": "WEB", "role": "owner"}]}, "projects.0.role"),
        ({"note": "a\nb"}, "note"),
        ({"password": "a long enough password"}, "password"),
    ],
    ids=str,
)
def test_an_invalid_invitation_is_refused(
    client: FlaskClient, admin: dict[str, str], body: dict[str, Any], field: str
) -> None:
    make_project(key="WEB")
    answer = client.post(PATH, json=body, headers=admin)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_nobody_is_invited_to_an_address_that_has_an_account(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    make_developer(email="ada@example.org")
    answer = client.post(PATH, json={"email": "Ada@example.org"}, headers=admin)
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")


def test_an_old_sign_in_must_be_confirmed_first(client: FlaskClient, admin: dict[str, str]) -> None:
    db.session.execute(sa.update(Login).values(reauthenticated_at=now() - timedelta(minutes=11)))
    answer = client.post(PATH, json={}, headers=admin)
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")


def test_a_personal_access_token_invites_nobody_but_withdraws(
    client: FlaskClient, boss: Developer
) -> None:
    headers = {"Authorization": f"Bearer {make_personal_token(boss)[1]}"}
    answer = client.post(PATH, json={}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "session_required")
    invitation, _ = make_invitation(boss)
    assert client.delete(f"{PATH}/{invitation.id}", headers=headers).status_code == 200


def test_withdrawing_can_be_repeated(client: FlaskClient, admin: dict[str, str]) -> None:
    invitation, _ = make_invitation()
    for _ in range(2):
        assert client.delete(f"{PATH}/{invitation.id}", headers=admin).json == {}
        (listed,) = client.get(PATH, headers=admin).json["items"]
        assert listed["state"] == "withdrawn"
    assert client.delete(f"{PATH}/{invitation.id + 1}", headers=admin).status_code == 404


def test_a_used_invitation_names_its_account_and_cannot_be_withdrawn(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    ada = make_developer(name="ada")
    invitation, _ = make_invitation(accepted_at=now(), developer_id=ada.id)
    (listed,) = client.get(PATH, headers=admin).json["items"]
    assert (listed["state"], listed["developerName"]) == ("accepted", "ada")
    answer = client.delete(f"{PATH}/{invitation.id}", headers=admin)
    assert (answer.status_code, answer.json["code"]) == (409, "invitation_accepted")


def test_without_a_public_url_other_hosts_get_no_link(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    """A link with a host that a client names would lead people there."""
    answer = client.post(PATH, json={}, headers=admin, base_url="http://muster.example")
    assert (answer.status_code, answer.json["code"]) == (409, "public_url_missing")
    assert db.session.scalars(sa.select(Invitation)).all() == []
