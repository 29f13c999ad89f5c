"""Invitations."""

from datetime import timedelta
from typing import Any

from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind, digest
from app.models import Developer, Invitation
from app.services.accounts import tokens
from tests.factories.developers import make_developer
from tests.factories.rows import now, stored


def make_invitation(inviter: Developer | None = None, **fields: Any) -> tuple[Invitation, str]:
    """An open invitation of an admin's, and the secret in its link."""
    secret = tokens.generate(TokenKind.INVITATION)
    inviter = inviter or make_developer(role=SystemRole.ADMIN)
    defaults = {
        "digest": digest(secret),
        "role": SystemRole.DEVELOPER,
        "projects": {},
        "note": "",
        "created_by": inviter.id,
        "created_at": now(),
        "expires_at": now() + timedelta(hours=72),
    }
    return stored(Invitation, defaults, fields), secret
