"""Our app for gunicorn, which looks by itself at its sockets only once in a long while."""

from app.terminals import relay
from wsgi import app

__all__ = ["app"]

relay.CHECK_SECONDS = 600.0
