"""Developers."""

import uuid
from datetime import timedelta
from functools import cache
from typing import Any

from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind, digest
from app.models import Developer, IdempotencyKey, PersonalToken, RefreshToken
from app.services.people import passwords, tokens
from tests.factories.rows import now, numbers, stored

PASSWORD = "correct horse battery staple"


@cache
def password_hash() -> str:
    return passwords.hash_of(PASSWORD)


def make_developer(**given: Any) -> Developer:
    """A developer, by default with the role `developer`, whose password is `PASSWORD`."""
    name = f"dev{next(numbers)}"
    defaults = {
        "name": name,
        "password_hash": password_hash(),
        "role": SystemRole.DEVELOPER,
        "git_name": name.title(),
        "git_email": f"{name}@example.org",
        "created_at": now(),
    }
    return stored(Developer, defaults, given)


def make_personal_token(developer: Developer, **given: Any) -> tuple[PersonalToken, str]:
    """A personal access token of the developer, and its secret."""
    secret = tokens.new(TokenKind.PERSONAL)
    defaults = {
        "developer_id": developer.id,
        "label": "ci",
        "prefix": secret[:16],
        "digest": digest(secret),
        "created_at": now(),
    }
    return stored(PersonalToken, defaults, given), secret


def make_refresh_token(developer: Developer, **given: Any) -> RefreshToken:
    """A refresh token of a new login."""
    defaults = {
        "developer_id": developer.id,
        "family": uuid.uuid4(),
        "digest": digest(tokens.new(TokenKind.REFRESH)),
        "generation": developer.token_generation,
        "created_at": now(),
        "expires_at": now() + timedelta(days=7),
    }
    return stored(RefreshToken, defaults, given)


def make_idempotency_key(developer: Developer, **given: Any) -> IdempotencyKey:
    """An idempotency key of the developer's, with an empty response."""
    defaults = {
        "developer_id": developer.id,
        "key": f"key{next(numbers)}",
        "fingerprint": "",
        "response": {},
        "created_at": now(),
    }
    return stored(IdempotencyKey, defaults, given)
