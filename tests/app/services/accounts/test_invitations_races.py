"""Invitations when several people answer one at once."""

from flask import Flask
from sqlalchemy import func, select

from app.domain.invitation import InvitationAccepted
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Invitation
from app.services.accounts import invitation_acceptance, invitations
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.factories import PASSWORD, make_developer, make_invitation


def accounts() -> int:
    return db.session.scalar(select(func.count()).select_from(Developer)) or 0


def test_of_many_who_accept_at_once_one_gets_the_account(committed_app: Flask) -> None:
    _, secret = make_invitation()
    before = accounts()
    results = at_once(
        committed_app,
        4,
        lambda index: invitation_acceptance.accept(secret, name=f"p{index}", password=PASSWORD),
    )
    assert sorted(type(r).__name__ for r in results) == ["Developer"] + ["InvitationAccepted"] * 3
    assert accounts() == before + 1


def test_of_two_invited_people_who_choose_one_name_one_keeps_their_invitation(
    committed_app: Flask,
) -> None:
    boss = make_developer(role=SystemRole.ADMIN)
    secrets = [make_invitation(boss)[1] for _ in range(2)]
    results = at_once(
        committed_app,
        2,
        lambda index: invitation_acceptance.accept(secrets[index], name="ada", password=PASSWORD),
    )
    assert sorted(type(r).__name__ for r in results) == ["AlreadyExists", "Developer"]
    used = select(func.count()).select_from(Invitation).where(Invitation.accepted_at.is_not(None))
    assert db.session.scalar(used) == 1


def test_an_invitation_is_either_accepted_or_withdrawn(committed_app: Flask) -> None:
    boss = make_developer(role=SystemRole.ADMIN)
    invitation, secret = make_invitation(boss)
    boss_id, invitation_id, before = boss.id, invitation.id, accounts()

    def act(index: int) -> object:
        if index == 0:
            return invitation_acceptance.accept(secret, name="ada", password=PASSWORD)
        return invitations.withdraw(db.session.get_one(Developer, boss_id), invitation_id)

    accepted, withdrawn = at_once(committed_app, 2, act)
    is_accepted = isinstance(accepted, Developer)
    assert is_accepted == isinstance(withdrawn, InvitationAccepted)
    assert accounts() == before + is_accepted
