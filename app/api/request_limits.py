"""How many requests one credential is good for in a minute; answers say how many are left."""

from flask import Flask, Response, current_app, g

from app.api import client_address
from app.domain.addresses import client_network
from app.domain.errors import TooManyRequests
from app.redis.rate_limit import RateLimitStatus, SharedRateLimit
from app.services import settings

ANONYMOUS_REQUESTS_PER_MINUTE = 300
"""Requests in a minute from one address, where strangers are sent what is large."""
_EXTENSION_KEY = "request_rates"  # in app.extensions


def install(app: Flask) -> None:
    app.extensions[_EXTENSION_KEY] = SharedRateLimit(app.extensions["redis"], "muster:requests")
    app.after_request(_add_headers)


def count_request(credential: str) -> None:
    """Count a request of the credential, by any name that is its own. Raises TooManyRequests."""
    _count(credential, settings.value("requestsPerMinute"))


def count_anonymous_request() -> None:
    """Count a request that needs no credential, by where it comes from. Raises TooManyRequests."""
    client = client_address.client_ip()
    _count(f"address:{client_network(client) or client}", ANONYMOUS_REQUESTS_PER_MINUTE)


def _count(name: str, limit: int) -> None:
    rates: SharedRateLimit = current_app.extensions[_EXTENSION_KEY]
    standing = rates.count(name, limit)
    g.standing = standing
    if standing.is_exceeded:
        raise TooManyRequests(standing.reset_seconds)


def _add_headers(response: Response) -> Response:
    standing: RateLimitStatus | None = g.get("standing")
    # Those of a login are nearer to what the client wants to know.
    if standing is not None and "RateLimit-Limit" not in response.headers:
        response.headers["RateLimit-Limit"] = str(standing.limit)
        response.headers["RateLimit-Remaining"] = str(standing.remaining)
        response.headers["RateLimit-Reset"] = str(standing.reset_seconds)
    return response
