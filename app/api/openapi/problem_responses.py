"""The problems that an operation may return, by status and code, as OpenAPI responses."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from app.api.openapi.headers import REQUEST_ID, RETRY_AFTER, WWW_AUTHENTICATE
from app.api.problems import Kind
from app.domain import errors as domain
from app.domain import field_errors
from app.domain.answers import AlreadyAnswered

Statuses = Mapping[type[domain.DomainError], int]


class Problem(NamedTuple):
    """A problem that clients can distinguish from others."""

    status: int
    code: str
    detail: str


# Requests that the framework rejects, with the codes of `app.errors`.
MALFORMED = Problem(400, "malformed_request", "The body is not JSON.")
TOO_LARGE = Problem(413, "body_too_large", "The body is too large.")
UNSUPPORTED = Problem(415, "unsupported_media_type", "The body must be application/json.")
BAD_RANGE = Problem(416, "requested_range_not_satisfiable", "The requested range doesn't exist.")
TOO_SLOW = Problem(408, "request_timeout", "The body arrived too slowly.")
INTERNAL = Problem(500, "internal_error", "Something went wrong. See the server's log.")
_BY_STATUS = {problem.status: problem for problem in (BAD_RANGE, TOO_LARGE)}


class OperationTraits(NamedTuple):
    """The properties of an operation that determine its problems."""

    requires_credential: bool
    is_admin_only: bool
    accepts_personal_tokens: bool
    has_path_parameters: bool
    has_arguments: bool
    has_body: bool
    is_write: bool
    needs_postgres: bool
    kinds: Iterable[Kind]  # the route's own, from `@problems`


def list_problems(facts: OperationTraits, statuses: Statuses) -> list[Problem]:
    """Return all problems of an operation, sorted by status and code."""
    found = {*_implied_problems(facts, statuses), INTERNAL}
    for kind in facts.kinds:
        if isinstance(kind, type):
            found.add(_problem(kind, statuses))
        else:
            found.update(_status_problems(kind, statuses))
    return sorted(found)


def _implied_problems(facts: OperationTraits, statuses: Statuses) -> Iterator[Problem]:
    yield MALFORMED  # a NUL in a query, on any route
    kinds: list[type[domain.DomainError]] = []
    if facts.requires_credential:
        kinds += [domain.Unauthenticated, domain.InvalidToken, domain.TooManyRequests]
    if facts.is_admin_only:
        kinds.append(domain.Forbidden)
    if facts.accepts_personal_tokens:
        kinds.append(domain.InsufficientScope)
    if facts.has_path_parameters:
        kinds.append(domain.NotFound)
    if facts.has_arguments:
        kinds.append(domain.InvalidFields)
    if facts.needs_postgres:
        kinds.append(domain.Unavailable)
    yield from (_problem(kind, statuses) for kind in kinds)
    if facts.has_body:
        yield TOO_LARGE
        yield TOO_SLOW
    if facts.is_write:
        yield UNSUPPORTED  # for any body, expected or not


def _problem(kind: type[domain.DomainError], statuses: Statuses) -> Problem:
    status = next(statuses[base] for base in kind.__mro__ if base in statuses)
    return Problem(status, kind.code, (kind.__doc__ or "").strip().splitlines()[0])


def _status_problems(status: int, statuses: Statuses) -> Iterator[Problem]:
    """Return the problems of a plain status: the one that has it; for 409, all conflicts."""
    if status in _BY_STATUS:
        yield _BY_STATUS[status]
    for kind, its in statuses.items():
        if its == status:
            yield _problem(kind, statuses)
            if kind is domain.Conflict:
                yield from (_problem(below, statuses) for below in _subclasses(kind))


def _subclasses(kind: type[domain.DomainError]) -> Iterator[type[domain.DomainError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _subclasses(below)


class Responses:
    """The responses of problems. Equal ones become one component."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}
        self.responses: dict[str, Any] = {}

    def references_for(self, operation_id: str, problems: Iterable[Problem]) -> dict[str, Any]:
        """Return {status: reference} for an operation."""
        by_status: dict[int, list[Problem]] = {}
        for problem in problems:
            by_status.setdefault(problem.status, []).append(problem)
        return {
            str(status): self._reference(operation_id, status, found)
            for status, found in by_status.items()
        }

    def _reference(self, operation_id: str, status: int, problems: list[Problem]) -> Any:
        name = _name(operation_id, status, [problem.code for problem in problems])
        self.schemas[name] = _schema(status, [problem.code for problem in problems])
        self.responses[name] = _response(name, status, problems)
        return {"$ref": f"#/components/responses/{name}"}


def _name(operation_id: str, status: int, codes: list[str]) -> str:
    if codes == [domain.InvalidToken.code, domain.Unauthenticated.code]:
        return "CredentialProblem"
    if len(codes) == 1:
        return "".join(map(str.title, codes[0].split("_"))) + "Problem"
    return f"{operation_id[0].upper()}{operation_id[1:]}{status}Problem"


def _schema(status: int, codes: list[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "type": {"type": "string", "description": "`about:blank`: there is no further description"},
        "title": {"type": "string", "description": "status text"},
        "status": {"type": "integer", "enum": [status]},
        "detail": {"type": "string", "description": "message for people"},
        "code": {"type": "string", "enum": codes, "description": "stable code for clients"},
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        properties["errors"] = {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "error messages by field; `pipeline.0.name` is nested",
        }
        properties["errorCodes"] = {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/FieldError"},
            },
            "description": "the same errors in the same order, for clients",
        }
    required = list(properties)
    if AlreadyAnswered.code in codes:
        properties["answeredBy"] = {
            "$ref": "#/components/schemas/Creator",
            "description": f"with `{AlreadyAnswered.code}`: who answered",
        }
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _response(name: str, status: int, problems: list[Problem]) -> dict[str, Any]:
    headers = dict(REQUEST_ID)
    if status == HTTPStatus.UNAUTHORIZED:
        headers |= WWW_AUTHENTICATE
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers |= RETRY_AFTER
    content = {
        "schema": {"$ref": f"#/components/schemas/{name}"},
        "examples": {problem.code: {"value": _example(problem)} for problem in problems},
    }
    return {
        "description": " ".join(f"`{problem.code}`: {problem.detail}" for problem in problems),
        "headers": headers,
        "content": {"application/problem+json": content},
    }


def _example(problem: Problem) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.code == AlreadyAnswered.code:
        example["answeredBy"] = {"id": 7, "name": "bo"}
    if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        example["errors"] = {"description": [str(field_errors.REQUIRED)]}
        example["errorCodes"] = {
            "description": [{"code": field_errors.REQUIRED.code, "params": {}}]
        }
    return example
