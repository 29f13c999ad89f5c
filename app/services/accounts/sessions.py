"""A developer's credential, and whether it's still valid.

A request checks once. Long-lived connections (event streams, terminal sockets) are checked
repeatedly, for a whole process in one statement. The same rule ends both: nothing outlives a
logout, a new password, a revoked token or a disabled account.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.tokens import TokenKind, digest, is_token
from app.models import Developer
from app.services.accounts import tokens


@dataclass(frozen=True)
class DeveloperSession:
    """A developer's credential: an access token, or a personal access token.

    An access token has `generation`, the developer's `token_generation` at its creation; `login`;
    and its expiry `ends_at`. A personal access token has `token_digest`, whose row decides whether
    it's valid, and the `projects` that it's limited to, which never change.
    """

    developer_id: int
    generation: int | None = None
    login: uuid.UUID | None = None
    token_digest: str | None = None
    ends_at: datetime | None = None
    projects: Sequence[int] | None = None


COLUMNS = """
    developer_id bigint, generation int, login uuid, token_digest text, ends_at timestamptz,
    projects bigint[]
"""
"""The columns that `to_row` returns, for SQL's `jsonb_to_recordset`."""

IS_VALID = """(
    d.disabled_at IS NULL
    AND (s.ends_at IS NULL OR s.ends_at > :now)
    AND CASE WHEN s.login IS NOT NULL
             THEN d.token_generation = s.generation
                  AND EXISTS (SELECT FROM logins AS l
                              WHERE l.id = s.login AND l.developer_id = d.id
                                AND l.ended_at IS NULL AND l.expires_at > :now)
             ELSE EXISTS (SELECT FROM personal_tokens AS pt
                          WHERE pt.digest = s.token_digest AND pt.revoked_at IS NULL
                            AND (pt.expires_at IS NULL OR pt.expires_at > :now)) END
)"""
"""The SQL condition for the session `s` of the developer `d` to be valid at `:now`."""


def from_credential(developer: Developer, credential: str) -> DeveloperSession:
    """Create the session of a credential that was just accepted for the developer.

    Raises InvalidToken if an access token has expired since.
    """
    if is_token(credential, TokenKind.PERSONAL):
        only = developer.access_scope.projects
        projects = None if only is None else sorted(only)
        return DeveloperSession(developer.id, token_digest=digest(credential), projects=projects)
    claims = tokens.access_claims(credential)
    return DeveloperSession(developer.id, claims.generation, claims.login, ends_at=claims.ends_at)


def to_row(session: DeveloperSession) -> dict[str, Any]:
    """Return the session as a JSON object with COLUMNS."""
    ends_at = session.ends_at.isoformat() if session.ends_at else None
    login = str(session.login) if session.login else None
    return {**vars(session), "login": login, "ends_at": ends_at}


def is_current(developer: Developer, generation: int) -> bool:
    """Whether an access or refresh token of that generation is still valid for the developer."""
    return developer.disabled_at is None and developer.token_generation == generation
