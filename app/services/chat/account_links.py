"""Developers' chat accounts, linked by one-time tokens."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.domain import chat
from app.domain.chat import BotPlatform
from app.domain.errors import ChatTokenInvalid, PlatformUidTaken
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import ChatToken, Developer
from app.services import audit, clock
from app.services.accounts import developers, logins, tokens

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class NewChatToken:
    token: str
    expires_at: datetime


def make_token(actor: Developer, login_id: uuid.UUID) -> NewChatToken:
    """Create a token that links the developer to the chat account that sends it to a bot. Commits.

    Earlier tokens of the developer become invalid. Raises ReauthenticationRequired.
    """
    developers.lock_current(actor)
    now = clock.now()
    logins.require_recent(actor, login_id, now)
    unused = (ChatToken.developer_id == actor.id) & ChatToken.used_at.is_(None)
    db.session.execute(delete(ChatToken).where(unused))
    secret = tokens.generate(TokenKind.CHAT)
    row = ChatToken(
        developer_id=actor.id, digest=digest(secret), created_at=now, expires_at=now + LIFETIME
    )
    db.session.add(row)
    db.session.flush()
    fields = {"expiresAt": row.expires_at}
    audit.record("chat_token.created", "chat_token", row.id, actor=actor, after=fields)
    db.session.commit()
    return NewChatToken(secret, row.expires_at)


def find_owner(platform: BotPlatform, user_id: str) -> Developer | None:
    """Return the developer of a chat account, even if they are disabled."""
    uid = chat.platform_uid_of(platform, user_id)
    return db.session.scalar(
        select(Developer)
        .where(Developer.platform_uid == uid)
        .execution_options(populate_existing=True)
    )


def consume_token(token_digest: str, now: datetime) -> None:
    """Use up a token without linking anything: others have read it. Commits."""
    _consume(token_digest, now)
    db.session.commit()


def link_account(
    token_digest: str, platform: BotPlatform, user_id: str, now: datetime
) -> Developer:
    """Link a chat account to the token's developer, in place of an earlier account.

    The token is used up even if that fails. Of concurrent uses one succeeds. Commits. Raises
    ChatTokenInvalid, PlatformUidTaken.
    """
    developer_id = _consume(token_digest, now)
    developer = developers.lock_developer(developer_id) if developer_id is not None else None
    if developer is None or developer.disabled_at is not None:
        db.session.commit()
        raise ChatTokenInvalid
    before = {"platformUid": developer.platform_uid}
    uid = chat.platform_uid_of(platform, user_id)
    try:
        with db.session.begin_nested():
            developer.platform_uid = uid
            db.session.flush()
    except IntegrityError:
        db.session.commit()
        raise PlatformUidTaken from None
    audit.record(
        "developer.chat_linked",
        "developer",
        developer.id,
        actor=developer,
        before=before,
        after={"platformUid": uid},
    )
    db.session.commit()
    return developer


def _consume(token_digest: str, now: datetime) -> int | None:
    """Use up a token, and return its developer's ID; None if the token is invalid.

    It's one statement, so that of concurrent uses one succeeds.
    """
    return db.session.scalar(
        update(ChatToken)
        .where(
            ChatToken.digest == token_digest,
            ChatToken.used_at.is_(None),
            ChatToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(ChatToken.developer_id)
    )
