"""Browsers that have signed in to an account before: a signed proof, stored in a cookie.

Others' guesses never block such a device (`login_limits`). It counts only for its own account, and
only until that account's sessions are ended: by their owner, an admin, or a new password or role.
"""

import uuid
from collections.abc import Iterable
from typing import NamedTuple

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from app.domain.tokens import digest
from app.extensions import db
from app.models import Developer, Login, RefreshToken
from app.services.accounts import developers

MAX_AGE_SECONDS = 365 * 86_400
"""How long an unused device stays known."""


class DeviceProof(NamedTuple):
    """A browser's cookie, and its account."""

    developer_id: int
    text: str


def create_proof(refresh_token: str) -> DeviceProof | None:
    """Return the proof for the device with this refresh token.

    None if there is no such token, or its session has ended meanwhile: the caller holds no lock.
    The proof names the login, so a stolen session creates only one device, however often it's
    refreshed.
    """
    found = db.session.execute(
        select(RefreshToken.developer_id, RefreshToken.family, Developer.device_generation)
        .join(Developer, Developer.id == RefreshToken.developer_id)
        .join(Login, Login.id == RefreshToken.family)
        .where(
            RefreshToken.digest == digest(refresh_token),
            RefreshToken.generation == Developer.token_generation,
            Login.ended_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    developer_id, login_id, generation = found
    return DeviceProof(developer_id, _signer().dumps([developer_id, str(login_id), generation]))


def find_device(name: str, proofs: Iterable[str]) -> uuid.UUID | None:
    """Return the device that has signed in to the account with that name, by one of the proofs;
    None if none has.

    Its name is that of its last login.
    """
    known = [claims for proof in proofs if (claims := _read_proof(proof)) is not None]
    if not known:  # without one, it takes the same work whether the account exists or not
        return None
    developer = developers.find_by_name(name)
    if developer is None:
        return None
    current = (developer.id, developer.device_generation)
    return next((login for id_, login, generation in known if (id_, generation) == current), None)


def _read_proof(proof: str) -> tuple[int, uuid.UUID, int] | None:
    try:
        developer_id, login_id, generation = _signer().loads(proof, max_age=MAX_AGE_SECONDS)
    except BadData:
        return None
    return int(developer_id), uuid.UUID(login_id), int(generation)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known-device")
