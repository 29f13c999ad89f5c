"""Beat's own heartbeat. Running jobs don't prove that beat works: services send jobs too."""

from typing import Any

from celery import signals
from flask import Flask

from app.services.clock import now
from app.services.ops import heartbeats


def record_heartbeats(app: Flask) -> None:
    """In beat's process, record a heartbeat for each job that the broker has accepted."""

    def start(**_: Any) -> None:
        signals.after_task_publish.connect(record, weak=False)

    def record(**_: Any) -> None:
        with app.app_context():
            heartbeats.record_heartbeat(heartbeats.BEAT, now())

    signals.beat_init.connect(start, weak=False)
