"""The account of a person from a provider, and the roles that their groups grant."""

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
from tests.sso.sign_in import SignIn, access_token, assert_refused

# ---- whose account it is -------------------------------------------------------------------------


def test_an_account_is_made_for_whom_there_is_none(start_sign_in: Callable[..., SignIn]) -> None:
    make_developer(name="ADA", email="another@example.org")
    start_sign_in().return_to_app()
    made = db.session.scalars(sa.select(Developer).order_by(Developer.id.desc())).first()
    assert made is not None
    assert (made.name, made.email, made.role) == ("ada-2", "ada@example.org", "developer")
    assert made.git_name == "Ada Lovelace"


def test_no_account_is_made_where_the_provider_is_not_to(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], provider: IdentityProvider
) -> None:
    provider.create_accounts = False
    assert_refused(client, start_sign_in().return_to_app(), "sign_in_refused")
    assert db.session.scalars(sa.select(Developer)).all() == []
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.target_id) == ("login.failed", provider.name)
    why = {"reason": "no_account", "subject": "ada-1", "email": "ada@example.org"}
    assert entry.changes == {"before": None, "after": why}


@pytest.mark.parametrize("verified", [False, None, "no", 1])
def test_an_address_that_is_not_verified_finds_no_account(
    client: FlaskClient,
    start_sign_in: Callable[..., SignIn],
    provider: IdentityProvider,
    ada: Developer,
    verified: object,
) -> None:
    provider.create_accounts = False
    assert_refused(
        client, start_sign_in().return_to_app(email_verified=verified), "sign_in_refused"
    )


def test_the_address_of_ones_commits_finds_no_account(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], provider: IdentityProvider
) -> None:
    """It is whatever its owner says."""
    provider.create_accounts = False
    make_developer(git_email="ada@example.org")
    assert_refused(client, start_sign_in().return_to_app(), "sign_in_refused")


def test_an_address_that_passed_to_somebody_else_gives_them_no_account(
    client: FlaskClient,
    start_sign_in: Callable[..., SignIn],
    provider: IdentityProvider,
    ada: Developer,
) -> None:
    make_identity(ada, provider, subject="ada-0")
    assert_refused(client, start_sign_in().return_to_app(), "sign_in_refused")


def test_an_identity_keeps_its_account_whatever_its_address(
    start_sign_in: Callable[..., SignIn], provider: IdentityProvider, ada: Developer
) -> None:
    make_identity(ada, provider, subject="ada-1")
    start_sign_in(next="/a").return_to_app(email="married@example.org")
    assert db.session.scalars(sa.select(Login)).one().developer_id == ada.id


def test_a_disabled_account_stays_out(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer
) -> None:
    ada.disabled_at = ada.created_at
    assert_refused(client, start_sign_in().return_to_app(), "sign_in_refused")


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
    start_sign_in: Callable[..., SignIn],
    provider: IdentityProvider,
    ada: Developer,
    rule: dict[str, Any],
    claims: dict[str, Any],
) -> None:
    for name, value in rule.items():
        setattr(provider, name, value)
    assert_refused(client, start_sign_in().return_to_app(**claims), "sign_in_refused")


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
    start_sign_in: Callable[..., SignIn], mapped: IdentityProvider, ada: Developer
) -> None:
    start_sign_in().return_to_app(groups=["admins", "web"])
    assert (ada.role, memberships(ada)) == (SystemRole.ADMIN, [ProjectRole.MEMBER])
    start_sign_in().return_to_app(groups=["others"])
    assert (ada.role, memberships(ada)) == (SystemRole.DEVELOPER, [])
    query = sa.select(AuditEntry.action).where(AuditEntry.target_id == str(ada.id))
    assert list(db.session.scalars(query)).count("developer.groups_applied") == 2


