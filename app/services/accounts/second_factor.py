"""Two-factor authentication: time-based codes (RFC 6238), and recovery codes for a lost device.

Codes are checked under the developer's lock, so that none is accepted twice.
"""

import base64
import secrets
import uuid
from datetime import datetime
from hmac import compare_digest
from typing import NamedTuple

import pyotp
import segno
import structlog
from sqlalchemy import delete

from app.domain import field_errors
from app.domain.errors import (
    InvalidFields,
    TotpEnabled,
    TotpInvalid,
    TotpNotSetUp,
    TotpRequired,
)
from app.domain.tokens import digest
from app.extensions import db
from app.models import Developer, RecoveryCode, SecondFactor
from app.services import audit, clock, encryption
from app.services.accounts import developers, logins
from app.services.accounts.login_limits import FailureLimit

log = structlog.get_logger(__name__)

ISSUER = "Muster"
STEP_SECONDS = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits: too many to guess, so no slow hash is needed


class Setup(NamedTuple):
    """The secret for a device, as text, as an otpauth URI, and as a QR code (an SVG data URI)."""

    secret: str
    uri: str
    qr_code: str


def is_enabled(developer: Developer) -> bool:
    """Whether the developer's logins require a code."""
    factor = db.session.get(SecondFactor, developer.id)
    return factor is not None and factor.enabled_at is not None


def set_up(developer: Developer, login_id: uuid.UUID) -> Setup:
    """Store a new secret, which has no effect before `verify`. Commits.

    Raises ReauthenticationRequired, TotpEnabled.
    """
    developers.lock_current(developer)
    logins.require_recent(developer, login_id, clock.now())
    factor = _find_factor(developer)
    if factor is not None and factor.enabled_at is not None:
        raise TotpEnabled
    secret = pyotp.random_base32()
    row = SecondFactor(developer_id=developer.id, secret=encryption.encrypt(secret), last_step=0)
    db.session.merge(row)
    db.session.commit()
    uri = pyotp.TOTP(secret).provisioning_uri(name=developer.name, issuer_name=ISSUER)
    return Setup(secret, uri, segno.make(uri).svg_data_uri(scale=4))


def verify(developer: Developer, code: str) -> list[str]:
    """Turn on the second factor. Returns the recovery codes, which are shown only once. Commits.

    Raises InvalidFields for a wrong code, TotpEnabled and TotpNotSetUp.
    """
    developers.lock_current(developer)
    factor = _find_factor(developer)
    if factor is None:
        raise TotpNotSetUp
    if factor.enabled_at is not None:
        raise TotpEnabled
    now = clock.now()
    if not _consume_totp(factor, code, now):
        raise InvalidFields({"code": [field_errors.WRONG_CODE]})
    factor.enabled_at = now
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    db.session.add_all(
        RecoveryCode(developer_id=developer.id, digest=_digest(code)) for code in codes
    )
    audit.record("totp.enabled", "developer", developer.id, actor=developer)
    db.session.commit()
    return codes


def disable(developer: Developer, limit: FailureLimit, password: str) -> None:
    """Turn off the second factor. Commits.

    Raises InvalidFields for a wrong password, TooManyAttempts.
    """
    with limit.count_failures():
        developers.require_password(developer, password, "password")
    developers.lock_current(developer)
    delete_factor(developer, developer, "totp.disabled")
    db.session.commit()


def delete_factor(developer: Developer, actor: Developer, action: str) -> None:
    """Delete the developer's second factor. The caller holds the developer's lock, and commits."""
    before, after = {"totpEnabled": is_enabled(developer)}, {"totpEnabled": False}
    audit.record(action, "developer", developer.id, actor=actor, before=before, after=after)
    db.session.execute(delete(SecondFactor).where(SecondFactor.developer_id == developer.id))


def require_code(developer: Developer, code: str | None, now: datetime) -> None:
    """Check and use up the code of a login, if the developer has a second factor.

    Raises TotpRequired, TotpInvalid. The caller holds the developer's lock, and commits.
    """
    factor = _find_factor(developer)
    if factor is None or factor.enabled_at is None:
        return
    if not code:
        raise TotpRequired
    if not _consume_code(factor, code, now):
        raise TotpInvalid


def check_own_code(developer: Developer, code: str, now: datetime, field: str) -> None:
    """Check and use up a code of the developer's own, from the request's `field`.

    Raises InvalidFields. The caller holds the developer's lock, limits guesses, and commits.
    """
    factor = _find_factor(developer)
    if factor is None or factor.enabled_at is None or not _consume_code(factor, code, now):
        raise InvalidFields({field: [field_errors.WRONG_CODE]})


def _consume_code(factor: SecondFactor, code: str, now: datetime) -> bool:
    return _consume_totp(factor, code, now) or _consume_recovery_code(factor, code)


def _find_factor(developer: Developer) -> SecondFactor | None:
    return db.session.get(SecondFactor, developer.id, populate_existing=True)


def _consume_totp(factor: SecondFactor, code: str, now: datetime) -> bool:
    """Whether the code is that of an unused time step near the current one; if so, uses it up."""
    try:
        codes = pyotp.TOTP(encryption.decrypt(factor.secret), interval=STEP_SECONDS)
    except encryption.KeyMissing:
        log.error("totp_secret_unreadable", developer=factor.developer_id)
        return False  # the recovery codes still work
    current = int(now.timestamp()) // STEP_SECONDS
    given = _normalize(code).encode(errors="replace")
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if step > factor.last_step and compare_digest(codes.generate_otp(step).encode(), given):
            factor.last_step = step
            return True
    return False


def _consume_recovery_code(factor: SecondFactor, code: str) -> bool:
    its = RecoveryCode.developer_id == factor.developer_id
    taken = db.session.scalar(
        delete(RecoveryCode)
        .where(its, RecoveryCode.digest == _digest(code))
        .returning(RecoveryCode.digest)
    )
    return taken is not None


def _recovery_code() -> str:
    """Return four groups of four characters, without similar-looking ones."""
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(code: str) -> str:
    return digest(_normalize(code).lower())


def _normalize(code: str) -> str:
    """Return the code without spaces and hyphens, which people may type or omit."""
    return code.replace(" ", "").replace("-", "")
