"""Login limits in responses: RateLimit headers with the remaining failures."""

from functools import partial

from flask import Response, after_this_request

from app.api import client_address
from app.api.auth import cookies
from app.api.guards import current_developer, current_login
from app.services.accounts import known_devices
from app.services.accounts.login_limits import (
    FailureLimit,
    InvitationLimit,
    LoginLimit,
    ReauthenticationLimit,
)


def login_limit(name: str) -> FailureLimit:
    """Limit logins with this name from this client, and report it in the response's headers."""
    device = known_devices.find_device(name, cookies.device_proofs())
    return _report_in_response(LoginLimit(name, client_address.client_ip(), device))


def invitation_limit() -> FailureLimit:
    """Limit this client's wrong invitations, and report it in the response's headers."""
    return _report_in_response(InvitationLimit(client_address.client_ip()))


def reauthentication_limit() -> FailureLimit:
    """Limit the session's reauthentications, and report it in the response's headers."""
    return _report_in_response(
        ReauthenticationLimit(current_developer(), current_login(), client_address.client_ip())
    )


def _report_in_response(limit: FailureLimit) -> FailureLimit:
    after_this_request(partial(_add_headers, limit))
    return limit


def _add_headers(limit: FailureLimit, response: Response) -> Response:
    if limit.state is not None:
        response.headers["RateLimit-Limit"] = str(limit.state.limit)
        response.headers["RateLimit-Remaining"] = str(limit.state.remaining)
        response.headers["RateLimit-Reset"] = str(limit.state.reset_seconds)
    return response
