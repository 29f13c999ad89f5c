"""Providers of single sign-on, set up by admins."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import ProjectRole, SystemRole
from app.extensions import db
from app.models import Developer, IdentityProvider, ProjectMember
from app.services import encryption
from tests.factories import (
    access_token_of,
    make_developer,
    make_identity,
    make_project,
    make_provider,
)

PATH = "/api/admin/identity-providers"
NEW = {"name": "corp", "label": "Corp", "issuer": "https://id.example.org", "clientId": "m"}


@pytest.fixture
def ask(app: Flask, client: FlaskClient) -> Callable[..., Any]:
    admin = make_developer(role=SystemRole.ADMIN)
    headers = {"Authorization": f"Bearer {access_token_of(admin)}"}
    return lambda method, path, json=None: client.open(
        path, method=method, json=json, headers=headers
    )


def test_a_client_secret_is_kept_encrypted_and_never_answered(ask: Callable[..., Any]) -> None:
    made = ask("POST", PATH, {**NEW, "clientSecret": "a very secret one"})
    assert made.status_code == 201, made.text
    assert made.json["hasClientSecret"] is True
    row = db.session.scalars(sa.select(IdentityProvider)).one()
    assert row.client_secret is not None
    assert encryption.decrypt(row.client_secret) == "a very secret one"
    changed = ask("PUT", f"{PATH}/{row.id}", {"label": "Other"})
    assert changed.json["hasClientSecret"] is True
    listed = ask("GET", PATH)
    assert "secret one" not in made.text + changed.text + listed.text
    gone = ask("PUT", f"{PATH}/{row.id}", {"clientSecret": None})
    assert gone.json["hasClientSecret"] is False


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"issuer": "http://id.example.org"}, "issuer"),
        ({"issuer": "id.example.org"}, "issuer"),
        ({"name": "Corp/.."}, "name"),
        ({"scopes": "profile"}, "scopes"),
        (
            {"memberships": [{"group": "a", "projectKey": "NOPE", "role": "member"}]},
            "memberships",
        ),
        ({"roles": [{"group": "a", "role": "root"}]}, "roles.0.role"),
    ],
)
def test_what_cannot_be_is_refused(
    ask: Callable[..., Any], wrong: dict[str, Any], field: str
) -> None:
    answer = ask("POST", PATH, NEW | wrong)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_name_is_given_once(ask: Callable[..., Any]) -> None:
    assert ask("POST", PATH, NEW).status_code == 201
    assert ask("POST", PATH, NEW).status_code == 409


def test_a_provider_that_goes_takes_what_its_groups_gave(ask: Callable[..., Any]) -> None:
    project, provider = make_project(), make_provider()
    ada = make_developer(role=SystemRole.LEAD, base_role=SystemRole.DEVELOPER)
    given = {"role": SystemRole.LEAD, "projects": {str(project.id): "member"}}
    identity = make_identity(ada, provider, **given)
    path = f"/api/admin/developers/{ada.id}/identities/{identity.id}"
    about = {"project_id": project.id, "developer_id": ada.id, "by_groups": True}
    db.session.add(ProjectMember(**about, role=ProjectRole.MEMBER))
    assert ask("DELETE", f"{PATH}/{provider.id}").status_code == 200
    assert db.session.get_one(Developer, ada.id).role is SystemRole.DEVELOPER
    assert db.session.scalars(sa.select(ProjectMember)).all() == []
    assert ask("DELETE", path).status_code == 404


def test_an_identity_has_one_account_and_an_account_one_there(ask: Callable[..., Any]) -> None:
    provider, ada, eve = make_provider(), make_developer(), make_developer()
    body = {"provider": provider.name, "subject": "1"}
    path = "/api/admin/developers/{}/identities"
    made = ask("POST", path.format(ada.id), body)
    assert made.status_code == 201
    assert ask("POST", path.format(eve.id), body).json["code"] == "identity_taken"
    other = {**body, "subject": "2"}
    assert ask("POST", path.format(ada.id), other).json["code"] == "identity_taken"
    (listed,) = ask("GET", path.format(ada.id)).json["items"]
    assert (listed["provider"], listed["subject"]) == (provider.name, "1")
    assert ask("DELETE", f"{path.format(eve.id)}/{made.json['id']}").status_code == 404
    assert ask("DELETE", f"{path.format(ada.id)}/{made.json['id']}").status_code == 200


def test_an_address_is_one_accounts(ask: Callable[..., Any]) -> None:
    ada, eve = make_developer(email="ada@example.org"), make_developer()
    answer = ask("PUT", f"/api/admin/developers/{eve.id}", {"email": "Ada@Example.org"})
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")
    done = ask("PUT", f"/api/admin/developers/{ada.id}", {"email": None})
    assert (done.status_code, done.json["email"]) == (200, None)
