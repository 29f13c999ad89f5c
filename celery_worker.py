"""Celery's entry point: `celery -A celery_worker worker` and `celery -A celery_worker beat`."""

import os

from app import memory

# As in gunicorn.conf.py: a process that is frozen in the middle of a transaction loses its locks.
os.environ.setdefault("PGOPTIONS", "-c idle_in_transaction_session_timeout=15000")

with memory.pause_gc_at_startup():
    import config

    # Before the server is imported, as in wsgi.py.
    try:
        settings = config.load()
    except config.MissingSetting as error:
        raise SystemExit(f"!! settings: {error}") from None

    from app.factory import create_app
    from app.jobs import beat

    server = create_app(settings)  # `app` would be mistaken for Celery
beat.record_heartbeats(server)
celery = server.extensions["celery"]
