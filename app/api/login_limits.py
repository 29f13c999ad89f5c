"""Login limits in responses: RateLimit headers say how many failures are left."""

from functools import partial

from flask import Response, after_this_request

from app.api import client_address
from app.api.auth import cookies
from app.api.guards import current_developer, current_login
from app.services.accounts import known_devices
from app.services.accounts.login_limits import ConfirmationLimit, FailureLimit, LoginLimit


def told_limit(name: str) -> FailureLimit:
    """The limit of logins with this name from this client; the response's headers will tell it."""
    device = known_devices.find(name, cookies.device_proofs())
    return _told(LoginLimit(name, client_address.of_client(), device))


def told_confirmation_limit() -> FailureLimit:
    """The limit of confirmations of the session that asks; the response's headers will tell it."""
    return _told(
        ConfirmationLimit(current_developer(), current_login(), client_address.of_client())
    )


def _told(limit: FailureLimit) -> FailureLimit:
    after_this_request(partial(_tell, limit))
    return limit


def _tell(limit: FailureLimit, response: Response) -> Response:
    if limit.standing is not None:
        response.headers["RateLimit-Limit"] = str(limit.standing.limit)
        response.headers["RateLimit-Remaining"] = str(limit.standing.remaining)
        response.headers["RateLimit-Reset"] = str(limit.standing.reset_seconds)
    return response
