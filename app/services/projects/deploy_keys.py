"""Deploy keys: SSH keys that the server generates, so that nobody handles the private half.

A project's key is stored like any other `ssh_key`. A key for a project that doesn't exist yet waits
in Redis, encrypted, until the project is created with its ID.
"""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from app.domain import field_errors
from app.domain.errors import InvalidFields
from app.domain.roles import Permission
from app.extensions import db, redis
from app.models import Developer
from app.services import audit, encryption, rights
from app.services.projects import projects

LIFETIME_SECONDS = 3600
_COMMENT = "muster"


class KeyPair(NamedTuple):
    """Both halves, in OpenSSH's formats."""

    private_key: str
    public_key: str


class PendingKey(NamedTuple):
    """A key that waits for its project."""

    id: str
    public_key: str


def generate() -> KeyPair:
    """Return a new ed25519 key."""
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return KeyPair(private.decode(), _public_text(key, _COMMENT))


def load_private_key(text: str) -> Any:
    """Return the private key in OpenSSH's or a PEM format. Raises ValueError, TypeError (it has a
    passphrase), UnsupportedAlgorithm.
    """
    is_openssh = "BEGIN OPENSSH" in text
    load = serialization.load_ssh_private_key if is_openssh else serialization.load_pem_private_key
    # Testing an RSA key's primes takes half a second, and a bad key harms only its owner.
    return load(text.encode(), None, unsafe_skip_rsa_key_validation=True)


def create(actor: Developer, key: str) -> str:
    """Give the project a new key, in place of any that it has. Returns the public half. Commits.

    Raises NotFound, Forbidden.
    """
    pair = generate()
    projects.update(actor, key, ssh_key=pair.private_key)
    return pair.public_key


def find_public_key(actor: Developer, key: str) -> str | None:
    """Return the public half of the project's key, if it has one that the server can read. Raises
    NotFound, Forbidden.
    """
    project = projects.get(actor, key)
    rights.require(Permission.CHANGE_PROJECT, actor, project)
    if project.ssh_key is None:
        return None
    try:
        return _public_text(load_private_key(encryption.decrypt(project.ssh_key)), "")
    except (encryption.KeyMissing, ValueError, TypeError, UnsupportedAlgorithm):
        return None


def create_pending(actor: Developer) -> PendingKey:
    """Generate a key for a project that the admin is about to create. Commits. Raises Forbidden."""
    rights.require_admin(actor)
    pair, key_id = generate(), secrets.token_urlsafe(16)
    value = encryption.encrypt(pair.private_key)
    redis.client.set(_pending_key(actor, key_id), value, ex=LIFETIME_SECONDS)
    audit.record("project.key_generated", "project", "-", actor=actor)
    db.session.commit()
    return PendingKey(key_id, pair.public_key)


def replace_id(actor: Developer, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with the pending key as `ssh_key` in place of its ID. Raises
    InvalidFields.
    """
    changed = dict(fields)
    key_id = changed.pop("deploy_key_id", None)
    if key_id is None:
        return changed
    stored = redis.client.get(_pending_key(actor, key_id))
    if stored is None:
        raise InvalidFields({"deployKeyId": [field_errors.UNKNOWN_DEPLOY_KEY]})
    text = stored if isinstance(stored, str) else stored.decode()
    return {**changed, "ssh_key": encryption.decrypt(text)}


def _pending_key(actor: Developer, key_id: str) -> str:
    return f"muster:deploy-keys:{actor.id}:{key_id}"


def _public_text(key: Any, comment: str) -> str:
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return f"{public.decode()} {comment}".strip()
