"""The credentials that the server makes, and what it reads in them.

JWTs say who somebody is without a look into the database; what may have changed since (a disabled
account, a decommissioned machine) is compared with the row, by the generation they carry.
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
    """Which machine a worker JWT is of, and the `jwt_version` that it had then."""

    machine_id: uuid.UUID
    version: int


def new(kind: TokenKind) -> str:
    """A fresh secret; only `domain.tokens.digest` of it is stored."""
    return tokens.make(kind, secrets.token_bytes(tokens.RANDOM_BYTES))


class AccessClaims(NamedTuple):
    """What an access token says. `family`: the login that it is of. `ends_at`: when it expires."""

    developer_id: int
    generation: int
    family: str | None
    ends_at: datetime


def access_token(developer: Developer, family: uuid.UUID | None = None) -> str:
    claims = {"typ": "access", "gen": developer.token_generation}
    if family is not None:
        claims["fam"] = str(family)
    token: str = create_access_token(identity=str(developer.id), additional_claims=claims)
    return token


def access_claims(token: str) -> AccessClaims:
    """What the token says; the caller compares it with the developer's row. Raises InvalidToken."""
    claims = _read(token, "access", current_app.config["JWT_SECRET_KEY"])
    try:
        ends_at = datetime.fromtimestamp(claims["exp"], UTC)
        return AccessClaims(int(claims["sub"]), int(claims["gen"]), claims.get("fam"), ends_at)
    except (KeyError, ValueError, TypeError, OverflowError):
        raise InvalidToken from None


def worker_jwt(machine: Machine) -> tuple[str, datetime]:
    """A machine's JWT, and until when it is valid."""
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
    """What it says; the caller compares it with the machine's row. Raises InvalidToken."""
    claims = _read(token, "worker", current_app.config["WORKER_JWT_SECRET_KEY"])
    try:
        return WorkerClaims(uuid.UUID(claims["sub"]), int(claims["ver"]))
    except (KeyError, ValueError, TypeError):
        raise InvalidToken from None


def _read(token: str, kind: str, key: str) -> dict[str, Any]:
    """The claims of a JWT of that kind, and of no other.

    By PyJWT itself: flask-jwt-extended decodes a token three times over, and each request waits.
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
    """The machine that a worker JWT speaks for, in one query. Raises InvalidToken."""
    claims = read_worker_jwt(token)
    machine = db.session.get(Machine, claims.machine_id)
    if (
        machine is None
        or machine.jwt_version != claims.version
        or machine.status is MachineStatus.DECOMMISSIONED
    ):
        raise InvalidToken
    return machine
