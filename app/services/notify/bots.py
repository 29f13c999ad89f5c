"""Bots: stored with their secrets encrypted."""

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from app.domain import chat
from app.domain.chat import BotPlatform
from app.domain.errors import AlreadyExists, InvalidFields, NotFound
from app.extensions import db
from app.models import Bot, Developer
from app.services import audit, rights, vault
from app.services.clock import now

# The contract's names of what `domain.chat` judges.
_FIELDS = {
    "app_id": "appId",
    "app_secret": "appSecret",
    "webhook_token": "webhookToken",
    "encrypt_key": "encryptKey",
}


def create(actor: Developer, *, platform: BotPlatform, name: str, **credentials: str | None) -> Bot:
    """A new bot; `credentials` are app_id, app_secret, webhook_token and encrypt_key.

    Raises Forbidden, InvalidFields, AlreadyExists for an app that has a bot.
    """
    rights.require_admin(actor)
    given = {field: credentials.get(field) or None for field in _FIELDS}
    if wrong := chat.check(platform, given):
        raise InvalidFields({_FIELDS[field]: found for field, found in wrong.items()})
    bot = Bot(
        platform=platform,
        name=name,
        app_id=given["app_id"],
        app_secret=_sealed(given["app_secret"]),
        webhook_token=_sealed(given["webhook_token"]),
        encrypt_key=_sealed(given["encrypt_key"]),
        created_at=now(),
    )
    db.session.add(bot)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise AlreadyExists("there is a bot of that app already") from None
    audit.record("bot.created", "bot", bot.id, actor=actor, after=_told(bot))
    db.session.commit()
    return bot


def listing(actor: Developer) -> Select[Bot]:
    """The query of all bots. Raises Forbidden."""
    rights.require_admin(actor)
    return select(Bot)


def held(bot_id: int) -> Bot:
    """The bot, which stays until the end of the transaction. Raises NotFound."""
    return _found(
        db.session.get(
            Bot, bot_id, with_for_update={"read": True, "key_share": True}, populate_existing=True
        )
    )


def delete(actor: Developer, bot_id: int) -> None:
    """The bot and its bindings are gone. Raises Forbidden, NotFound."""
    rights.require_admin(actor)
    bot = _found(db.session.get(Bot, bot_id, with_for_update=True, populate_existing=True))
    db.session.delete(bot)
    audit.record("bot.deleted", "bot", bot.id, actor=actor, before=_told(bot))
    db.session.commit()


def _found(bot: Bot | None) -> Bot:
    if bot is None:
        raise NotFound("there is no such bot")
    return bot


def _told(bot: Bot) -> dict[str, str | None]:
    return {"platform": bot.platform.value, "name": bot.name, "appId": bot.app_id}


def _sealed(secret: str | None) -> str | None:
    return None if secret is None else vault.encrypt(secret)
