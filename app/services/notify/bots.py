"""Bots: created, listed and deleted. Their secrets are stored encrypted."""

from collections.abc import Mapping

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from app.domain import chat, field_errors
from app.domain.chat import BotPlatform
from app.domain.errors import AlreadyExists, InvalidFields, NotFound
from app.extensions import db
from app.models import Bot, Developer
from app.services import audit, encryption, rights
from app.services.clock import now
from app.services.notify import audit_stream

# The contract's names of the credentials in `domain.chat`.
_FIELDS = {
    "app_id": "appId",
    "app_secret": "appSecret",
    "webhook_token": "webhookToken",
    "encrypt_key": "encryptKey",
}


def create(
    actor: Developer,
    *,
    platform: BotPlatform,
    name: str,
    audit_log: bool = False,
    **credentials: str | None,
) -> Bot:
    """Create a bot; `credentials` are app_id, app_secret, webhook_token and encrypt_key. Commits.

    Raises Forbidden, InvalidFields, AlreadyExists for an app that has a bot.
    """
    rights.require_admin(actor)
    _require_webhook(platform, audit_log=audit_log)
    bot = Bot(platform=platform, name=name, audit_log=audit_log, created_at=now())
    _set_credentials(bot, {field: credentials.get(field) for field in _FIELDS})
    audit_stream.start_stream(bot)
    db.session.add(bot)
    _flush()
    audit.record("bot.created", "bot", bot.id, actor=actor, after=_audited_fields(bot))
    db.session.commit()
    return bot


def update(
    actor: Developer,
    bot_id: int,
    *,
    name: str | None = None,
    audit_log: bool | None = None,
    **credentials: str | None,
) -> Bot:
    """Change the name, whether the bot receives the audit log, and credentials, as far as they are
    given.

    Commits. Raises Forbidden, NotFound, InvalidFields, AlreadyExists for an app that has a bot.
    """
    rights.require_admin(actor)
    bot = _lock(bot_id)
    before = _audited_fields(bot) | _encrypted_fields(bot)
    _set_credentials(bot, credentials)
    bot.name = name or bot.name
    wanted = bot.audit_log if audit_log is None else audit_log
    _require_webhook(bot.platform, audit_log=wanted)
    # The entry about this is the first that the bot receives, or the last.
    bot.audit_log = wanted or bot.audit_log
    audit_stream.start_stream(bot)
    _flush()
    after = _audited_fields(bot) | {"auditLog": wanted} | _encrypted_fields(bot)
    audit.record("bot.updated", "bot", bot.id, actor=actor, before=before, after=after)
    db.session.flush()
    bot.audit_log = wanted
    db.session.commit()
    return bot


def listing(actor: Developer) -> Select[Bot]:
    """Return the query of all bots. Raises Forbidden."""
    rights.require_admin(actor)
    return select(Bot).options(selectinload(Bot.audit_stream))


def lock_against_deletion(bot_id: int) -> Bot:
    """Return the bot, locked against deletion until the end of the transaction. Raises NotFound."""
    return _require_found(
        db.session.get(
            Bot, bot_id, with_for_update={"read": True, "key_share": True}, populate_existing=True
        )
    )


def delete(actor: Developer, bot_id: int) -> None:
    """Delete a bot and its bindings. Commits. Raises Forbidden, NotFound."""
    rights.require_admin(actor)
    bot = _lock(bot_id)
    db.session.delete(bot)
    audit.record("bot.deleted", "bot", bot.id, actor=actor, before=_audited_fields(bot))
    db.session.commit()


def _lock(bot_id: int) -> Bot:
    return _require_found(db.session.get(Bot, bot_id, with_for_update=True, populate_existing=True))


def _require_found(bot: Bot | None) -> Bot:
    if bot is None:
        raise NotFound("Bot not found.")
    return bot


def _set_credentials(bot: Bot, credentials: Mapping[str, str | None]) -> None:
    """Set the given credentials; the others stay encrypted."""
    given = {field: text or None for field, text in credentials.items()}
    if wrong := chat.check_credentials(bot.platform, given):
        raise InvalidFields({_FIELDS[field]: found for field, found in wrong.items()})
    for field, text in given.items():
        setattr(bot, field, text if field == "app_id" else _encrypt(text))


def _require_webhook(platform: BotPlatform, *, audit_log: bool) -> None:
    if audit_log and platform is not BotPlatform.WEBHOOK:
        raise InvalidFields({"auditLog": [field_errors.NO_AUDIT_LOG]})


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise AlreadyExists("That app already has a bot.") from None


def _audited_fields(bot: Bot) -> dict[str, str | bool | None]:
    return {
        "platform": bot.platform.value,
        "name": bot.name,
        "appId": bot.app_id,
        "auditLog": bot.audit_log,
    }


def _encrypted_fields(bot: Bot) -> dict[str, str | None]:
    """Return the replaced fields for the audit log, without their values."""
    return {_FIELDS[field]: getattr(bot, field) for field in _FIELDS if field != "app_id"}


def _encrypt(secret: str | None) -> str | None:
    return None if secret is None else encryption.encrypt(secret)
