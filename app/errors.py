"""The only mapping from exceptions to HTTP statuses; responses are RFC 9457 problem documents."""

from collections.abc import Mapping
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

import redis.exceptions
import sqlalchemy.exc
import structlog
from flask import Flask, Response, current_app
from kombu.exceptions import OperationalError as BrokerError
from werkzeug.exceptions import HTTPException

from app.api.field_errors import FieldErrors, error_codes, flatten_errors
from app.domain import errors as domain
from app.domain.answers import AlreadyAnswered, Answerer
from app.sockets import PeerGone

STATUS: dict[type[domain.DomainError], int] = {
    domain.DomainError: 400,
    domain.Unauthenticated: 401,
    domain.Forbidden: 403,
    domain.NotFound: 404,
    domain.Conflict: 409,
    domain.InvalidFields: 422,
    domain.TooManyAttempts: 429,
    domain.Unavailable: 503,
}

# The `code` of requests that the framework itself rejects, by status.
CODES = {
    400: "malformed_request",
    401: domain.Unauthenticated.code,
    403: domain.Forbidden.code,
    404: domain.NotFound.code,
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: domain.InvalidFields.code,
    500: "internal_error",
    503: domain.Unavailable.code,
}

# Postgres or Redis is down, or too busy.
UNAVAILABLE_ERRORS: tuple[type[Exception], ...] = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    BrokerError,
)
RETRY_AFTER_SECONDS = 2

log = structlog.get_logger(__name__)


def install(app: Flask) -> None:
    """Handle every exception of a route by this table."""
    app.register_error_handler(domain.DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_exception)
    for away in UNAVAILABLE_ERRORS:
        app.register_error_handler(away, _service_unavailable)
    app.register_error_handler(PeerGone, _peer_gone)
    app.register_error_handler(Exception, _internal_error)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: FieldErrors | None = None,
    answered_by: Answerer | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a response with a problem document.

    `code` is for clients; `errors` has the errors by field; `answered_by` gave another answer
    first.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        body |= {"errors": errors, "errorCodes": error_codes(errors)}
    if answered_by is not None:
        body["answeredBy"] = answered_by._asdict()
    response = current_app.response_class(
        current_app.json.dumps(body), status, headers, mimetype="application/problem+json"
    )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return response


def _domain_error(error: domain.DomainError) -> Response:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    errors = error.errors if isinstance(error, domain.InvalidFields) else None
    answered_by = error.answered_by if isinstance(error, AlreadyAnswered) else None
    headers = {}
    if isinstance(error, domain.Unauthenticated):
        headers["WWW-Authenticate"] = _challenge(error)
    if isinstance(error, domain.TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after)
    return problem(
        status, error.code, str(error), errors=errors, answered_by=answered_by, headers=headers
    )


def _challenge(error: domain.Unauthenticated) -> str:
    """The WWW-Authenticate header. RFC 6750: it names an error only if a token was sent."""
    wrong = ', error="invalid_token"' if isinstance(error, domain.InvalidToken) else ""
    return f'Bearer realm="muster"{wrong}'


def _http_exception(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error  # a redirect
    if error.code == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _internal_error(error)
    code = CODES.get(error.code) or error.name.lower().replace(" ", "_")
    headers = [pair for pair in error.get_headers() if pair[0].lower() != "content-type"]
    found = getattr(error, "data", {}).get("messages")
    if error.code != HTTPStatus.UNPROCESSABLE_ENTITY or found is None:
        return problem(error.code, code, _detail(error), headers=dict(headers))
    return problem(422, code, str(domain.InvalidFields({})), errors=flatten_errors(found))


def _detail(error: HTTPException) -> str:
    """Return the problem's detail. Werkzeug's own descriptions are for web pages, not for
    clients.
    """
    cause = getattr(error, "exc", None)
    if isinstance(cause, JSONDecodeError):
        where = f"line {cause.lineno}, column {cause.colno}"
        return f"The body is not valid JSON: {cause.msg} ({where})."
    if "json" in getattr(error, "data", {}).get("messages", {}):
        return "The body is not valid JSON."
    if error.code == HTTPStatus.NOT_FOUND:
        return str(domain.NotFound())
    return error.description or error.name


def _service_unavailable(error: Exception) -> Response:
    log.warning("service_unavailable", error=type(error).__name__, reason=_first_line(error))
    unavailable = domain.Unavailable()
    return problem(503, unavailable.code, str(unavailable))


def _first_line(error: Exception) -> str:
    """Return the error's first line: SQLAlchemy appends the statement and its parameters, which
    are never logged.
    """
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def _peer_gone(error: PeerGone) -> Response:
    """Return the response to a handshake whose client is gone: Flask needs one."""
    log.info("client_disconnected", reason=str(error))
    return current_app.response_class(status=HTTPStatus.BAD_REQUEST)


def _internal_error(error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error)
    return problem(500, "internal_error", "Something went wrong. See the server's log.")
