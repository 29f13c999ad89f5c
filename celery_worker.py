"""Celery's door: `celery -A celery_worker worker` and `celery -A celery_worker beat`."""

from app.factory import create_app
from app.jobs import beat

server = create_app()  # `app` would be taken for Celery
beat.leave_signs(server)
celery = server.extensions["celery"]
