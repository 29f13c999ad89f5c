"""Whose account it is that somebody from a provider has, and what their groups give them."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.domain.roles import ProjectRole, SystemRole
from app.extensions import db
from app.models import (
    AuditEntry,
    Developer,
    DeveloperIdentity,
    IdentityProvider,
    Login,
    ProjectMember,
)
from tests.factories import make_developer, make_identity, make_project, make_provider
from tests.sso.issuer import Issuer, serving
from tests.sso.sign_in import Visit, access_token, assert_refused

# ---- whose account it is -------------------------------------------------------------------------


def test_an_account_is_made_for_whom_there_is_none(visit: Callable[..., Visit]) -> None:
    make_developer(name="ADA", email="another@example.org")
    visit().comes_back()
    made = db.session.scalars(sa.select(Developer).order_by(Developer.id.desc())).first()
    assert made is not None
    assert (made.name, made.email, made.role) == ("ada-2", "ada@example.org", "developer")
    assert made.git_name == "Ada Lovelace"


def test_no_account_is_made_where_the_provider_is_not_to(
    client: FlaskClient, visit: Callable[..., Visit], provider: IdentityProvider
) -> None:
    provider.create_accounts = False
    assert_refused(client, visit().comes_back(), "sign_in_refused")
    assert db.session.scalars(sa.select(Developer)).all() == []
    told = db.session.scalars(sa.select(AuditEntry)).one()
    assert (told.action, told.target_id) == ("login.failed", provider.name)
    why = {"reason": "no_account", "subject": "ada-1", "email": "ada@example.org"}
    assert told.changes == {"before": None, "after": why}


@pytest.mark.parametrize("verified", [False, None, "no", 1])
def test_an_address_that_is_not_verified_finds_no_account(
    client: FlaskClient,
    visit: Callable[..., Visit],
    provider: IdentityProvider,
    ada: Developer,
    verified: object,
) -> None:
    provider.create_accounts = False
    assert_refused(client, visit().comes_back(email_verified=verified), "sign_in_refused")


def test_the_address_of_ones_commits_finds_no_account(
    client: FlaskClient, visit: Callable[..., Visit], provider: IdentityProvider
) -> None:
    """It is whatever its owner says."""
    provider.create_accounts = False
    make_developer(git_email="ada@example.org")
    assert_refused(client, visit().comes_back(), "sign_in_refused")


def test_an_address_that_passed_to_somebody_else_gives_them_no_account(
    client: FlaskClient, visit: Callable[..., Visit], provider: IdentityProvider, ada: Developer
) -> None:
    make_identity(ada, provider, subject="ada-0")
    assert_refused(client, visit().comes_back(), "sign_in_refused")


def test_an_identity_keeps_its_account_whatever_its_address(
    visit: Callable[..., Visit], provider: IdentityProvider, ada: Developer
) -> None:
    make_identity(ada, provider, subject="ada-1")
    visit(next="/a").comes_back(email="married@example.org")
    assert db.session.scalars(sa.select(Login)).one().developer_id == ada.id


def test_a_disabled_account_stays_out(
    client: FlaskClient, visit: Callable[..., Visit], ada: Developer
) -> None:
    ada.disabled_at = ada.created_at
    assert_refused(client, visit().comes_back(), "sign_in_refused")


@pytest.mark.parametrize(
    ("rule", "claims"),
    [
        ({"email_domains": ["example.com"]}, {}),
        ({"email_domains": ["example.org"]}, {"email_verified": False}),
        ({"allowed_groups": ["staff"]}, {"groups": ["guests"]}),
        ({"allowed_groups": ["staff"]}, {"groups": []}),
    ],
)
def test_who_does_not_fit_the_providers_rules_stays_out(
    client: FlaskClient,
    visit: Callable[..., Visit],
    provider: IdentityProvider,
    ada: Developer,
    rule: dict[str, Any],
    claims: dict[str, Any],
) -> None:
    for name, value in rule.items():
        setattr(provider, name, value)
    assert_refused(client, visit().comes_back(**claims), "sign_in_refused")


# ---- what groups give ----------------------------------------------------------------------------


@pytest.fixture
def mapped(provider: IdentityProvider) -> IdentityProvider:
    """`admins` are admins, and `web` members of WEB."""
    make_developer(role=SystemRole.ADMIN)
    make_project(key="WEB")
    provider.roles = [{"group": "admins", "role": "admin"}]
    provider.memberships = [{"group": "web", "project_key": "web", "role": "member"}]
    db.session.commit()
    return provider


def memberships(developer: Developer) -> list[ProjectRole]:
    mine = sa.select(ProjectMember.role).where(ProjectMember.developer_id == developer.id)
    return list(db.session.scalars(mine))


def test_groups_give_and_take_a_role_and_memberships(
    visit: Callable[..., Visit], mapped: IdentityProvider, ada: Developer
) -> None:
    visit().comes_back(groups=["admins", "web"])
    assert (ada.role, memberships(ada)) == (SystemRole.ADMIN, [ProjectRole.MEMBER])
    visit().comes_back(groups=["others"])
    assert (ada.role, memberships(ada)) == (SystemRole.DEVELOPER, [])
    told = sa.select(AuditEntry.action).where(AuditEntry.target_id == str(ada.id))
    assert list(db.session.scalars(told)).count("developer.groups_applied") == 2


def test_a_role_that_goes_ends_the_logins_that_had_it(
    client: FlaskClient, visit: Callable[..., Visit], mapped: IdentityProvider, ada: Developer
) -> None:
    visit().comes_back(groups=["admins"])
    before = {"Authorization": f"Bearer {access_token(client)}"}
    assert client.get("/api/admin/settings", headers=before).status_code == 200
    visit().comes_back(groups=[])
    assert client.get("/api/admin/settings", headers=before).status_code == 401


def test_what_people_gave_by_hand_stays(
    visit: Callable[..., Visit], mapped: IdentityProvider, ada: Developer
) -> None:
    project = make_project(key="OPS", maintainers=[ada])
    mapped.memberships = [{"group": "web", "project_key": "OPS", "role": "member"}]
    ada.role = SystemRole.LEAD
    visit().comes_back(groups=["admins", "web"])
    assert (ada.role, memberships(ada)) == (SystemRole.ADMIN, [ProjectRole.MAINTAINER])
    visit().comes_back(groups=[])
    assert (ada.role, memberships(ada)) == (SystemRole.LEAD, [ProjectRole.MAINTAINER])
    assert project.deleted_at is None


def test_a_membership_that_groups_had_raised_falls_to_what_it_was(
    visit: Callable[..., Visit], mapped: IdentityProvider, ada: Developer
) -> None:
    make_project(key="OPS", members=[ada])
    mapped.memberships = [{"group": "web", "project_key": "OPS", "role": "maintainer"}]
    visit().comes_back(groups=["web"])
    assert memberships(ada) == [ProjectRole.MAINTAINER]
    visit().comes_back(groups=[])
    assert memberships(ada) == [ProjectRole.MEMBER]


def test_the_only_admin_stays_one(
    visit: Callable[..., Visit], provider: IdentityProvider, ada: Developer
) -> None:
    provider.roles = [{"group": "admins", "role": "admin"}]
    visit().comes_back(groups=["admins"])
    visit().comes_back(groups=[])
    assert ada.role is SystemRole.ADMIN


def test_who_is_refused_for_their_groups_loses_what_groups_gave(
    client: FlaskClient, visit: Callable[..., Visit], mapped: IdentityProvider, ada: Developer
) -> None:
    mapped.allowed_groups = ["admins"]
    visit().comes_back(groups=["admins", "web"])
    answer = visit().comes_back(groups=[])
    assert answer.headers["Location"] == "/?error=sign_in_refused"
    assert (ada.role, memberships(ada)) == (SystemRole.DEVELOPER, [])
    assert access_token(client) is None


def test_two_providers_do_not_take_what_the_other_gave(
    client: FlaskClient, visit: Callable[..., Visit], mapped: IdentityProvider, ada: Developer
) -> None:
    visit().comes_back(groups=["admins"])
    with serving() as other:
        second = make_provider(issuer=other.url, roles=[{"group": "x", "role": "lead"}])
        Visit(client, second, other).comes_back()
    assert ada.role is SystemRole.ADMIN
    assert len(db.session.scalars(sa.select(DeveloperIdentity)).all()) == 2


def test_groups_may_be_what_userinfo_says(
    visit: Callable[..., Visit], issuer: Issuer, mapped: IdentityProvider, ada: Developer
) -> None:
    issuer.userinfo = {"sub": "ada-1", "groups": ["admins"]}
    visit().comes_back(groups=None)
    assert ada.role is SystemRole.ADMIN


def test_userinfo_of_somebody_else_is_not_believed(
    client: FlaskClient, visit: Callable[..., Visit], issuer: Issuer, mapped: IdentityProvider
) -> None:
    issuer.userinfo = {"sub": "eve", "groups": ["admins"]}
    assert_refused(client, visit().comes_back(groups=None))
