"""Logging: one JSON object per line on stdout, for the server and its libraries."""

import logging
import sys

import structlog
from structlog.typing import Processor

# Processors for the records of both structlog and the standard library.
_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Celery logs every sent, received and finished job: a useless line per second.
_NOISY_LOGGERS = (
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
    # HTTP clients log hosts and queries, which are secrets here.
    "httpcore",
    "httpx",
    "slack_sdk",
)


def configure(level: str) -> None:
    """Set up the process's logging; `level` is a name that `logging` knows. Can be repeated."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _StdoutHandler)]:
        root.removeHandler(old)
    root.addHandler(_StdoutHandler())
    root.setLevel(level.upper())
    for chatterer in _NOISY_LOGGERS:
        logging.getLogger(chatterer).setLevel(max(root.level, logging.WARNING))


class _StdoutHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Its own class, so that a second `configure` replaces only this handler."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=_SHARED,
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            )
        )
