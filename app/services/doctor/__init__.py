"""Whether a deployment is well, and what to do where it is not: for `flask doctor`."""

from collections.abc import Iterator

from app.services.doctor import host, postgres, redis
from app.services.doctor.finding import Finding

__all__ = ["Finding", "findings"]


def findings() -> Iterator[Finding]:
    """One at a time, as they are found: what is away may take a few seconds. Raises nothing."""
    yield from host.findings()
    yield from postgres.findings()
    yield from redis.findings()