def test_a_role_that_goes_ends_the_logins_that_had_it(
    client: FlaskClient,
    start_sign_in: Callable[..., SignIn],
    mapped: IdentityProvider,
    ada: Developer,
) -> None:
    start_sign_in().return_to_app(groups=["admins"])
    before = {"Authorization": f"Bearer {access_token(client)}"}
    assert client.get("/api/admin/settings", headers=before).status_code == 200
    start_sign_in().return_to_app(groups=[])
    assert client.get("/api/admin/settings", headers=before).status_code == 401


def test_what_people_gave_by_hand_stays(
    start_sign_in: Callable[..., SignIn], mapped: IdentityProvider, ada: Developer
) -> None:
    project = make_project(key="OPS", maintainers=[ada])
    mapped.memberships = [{"group": "web", "project_key": "OPS", "role": "member"}]
    ada.role = SystemRole.LEAD
    start_sign_in().return_to_app(groups=["admins", "web"])
    assert (ada.role, memberships(ada)) == (SystemRole.ADMIN, [ProjectRole.MAINTAINER])
    start_sign_in().return_to_app(groups=[])
    assert (ada.role, memberships(ada)) == (SystemRole.LEAD, [ProjectRole.MAINTAINER])
    assert project.deleted_at is None


def test_a_membership_that_groups_had_raised_falls_to_what_it_was(
    start_sign_in: Callable[..., SignIn], mapped: IdentityProvider, ada: Developer
) -> None:
    make_project(key="OPS", members=[ada])
    mapped.memberships = [{"group": "web", "project_key": "OPS", "role": "maintainer"}]
    start_sign_in().return_to_app(groups=["web"])
    assert memberships(ada) == [ProjectRole.MAINTAINER]
    start_sign_in().return_to_app(groups=[])
    assert memberships(ada) == [ProjectRole.MEMBER]


def test_the_only_admin_stays_one(
    start_sign_in: Callable[..., SignIn], provider: IdentityProvider, ada: Developer
) -> None:
    provider.roles = [{"group": "admins", "role": "admin"}]
    start_sign_in().return_to_app(groups=["admins"])
    start_sign_in().return_to_app(groups=[])
    assert ada.role is SystemRole.ADMIN


def test_who_is_refused_for_their_groups_loses_what_groups_gave(
    client: FlaskClient,
    start_sign_in: Callable[..., SignIn],
    mapped: IdentityProvider,
    ada: Developer,
) -> None:
    mapped.allowed_groups = ["admins"]
    start_sign_in().return_to_app(groups=["admins", "web"])
    answer = start_sign_in().return_to_app(groups=[])
    assert answer.headers["Location"] == "/?error=sign_in_refused"
    assert (ada.role, memberships(ada)) == (SystemRole.DEVELOPER, [])
    assert access_token(client) is None


def test_two_providers_do_not_take_what_the_other_gave(
    client: FlaskClient,
    start_sign_in: Callable[..., SignIn],
    mapped: IdentityProvider,
    ada: Developer,
) -> None:
    start_sign_in().return_to_app(groups=["admins"])
    with serving() as other:
        second = make_provider(issuer=other.url, roles=[{"group": "x", "role": "lead"}])
        SignIn(client, second, other).return_to_app()
    assert ada.role is SystemRole.ADMIN
    assert len(db.session.scalars(sa.select(DeveloperIdentity)).all()) == 2


def test_groups_may_be_what_userinfo_says(
    start_sign_in: Callable[..., SignIn], issuer: Issuer, mapped: IdentityProvider, ada: Developer
) -> None:
    issuer.userinfo = {"sub": "ada-1", "groups": ["admins"]}
    start_sign_in().return_to_app(groups=None)
    assert ada.role is SystemRole.ADMIN


def test_userinfo_of_another_subject_is_rejected(
    client: FlaskClient,
    start_sign_in: Callable[..., SignIn],
    issuer: Issuer,
    mapped: IdentityProvider,
) -> None:
    issuer.userinfo = {"sub": "eve", "groups": ["admins"]}
    assert_refused(client, start_sign_in().return_to_app(groups=None))
