"""How a machine enrolls: its enrollment token, its credentials, and recovery if they are lost.

The worker JWT has the machine's `jwt_version`: raising that number invalidates all issued JWTs.
"""

import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import InvalidToken, MachineAlreadyRegistered
from app.domain.machine import MachineStatus
from app.domain.tokens import TokenKind, digest, is_token
from app.extensions import db
from app.models import EnrollmentToken, Machine
from app.services import audit, locks, settings
from app.services.accounts import tokens
from app.services.clock import now as clock_now
from app.services.machines import queries
from app.services.machines.queries import MachineView


@dataclass(frozen=True)
class Credentials:
    """A machine's credentials from now on. Only a digest of the recovery secret is stored."""

    machine: MachineView
    worker_jwt: str
    expires_at: datetime
    recovery_secret: str


def register(
    machine_id: uuid.UUID,
    token: str,
    *,
    name: str,
    capabilities: Sequence[str | Mapping[str, Any]] = (),
    hardware: Mapping[str, Any] | None = None,
    slots: int = 2,
    version: str = "",
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Credentials:
    """Enroll a machine with its enrollment token. Returns its credentials. Commits. `capabilities`
    and `hardware` have the contract's format.

    Of two machines with one token the first wins. It may repeat the request until it has connected,
    because its response may have been lost. Raises InvalidToken, MachineAlreadyRegistered.
    """
    now, slots = clock_now(), min(slots, settings.value("maxSlots"))
    admission = _lock_token(token)
    if admission is None or not _is_valid_for(admission, machine_id, now):
        raise InvalidToken("The enrollment token isn't valid for this machine.")
    secret = tokens.generate(TokenKind.RECOVERY)
    itself = {
        "name": name,
        "capabilities": [_normalize_capability(capability) for capability in capabilities],
        "hardware": dict(hardware or {}),
        "slots_total": slots,
        "version": version,
        "labels": dict(labels),
        "recovery_digest": digest(secret),
    }
    if admission.machine_id is None:
        machine = _create_machine(machine_id, itself, now)
        admission.machine_id, admission.used_at = machine_id, now
        fields = {"name": name, "slots": slots, "version": version, "workerTokenId": admission.id}
        audit.record(
            "machine.registered", "machine", machine_id, actor=None, machine=machine, after=fields
        )
    else:
        machine = _reenroll(machine_id, itself)
    db.session.commit()
    return _credentials(machine, secret)


def refresh(machine: Machine) -> tuple[str, datetime]:
    """Return a new worker JWT and its expiry. The old one stays valid until its own expiry."""
    return tokens.worker_jwt(machine)


def recover(machine_id: uuid.UUID, recovery_secret: str) -> Credentials:
    """Return new credentials for a machine that lost its JWT. Earlier JWTs become invalid. Commits.

    The used recovery secret stays valid until the machine has connected with the new credentials,
    because the response may be lost: the machine can always try again. Raises InvalidToken.
    """
    machine = locks.lock_machine(machine_id)
    if machine is None or machine.status is MachineStatus.DECOMMISSIONED:
        raise InvalidToken
    given = digest(recovery_secret)
    if _is_equal_digest(given, machine.next_recovery_digest):
        machine.recovery_digest = given  # it has the newer one, so that response did arrive
    elif not _is_equal_digest(given, machine.recovery_digest):
        raise InvalidToken
    fresh = tokens.generate(TokenKind.RECOVERY)
    machine.next_recovery_digest = digest(fresh)
    machine.jwt_version += 1
    audit.record("machine.recovered", "machine", machine_id, actor=None, machine=machine)
    db.session.commit()
    return _credentials(machine, fresh)


def confirm_credentials(machine: Machine) -> None:
    """Make the machine's new recovery secret the only one.

    It has connected with the JWT from the same response, so the response has arrived. The caller
    holds the machine's lock, and commits.
    """
    if machine.next_recovery_digest is not None:
        machine.recovery_digest = machine.next_recovery_digest
        machine.next_recovery_digest = None


def _lock_token(token: str) -> EnrollmentToken | None:
    if not is_token(token, TokenKind.ENROLLMENT):
        return None
    query = (
        select(EnrollmentToken)
        .where(EnrollmentToken.digest == digest(token))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return db.session.scalar(query)


def _is_valid_for(admission: EnrollmentToken, machine_id: uuid.UUID, now: datetime) -> bool:
    is_alive = admission.revoked_at is None and admission.expires_at > now
    return is_alive and admission.machine_id in (None, machine_id)


def _create_machine(machine_id: uuid.UUID, itself: dict[str, Any], now: datetime) -> Machine:
    """Create the row of a new machine. Raises MachineAlreadyRegistered, also for a machine that
    comes with two tokens at once.
    """
    row = {"id": machine_id, "status": MachineStatus.OFFLINE, "created_at": now} | itself
    added = insert(Machine).values(row).on_conflict_do_nothing().returning(Machine)
    machine = db.session.scalar(added)
    if machine is None:
        db.session.rollback()  # the token isn't used up
        raise MachineAlreadyRegistered
    return machine


def _reenroll(machine_id: uuid.UUID, itself: dict[str, Any]) -> Machine:
    machine = locks.lock_machine(machine_id)
    if (
        machine is None
        or machine.connected_at is not None
        or machine.status is MachineStatus.DECOMMISSIONED
    ):
        raise InvalidToken("The enrollment token has been used.")
    for name, value in itself.items():
        setattr(machine, name, value)
    # The JWT and secret of the previous response become invalid together: each response is
    # completely valid or not at all.
    machine.jwt_version += 1
    return machine


def _normalize_capability(given: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, str):
        return {"agentType": given, "healthy": True}
    return dict(given)


def _is_equal_digest(given: str, stored: str | None) -> bool:
    return stored is not None and hmac.compare_digest(given, stored)


def _credentials(machine: Machine, secret: str) -> Credentials:
    worker_jwt, expires_at = tokens.worker_jwt(machine)
    return Credentials(queries.get(machine.id), worker_jwt, expires_at, secret)
