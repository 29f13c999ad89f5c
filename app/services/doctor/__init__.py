"""Checks of a deployment, with advice for each problem, for `flask doctor`."""

from collections.abc import Iterator

from app.services.doctor import host, postgres, redis
from app.services.doctor.finding import Finding

__all__ = ["Finding", "findings"]


def findings() -> Iterator[Finding]:
    """Yield the findings of all checks, one at a time: a check of a service that is down may take
    seconds.

    Raises nothing.
    """
    yield from host.findings()
    yield from postgres.findings()
    yield from redis.findings()
