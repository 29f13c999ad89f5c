"""Our app for gunicorn, less patient with silent peers than it is in life."""

from app.terminals import peer
from wsgi import app

__all__ = ["app"]

peer.PING_SECONDS, peer.SILENCE_TIMEOUT_SECONDS = 0.3, 2.0
