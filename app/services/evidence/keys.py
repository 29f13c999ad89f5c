"""The keys for signing evidence: the current one and earlier ones."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import Conflict
from app.extensions import db
from app.models import EvidenceKey
from app.services import audit, encryption
from app.services.clock import now
from muster.protocol import evidence


class SigningKeyUnreadable(Conflict):
    """ENCRYPTION_KEYS no longer lists the key that encrypts the signing key of evidence."""

    code = "signing_key_unreadable"


@dataclass(frozen=True)
class Signer:
    """The current key in memory while a bundle is built."""

    id: str
    _key: Ed25519PrivateKey

    def sign(self, manifest: bytes) -> bytes:
        """Return the bundle's member `signature`."""
        public = self._key.public_key().public_bytes_raw()
        return evidence.signature_member(manifest, public, self._key.sign(manifest))


def current_signer() -> Signer:
    """Return the current signing key, created on first use; commits then. Raises
    SigningKeyUnreadable.
    """
    row = _current()
    try:
        secret = base64.b64decode(encryption.decrypt(row.private_key or ""))
    except encryption.KeyMissing:
        raise SigningKeyUnreadable(
            "An operator can create a new one: flask evidence-key."
        ) from None
    return Signer(row.id, Ed25519PrivateKey.from_private_bytes(secret))


def list_keys() -> list[EvidenceKey]:
    """Return all keys, the newest first; creates and commits one if there is none."""
    _current()
    newest = EvidenceKey.created_at.desc()
    return list(db.session.scalars(select(EvidenceKey).order_by(newest, EvidenceKey.id)))


def rotate(moment: datetime) -> str:
    """Retire the current key, destroying its private half, and create another. Returns its ID.
    Commits.
    """
    retired = update(EvidenceKey).where(EvidenceKey.is_current.is_(True))
    values: dict[str, Any] = {"is_current": None, "private_key": None, "retired_at": moment}
    old = db.session.scalars(retired.values(values).returning(EvidenceKey.id)).all()
    new = _make(moment)
    before, after = {"key": old[0] if old else None}, {"key": new}
    audit.record("evidence_key.replaced", "server", "", actor=None, before=before, after=after)
    db.session.commit()
    return new


def _current() -> EvidenceKey:
    query = select(EvidenceKey).where(EvidenceKey.is_current.is_(True))
    if (found := db.session.scalar(query)) is None:
        _make(now())
        db.session.commit()
        found = db.session.scalars(query).one()
    return found


def _make(moment: datetime) -> str:
    """Add a current key, unless another process has just done so."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    secret = base64.b64encode(key.private_bytes_raw()).decode()
    row = {
        "id": evidence.key_id(public),
        "is_current": True,
        "public_key": public,
        "private_key": encryption.encrypt(secret),
        "created_at": moment,
    }
    db.session.execute(insert(EvidenceKey).values(row).on_conflict_do_nothing())
    return str(row["id"])
