"""An invitation that a person accepts by signing in at a provider."""

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
    Invitation,
    ProjectMember,
)
from app.services import settings
from tests.factories import (
    make_developer,
    make_identity,
    make_invitation,
    make_project,
    make_provider,
)
from tests.factories.rows import now
from tests.sso.issuer import Issuer
from tests.sso.sign_in import SignIn, access_token, assert_refused, query_of

Accept = Callable[[str], SignIn]
PATH = "/api/auth/invitations/accept"


@pytest.fixture
def boss() -> Developer:
    return make_developer(name="boss", role=SystemRole.ADMIN)


@pytest.fixture
def accept(
    client: FlaskClient, provider: IdentityProvider, issuer: Issuer, boss: Developer
) -> Accept:
    """Goes to the provider with an invitation. It creates accounts for nobody else."""
    provider.create_accounts = False

    def go(secret: str) -> SignIn:
        answer = client.post(PATH, json={"token": secret, "provider": provider.name})
        assert (answer.status_code, answer.json["name"]) == (200, None), answer.text
        sign_in = SignIn.__new__(SignIn)
        sign_in.client, sign_in.issuer = client, issuer
        sign_in.path = f"/api/auth/oidc/{provider.name}"
        sign_in.url = answer.json["url"]
        sign_in.asked = query_of(sign_in.url)
        return sign_in

    return go


def memberships(developer: Developer) -> dict[int, ProjectRole]:
    mine = sa.select(ProjectMember).where(ProjectMember.developer_id == developer.id)
    return {row.project_id: row.role for row in db.session.scalars(mine)}


def test_the_account_has_the_identity_and_the_invitations_role_and_projects(
    client: FlaskClient, accept: Accept, boss: Developer
) -> None:
    web = make_project(key="WEB")
    invitation, secret = make_invitation(
        boss, role=SystemRole.LEAD, email="ada@example.org", projects={str(web.id): "member"}
    )
    answer = accept(secret).return_to_app()
    assert answer.headers["Location"] == "/"
    assert access_token(client) is not None
    ada = db.session.get_one(Developer, invitation.developer_id)
    assert (ada.name, ada.role, ada.email) == ("ada", SystemRole.LEAD, "ada@example.org")
    assert ada.git_name == "Ada Lovelace"
    assert memberships(ada) == {web.id: ProjectRole.MEMBER}
    identity = db.session.scalars(sa.select(DeveloperIdentity)).one()
    assert (identity.subject, identity.developer_id) == ("ada-1", ada.id)
    told = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert {"invitation.accepted", "identity.linked", "developer.created"} <= set(told)


def test_it_is_the_only_way_without_passwords(
    accept: Accept, boss: Developer, provider: IdentityProvider
) -> None:
    settings.update(boss, {"passwordLogin": "off", "breakGlassAdmin": "boss"})
    invitation, secret = make_invitation(boss)
    accept(secret).return_to_app()
    assert invitation.developer_id is not None


@pytest.mark.parametrize(
    ("invited", "claims"),
    [
        ("other@example.org", {}),
        ("ada@example.org", {"email_verified": False}),
    ],
    ids=["another address", "not verified"],
)
def test_the_invited_address_must_be_the_verified_one(
    client: FlaskClient, accept: Accept, boss: Developer, invited: str, claims: dict[str, Any]
) -> None:
    invitation, secret = make_invitation(boss, email=invited)
    answer = accept(secret).return_to_app(**claims)
    assert_refused(client, answer, "invitation_other_email")
    assert invitation.accepted_at is None
    assert db.session.scalars(sa.select(Developer)).all() == [boss]


@pytest.mark.parametrize(
    ("rule", "claims"),
    [
        ({"email_domains": ["example.com"]}, {}),
        ({"allowed_groups": ["staff"]}, {"groups": ["guests"]}),
    ],
    ids=str,
)
def test_the_providers_rules_apply(
    client: FlaskClient,
    accept: Accept,
    boss: Developer,
    provider: IdentityProvider,
    rule: dict[str, Any],
    claims: dict[str, Any],
) -> None:
    invitation, secret = make_invitation(boss)
    sign_in = accept(secret)
    for name, value in rule.items():
        setattr(provider, name, value)
    assert_refused(client, sign_in.return_to_app(**claims), "sign_in_refused")
    assert invitation.accepted_at is None


def test_groups_add_their_rights_to_those_of_the_invitation(
    accept: Accept,
    boss: Developer,
    provider: IdentityProvider,
    start_sign_in: Callable[..., SignIn],
) -> None:
    web, api = make_project(key="WEB"), make_project(key="API")
    provider.roles = [{"group": "leads", "role": "lead"}]
    provider.memberships = [
        {"group": "web", "project_key": "web", "role": "maintainer"},
        {"group": "web", "project_key": "api", "role": "member"},
    ]
    invitation, secret = make_invitation(boss, projects={str(web.id): "member"})
    accept(secret).return_to_app(groups=["leads", "web"])
    ada = db.session.get_one(Developer, invitation.developer_id)
    assert (ada.role, ada.base_role) == (SystemRole.LEAD, SystemRole.DEVELOPER)
    assert memberships(ada) == {web.id: ProjectRole.MAINTAINER, api.id: ProjectRole.MEMBER}
    start_sign_in().return_to_app(groups=[])
    assert ada.role is SystemRole.DEVELOPER
    assert memberships(ada) == {web.id: ProjectRole.MEMBER}


def test_a_person_with_an_account_gets_no_second_one(
    client: FlaskClient, accept: Accept, boss: Developer, provider: IdentityProvider
) -> None:
    make_identity(make_developer(), provider, subject="ada-1")
    invitation, secret = make_invitation(boss)
    assert_refused(client, accept(secret).return_to_app(), "account_exists")
    assert invitation.accepted_at is None


def test_an_account_with_the_persons_address_is_not_taken_over(
    client: FlaskClient, accept: Accept, boss: Developer, ada: Developer
) -> None:
    _, secret = make_invitation(boss)
    assert_refused(client, accept(secret).return_to_app(), "account_exists")
    assert db.session.scalars(sa.select(DeveloperIdentity)).all() == []


@pytest.mark.parametrize(
    ("column", "code"),
    [("withdrawn_at", "invitation_withdrawn"), ("accepted_at", "invitation_accepted")],
)
def test_an_invitation_that_ends_during_the_sign_in_is_refused(
    client: FlaskClient, accept: Accept, boss: Developer, column: str, code: str
) -> None:
    invitation, secret = make_invitation(boss)
    sign_in = accept(secret)
    setattr(invitation, column, now())
    assert_refused(client, sign_in.return_to_app(), code)
    assert db.session.scalars(sa.select(Developer)).all() == [boss]


def test_an_inviter_who_was_disabled_during_the_sign_in_invites_nobody(
    client: FlaskClient, accept: Accept, boss: Developer
) -> None:
    _, secret = make_invitation(boss)
    sign_in = accept(secret)
    boss.disabled_at = now()
    assert_refused(client, sign_in.return_to_app(), "inviter_disabled")


def test_the_secret_stays_off_the_providers_url(accept: Accept, boss: Developer) -> None:
    _, secret = make_invitation(boss)
    assert secret not in accept(secret).url


def test_a_provider_that_is_off_is_a_wrong_field(
    client: FlaskClient, boss: Developer, provider: IdentityProvider
) -> None:
    off = make_provider(enabled=False)
    _, secret = make_invitation(boss)
    for name in (off.name, "nope"):
        answer = client.post(PATH, json={"token": secret, "provider": name})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["provider"])
    assert db.session.scalars(sa.select(Invitation.accepted_at)).all() == [None]
