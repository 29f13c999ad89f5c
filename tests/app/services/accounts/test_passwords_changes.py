"""A password change against what happens to the account meanwhile."""

from typing import Any

import pytest
from flask import Flask

from app.domain.errors import InvalidToken
from app.services.accounts import developers, passwords, profile
from app.services.accounts.login_limits import LoginLimit
from tests.factories import PASSWORD, make_developer, make_login


@pytest.mark.parametrize("what", ["token_generation", "disabled_at", "login"])
def test_a_session_that_ended_meanwhile_changes_no_password(
    app: Flask, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    developer = make_developer()
    login = make_login(developer)
    before = developer.password_hash
    locked = developers.lock_developer

    def end_first(developer_id: int) -> Any:
        if what == "login":
            login.ended_at = developer.created_at
        else:
            value = {"token_generation": 7, "disabled_at": developer.created_at}[what]
            setattr(developer, what, value)
        return locked(developer_id)

    monkeypatch.setattr(developers, "lock_developer", end_first)
    with pytest.raises(InvalidToken):
        profile.change_password(
            developer,
            login.id,
            LoginLimit(developer.name, "192.0.2.1"),
            current_password=PASSWORD,
            new_password="another long password",
        )
    assert developer.password_hash == before
    assert passwords.matches(before, PASSWORD)
