"""Our own app with doors that tests need not wait long for."""

from app.http_server import anonymous_connections, body_timeout
from wsgi import app

__all__ = ["app"]

body_timeout.GRACE_SECONDS = 1.0
anonymous_connections.MAX_PER_NETWORK = 16
