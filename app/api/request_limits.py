"""Requests per minute and credential; responses report how many are left."""

from flask import Flask, Response, current_app, g

from app.api import client_address
from app.domain.addresses import client_network
from app.domain.errors import TooManyRequests
from app.redis.rate_limit import RateLimitStatus, SharedRateLimit
from app.services import settings

ANONYMOUS_REQUESTS_PER_MINUTE = 300
"""Maximum anonymous requests per minute and address to routes with large responses."""
_EXTENSION_KEY = "request_limits"  # in app.extensions


def install(app: Flask) -> None:
    app.extensions[_EXTENSION_KEY] = SharedRateLimit(app.extensions["redis"], "muster:requests")
    app.after_request(_add_headers)


def count_request(credential: str) -> None:
    """Count a request of the credential, under a key of its own. Raises TooManyRequests."""
    _count(credential, settings.value("requestsPerMinute"))


def count_anonymous_request() -> None:
    """Count an anonymous request by its network. Raises TooManyRequests."""
    client = client_address.client_ip()
    _count(f"address:{client_network(client) or client}", ANONYMOUS_REQUESTS_PER_MINUTE)


def _count(name: str, limit: int) -> None:
    rates: SharedRateLimit = current_app.extensions[_EXTENSION_KEY]
    status = rates.count(name, limit)
    g.rate_limit_status = status
    if status.is_exceeded:
        raise TooManyRequests(status.reset_seconds)


def _add_headers(response: Response) -> Response:
    status: RateLimitStatus | None = g.get("rate_limit_status")
    # The headers of a login limit matter more to the client.
    if status is not None and "RateLimit-Limit" not in response.headers:
        response.headers["RateLimit-Limit"] = str(status.limit)
        response.headers["RateLimit-Remaining"] = str(status.remaining)
        response.headers["RateLimit-Reset"] = str(status.reset_seconds)
    return response
