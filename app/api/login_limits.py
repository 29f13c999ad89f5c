"""Login limits in responses: RateLimit headers say how many failures are left."""

from functools import partial

from flask import Response, after_this_request

from app.api import addresses
from app.services.people.login_limits import LoginLimit


def told_limit(name: str) -> LoginLimit:
    """The limit of logins with this name from this client; the response's headers will tell it."""
    limit = LoginLimit(name, addresses.of_client())
    after_this_request(partial(_tell, limit))
    return limit


def _tell(limit: LoginLimit, response: Response) -> Response:
    if limit.standing is not None:
        response.headers["RateLimit-Limit"] = str(limit.standing.limit)
        response.headers["RateLimit-Remaining"] = str(limit.standing.remaining)
        response.headers["RateLimit-Reset"] = str(limit.standing.reset_seconds)
    return response
