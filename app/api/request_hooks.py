"""Hooks around every request: its ID, its media type, its log line, its duration."""

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram
from sqlalchemy import inspect
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from app.api import client_address
from app.domain import image

REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Machines call these every few seconds; the log lines would flood the log.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Routes whose body is a file instead of JSON, and its maximum size.
RAW_BODY_BYTES = {"/api/web/projects/<key>/images": image.MAX_BYTES}

REQUESTS = Counter(
    "muster_http_requests", "Handled requests.", labelnames=("method", "route", "status")
)
DURATION = Histogram(
    "muster_http_request_seconds",
    "Time from a request's arrival to its response, excluding WebSockets.",
    labelnames=("method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

log = structlog.get_logger(__name__)


def install_tracking(app: Flask) -> None:
    """Install the ID, the log line and the timing. Call it before any other request hook."""
    app.before_request(_start_request)
    app.after_request(_finish_request)


def install_body_check(app: Flask) -> None:
    """Install the body check. Call it after the guards, so anonymous bodies aren't read."""
    app.before_request(_check_body)


def _start_request() -> None:
    g.began = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID_PATTERN.fullmatch(given) else uuid.uuid4().hex
    g.client_address = client_address.client_ip()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _check_body() -> None:
    if "\0" in request.path or b"%00" in request.query_string:
        raise BadRequest("A path or query can't contain NUL.")
    if request.url_rule and request.method == "POST" and request.url_rule.rule in RAW_BODY_BYTES:
        request.max_content_length = RAW_BODY_BYTES[request.url_rule.rule]
    elif _has_body() and request.path.startswith("/api/") and not request.is_json:
        raise UnsupportedMediaType("The body must be application/json.")
    if request.content_length is None and "Transfer-Encoding" in request.headers:
        _check_length(request.get_data())


def _has_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def _check_length(body: bytes) -> None:
    """Raise RequestEntityTooLarge for a longer body.

    Werkzeug only stops reading at the limit, and would pass on the truncated body as if it were
    complete.
    """
    most = request.max_content_length
    is_full = most is not None and len(body) >= most
    if is_full and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge


def _finish_request(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    seconds = time.perf_counter() - g.began
    _count(response.status_code, seconds)
    write = log.debug if request.path in PROBES else log.info
    write(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
        remote=request.remote_addr,
        developer=_identity_id("developer"),
        machine=_identity_id("machine"),
    )
    return response


def _identity_id(who: str) -> int | str | None:
    """Return the ID of `g.developer` or `g.machine` without a query.

    Postgres may have failed, and reading an attribute of an expired row queries Postgres.
    """
    if who not in g:
        return None
    (known,) = inspect(g.get(who)).identity
    return known if isinstance(known, int) else str(known)


def _count(status: int, seconds: float) -> None:
    # URL rules, not paths: a label must have few values.
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, route, status).inc()
    if not (request.url_rule and request.url_rule.websocket):
        DURATION.labels(method, route).observe(seconds)
