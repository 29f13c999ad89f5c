"""Developers' accounts on chat platforms, given out at the same moment."""

from flask import Flask

from app.domain.roles import SystemRole
from app.services.accounts import account_admin
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.factories import make_developer


def test_of_those_who_get_one_uid_at_once_one_has_it(committed_app: Flask) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    people = [make_developer() for _ in range(4)]
    results = at_once(
        committed_app,
        4,
        lambda index: account_admin.update(admin, people[index].id, platform_uid="slack:U1"),
    )
    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == ["Developer", "PlatformUidTaken", "PlatformUidTaken", "PlatformUidTaken"]
