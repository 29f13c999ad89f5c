"""Developers."""

import uuid
from datetime import timedelta
from functools import cache
from typing import Any

from app.domain.login import LoginVia
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import Developer, IdempotencyKey, Login, PersonalToken, RefreshToken
from app.services.accounts import logins, passwords, tokens
from sample_data import rows
from tests.factories.rows import now, numbers, stored

PASSWORD = "correct horse battery staple"


@cache
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


def make_developer(**fields: Any) -> Developer:
    """A developer, by default with the role `developer`, whose password is `PASSWORD`."""
    defaults = rows.developer(f"dev{next(numbers)}", password_hash(), now())
    return stored(Developer, defaults, fields)


def make_personal_token(developer: Developer, **fields: Any) -> tuple[PersonalToken, str]:
    """A personal access token of the developer, and its secret."""
    secret = tokens.generate(TokenKind.PERSONAL)
    defaults = {
        "developer_id": developer.id,
        "label": "ci",
        "prefix": secret[:16],
        "digest": digest(secret),
        "created_at": now(),
    }
    return stored(PersonalToken, defaults, fields), secret


def make_login(developer: Developer, **fields: Any) -> Login:
    """A login of the developer's, who has just signed in."""
    defaults = {
        "id": uuid.uuid4(),
        "developer_id": developer.id,
        "via": LoginVia.PASSWORD,
        "client": "Firefox on Linux",
        "address": "192.0.2.1",
        "created_at": now(),
        "last_seen_at": now(),
        "reauthenticated_at": now(),
        "expires_at": now() + timedelta(days=7),
    }
    return stored(Login, defaults, fields)


def access_token_of(developer: Developer) -> str:
    """An access token of a new login of the developer's."""
    return tokens.access_token(developer, make_login(developer).id)


def begin_login(developer: Developer) -> logins.TokenPair:
    """A new login of the developer's, as they would have it by their password; committed."""
    pair = logins.start(developer, now(), via=LoginVia.PASSWORD, client="", address="")
    db.session.commit()
    return pair


def make_refresh_token(developer: Developer, **fields: Any) -> RefreshToken:
    """A refresh token of a new login."""
    defaults = {
        "developer_id": developer.id,
        "family": fields.get("family") or make_login(developer).id,
        "digest": digest(tokens.generate(TokenKind.REFRESH)),
        "generation": developer.token_generation,
        "created_at": now(),
        "expires_at": now() + timedelta(days=7),
    }
    return stored(RefreshToken, defaults, fields)


def make_idempotency_key(developer: Developer, **fields: Any) -> IdempotencyKey:
    """An idempotency key of the developer's, with an empty response."""
    defaults = {
        "developer_id": developer.id,
        "key": f"key{next(numbers)}",
        "fingerprint": "",
        "response": {},
        "created_at": now(),
    }
    return stored(IdempotencyKey, defaults, fields)
