"""Beat's own heartbeat. A job that runs does not prove that beat works: services send jobs too."""

from typing import Any

from celery import signals
from flask import Flask

from app.services.clock import now
from app.services.ops import heartbeats


def leave_signs(app: Flask) -> None:
    """In beat's process, record a heartbeat for each job that the broker has accepted."""

    def begin(**_: Any) -> None:
        signals.after_task_publish.connect(sign, weak=False)

    def sign(**_: Any) -> None:
        with app.app_context():
            heartbeats.leave(heartbeats.BEAT, now())

    signals.beat_init.connect(begin, weak=False)
