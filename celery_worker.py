"""Celery's entry point: `celery -A celery_worker worker` and `celery -A celery_worker beat`."""

import os

from app.factory import create_app
from app.jobs import beat

# As in gunicorn.conf.py: a process that is frozen in the middle of a transaction loses its locks.
os.environ.setdefault("PGOPTIONS", "-c idle_in_transaction_session_timeout=15000")

server = create_app()  # `app` would be taken for Celery
beat.leave_signs(server)
celery = server.extensions["celery"]
