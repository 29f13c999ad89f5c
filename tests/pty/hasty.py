"""Our app for gunicorn, less patient with silent peers than it is in life."""

from app.pty import ends
from wsgi import app

__all__ = ["app"]

ends.PING_SECONDS, ends.SILENCE_SECONDS = 0.3, 2.0
