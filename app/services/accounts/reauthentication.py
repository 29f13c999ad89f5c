"""Reauthentication, before actions that would outlive a stolen session.

A provider's flow ends in `logins.reauthenticate` as well, when its callback has proved the person's
identity.
"""

import uuid
from datetime import datetime

from app.domain import field_errors
from app.domain.errors import InvalidFields
from app.extensions import db
from app.models import Developer
from app.services import clock
from app.services.accounts import break_glass, developers, logins, second_factor
from app.services.accounts.login_limits import FailureLimit


def reauthenticate(
    developer: Developer,
    login_id: uuid.UUID,
    limit: FailureLimit,
    *,
    password: str | None,
    totp_code: str | None,
) -> datetime:
    """Reauthenticate the login by the developer's password, a two-factor code, or both.

    Returns when the reauthentication expires. Commits. Raises InvalidFields for wrong values, and
    if both are missing; TooManyAttempts; InvalidToken if the login has ended meanwhile.
    """
    if password is None and totp_code is None:
        raise InvalidFields({"password": [field_errors.PROOF_NEEDED]})
    if password is not None and not break_glass.is_password_allowed(developer):
        raise InvalidFields({"password": [field_errors.PASSWORD_OFF]})
    with limit.count_failures():
        if password is not None:
            developers.require_password(developer, password, "password")
        developers.lock_current(developer)
        now = clock.now()
        if totp_code is not None:
            second_factor.check_own_code(developer, totp_code, now, "totpCode")
    # Not earlier: beyond the limit, even a correct guess confirms nothing.
    means = [name for name, given in (("password", password), ("code", totp_code)) if given]
    until = logins.reauthenticate(developer, login_id, now, by=" and ".join(means))
    db.session.commit()
    return until
