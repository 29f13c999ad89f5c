"""A STAND-IN for the next release: our server, with a protocol version one later than it has."""

from muster.protocol import version

version.OLDEST_SUPPORTED, version.CURRENT = version.CURRENT, version.CURRENT + 1

from wsgi import app  # noqa: E402  (with that version)

__all__ = ["app"]
