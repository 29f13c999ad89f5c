"""Our own app with doors that tests need not wait long for."""

from app.doors import pace, visits
from wsgi import app

__all__ = ["app"]

pace.GRACE_SECONDS = 1.0
visits.PER_NETWORK = 16
