"""A developer's own account: reading and changing it."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from app.domain.login import LoginVia
from app.extensions import db
from app.models import Developer
from app.services import audit, clock
from app.services.accounts import developers, logins, passwords, second_factor
from app.services.accounts.login_limits import FailureLimit
from app.services.accounts.logins import TokenPair


@dataclass(frozen=True)
class Profile:
    """A developer, as they see themselves."""

    developer: Developer
    totp_enabled: bool
    reauthenticated_until: datetime | None


def get(developer: Developer, login_id: uuid.UUID | None) -> Profile:
    """Return the account, whether it has a second factor, and when the login's reauthentication
    expires.

    `login_id` is None for a personal access token, which is never reauthenticated.
    """
    until = None if login_id is None else logins.reauthenticated_until(login_id, clock.now())
    return Profile(developer, second_factor.is_enabled(developer), until)


def update(developer: Developer, login_id: uuid.UUID | None, **changes: str) -> Profile:
    """Change the author of the commits of the developer's tasks: `git_name`, `git_email`.
    Commits.
    """
    for name, value in changes.items():
        setattr(developer, name, value)
    db.session.commit()
    return get(developer, login_id)


def change_password(
    developer: Developer,
    login_id: uuid.UUID,
    limit: FailureLimit,
    *,
    current_password: str,
    new_password: str,
) -> TokenPair:
    """Change the password, end all sessions, and return the tokens of a new one that replaces the
    caller's. Commits.

    Raises InvalidFields for a weak new password and for a wrong current one, TooManyAttempts, and
    InvalidToken if the session has ended meanwhile.
    """
    passwords.check_strength(new_password, "newPassword")
    with limit.count_failures():
        developers.require_password(developer, current_password, "currentPassword")
    new_hash = passwords.hash_password(new_password)
    # If this session was ended while the hash was computed, the change fails.
    developers.lock_current(developer)
    login, now = logins.lock_current(developer, login_id), clock.now()
    developer.password_hash = new_hash
    developer.must_change_password = False
    developer.token_generation += 1
    logins.end_all(developer, now)
    audit.record("password.changed", "developer", developer.id, actor=developer)
    pair = logins.start(
        *(developer, now),
        via=LoginVia.PASSWORD,
        client=login.client,
        address=login.address or "",
    )
    db.session.commit()
    return pair
