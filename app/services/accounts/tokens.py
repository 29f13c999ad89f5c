"""Tokens that the server issues, and the claims that it reads from them.

A JWT has the ID of a developer or machine, and a generation (or version) that is compared with the
row's: raising the row's invalidates all earlier JWTs.
"""

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jwt
from flask import current_app
from flask_jwt_extended import create_access_token

from app.domain import tokens
from app.domain.errors import InvalidToken
from app.domain.machine import MachineStatus
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import Developer, Machine
from app.services.clock import now

ALGORITHM = "HS256"


class WorkerClaims(NamedTuple):
    """The claims of a worker JWT: the machine, and its `jwt_version` when the JWT was issued."""

    machine_id: uuid.UUID
    version: int


def generate(kind: TokenKind) -> str:
    """Return a new random token, of which only the digest (`domain.tokens.digest`) is stored."""
    return tokens.make(kind, secrets.token_bytes(tokens.RANDOM_BYTES))


class AccessClaims(NamedTuple):
    """The claims of an access token: its `login`, and its expiry `ends_at`."""

    developer_id: int
    generation: int
    login: uuid.UUID
    ends_at: datetime


def access_token(developer: Developer, login: uuid.UUID) -> str:
    """Return a new access token of one of the developer's logins."""
    claims = {"typ": "access", "gen": developer.token_generation, "fam": str(login)}
    token: str = create_access_token(identity=str(developer.id), additional_claims=claims)
    return token


def access_claims(token: str) -> AccessClaims:
    """Return the claims of an access token; the caller compares them with the row. Raises
    InvalidToken.
    """
    claims = _decode(token, "access", current_app.config["JWT_SECRET_KEY"])
    try:
        ends_at = datetime.fromtimestamp(claims["exp"], UTC)
        login = uuid.UUID(claims["fam"])
        return AccessClaims(int(claims["sub"]), int(claims["gen"]), login, ends_at)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        raise InvalidToken from None


def worker_jwt(machine: Machine) -> tuple[str, datetime]:
    """Return a new JWT for a machine, and its expiry."""
    issued_at = now()
    expires_at = issued_at + timedelta(seconds=current_app.config["WORKER_JWT_SECONDS"])
    claims = {
        "typ": "worker",
        "sub": str(machine.id),
        "ver": machine.jwt_version,
        "iat": issued_at,
        "exp": expires_at,
    }
    key = current_app.config["WORKER_JWT_SECRET_KEY"]
    return jwt.encode(claims, key, algorithm=ALGORITHM), expires_at


def read_worker_jwt(token: str) -> WorkerClaims:
    """Return the claims of a worker JWT; the caller compares them with the row. Raises
    InvalidToken.
    """
    claims = _decode(token, "worker", current_app.config["WORKER_JWT_SECRET_KEY"])
    try:
        return WorkerClaims(uuid.UUID(claims["sub"]), int(claims["ver"]))
    except (KeyError, ValueError, TypeError):
        raise InvalidToken from None


def _decode(token: str, kind: str, key: str) -> dict[str, Any]:
    """Return the claims of a JWT of that kind. Raises InvalidToken, also for JWTs of other kinds.

    It uses PyJWT directly, because flask-jwt-extended decodes each token three times.
    """
    try:
        claims = jwt.decode(
            token, key, algorithms=[ALGORITHM], options={"require": ["exp", "sub", "typ"]}
        )
    except jwt.PyJWTError:
        raise InvalidToken from None
    if claims["typ"] != kind:
        raise InvalidToken
    return claims


def machine_of(token: str) -> Machine:
    """Return the machine of a worker JWT, in one query. Raises InvalidToken."""
    claims = read_worker_jwt(token)
    machine = db.session.get(Machine, claims.machine_id)
    if (
        machine is None
        or machine.jwt_version != claims.version
        or machine.status is MachineStatus.DECOMMISSIONED
    ):
        raise InvalidToken
    return machine
