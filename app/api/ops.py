"""Health, readiness and metrics, for probes and for Prometheus."""

import os

from flask import Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from app.api.blueprint import Blueprint
from app.api.metrics import DatabaseCollector
from app.api.problems import problems
from app.api.schemas.ops import HealthSchema, ReadinessSchema
from app.domain.errors import Forbidden
from app.services.ops import readiness
from muster import __version__

blp = Blueprint("ops", __name__, description="Probes")


@blp.get("/healthz")
@blp.response(200, HealthSchema)
def healthz() -> Response:
    """Check that the process is up, and get its version. Queries neither Postgres nor Redis."""
    return jsonify(status="up", version=__version__)


@blp.get("/readyz")
@blp.response(200, ReadinessSchema)
@blp.alt_response(503, schema=ReadinessSchema, description="Something is missing")
def readyz() -> tuple[Response, int]:
    """Check whether the server can serve requests and dispatch tasks, and what is missing if
    not.
    """
    missing = readiness.missing_services()
    if missing:
        return jsonify(status="not_ready", missing=missing), 503
    return jsonify(status="ready", missing=[]), 200


@blp.get("/metrics")
@blp.response(200, {"type": "string"}, content_type=CONTENT_TYPE_LATEST.partition(";")[0])
@problems(blp, Forbidden)
def metrics() -> Response:
    """Get Prometheus metrics. For this host, the scrape token, and admins."""
    return Response(_process_metrics() + _database_metrics(), content_type=CONTENT_TYPE_LATEST)


def _process_metrics() -> bytes:
    """Return the summed metrics of the server processes.

    A scrape reaches one of several gunicorn workers, so each stores its counts in shared files (set
    in gunicorn.conf.py).
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _database_metrics() -> bytes:
    """Return the metrics from Postgres; empty while Postgres is down."""
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    try:
        return generate_latest(registry)
    except SQLAlchemyError:
        return b""
