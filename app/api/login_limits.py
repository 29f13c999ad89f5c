"""Whoever guesses a password is bounded, and told where they stand."""

from functools import partial

from flask import Response, after_this_request

from app.api import addresses
from app.services.people.login_limits import LoginLimit


def told_limit(name: str) -> LoginLimit:
    """What bounds guesses with this name from this client; the answer's headers will say it."""
    limit = LoginLimit(name, addresses.of_client())
    after_this_request(partial(_tell, limit))
    return limit


def _tell(limit: LoginLimit, response: Response) -> Response:
    if limit.standing is not None:
        response.headers["RateLimit-Limit"] = str(limit.standing.limit)
        response.headers["RateLimit-Remaining"] = str(limit.standing.remaining)
        response.headers["RateLimit-Reset"] = str(limit.standing.reset_seconds)
    return response
