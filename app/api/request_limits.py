"""How many requests one credential is good for in a minute; answers say how many are left."""

from flask import Flask, Response, current_app, g

from app.api import client_address
from app.domain.addresses import network
from app.domain.errors import TooManyRequests
from app.redis.rate_limit import Rates, Standing
from app.services import settings

STRANGERS = 300
"""Requests in a minute from one address, where strangers are sent what is large."""
_KEPT = "request_rates"  # in app.extensions


def install(app: Flask) -> None:
    app.extensions[_KEPT] = Rates(app.extensions["redis"], "muster:requests")
    app.after_request(_tell)


def count(credential: str) -> None:
    """Count a request of the credential, by any name that is its own. Raises TooManyRequests."""
    _count(credential, settings.value("requestsPerMinute"))


def count_stranger() -> None:
    """Count a request that needs no credential, by where it comes from. Raises TooManyRequests."""
    client = client_address.of_client()
    _count(f"address:{network(client) or client}", STRANGERS)


def _count(name: str, limit: int) -> None:
    rates: Rates = current_app.extensions[_KEPT]
    standing = rates.count(name, limit)
    g.standing = standing
    if standing.is_over:
        raise TooManyRequests(standing.reset_seconds)


def _tell(response: Response) -> Response:
    standing: Standing | None = g.get("standing")
    # Those of a login are nearer to what the client wants to know.
    if standing is not None and "RateLimit-Limit" not in response.headers:
        response.headers["RateLimit-Limit"] = str(standing.limit)
        response.headers["RateLimit-Remaining"] = str(standing.remaining)
        response.headers["RateLimit-Reset"] = str(standing.reset_seconds)
    return response
