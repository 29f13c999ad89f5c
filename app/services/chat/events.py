"""Events that platforms post: checked by their signatures, and stored once.

They are carried out elsewhere (`event_handler`), because a platform repeats an event after three
seconds.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app import wakeups
from app.chat import lark, slack
from app.chat.incoming_events import IncomingEvent
from app.domain.chat import BotPlatform
from app.domain.errors import Unauthenticated
from app.domain.tokens import digest
from app.extensions import db
from app.models import Bot, ChatEvent
from app.services import encryption

Headers = Mapping[str, str]
# A token that links an account is a credential: only its digest is stored here too.
_TOKEN = re.compile(r"mst_chat_[0-9a-f]+")
DIGEST = "mst_chat_sha256:"  # the prefix of a digest; no token starts like this

log = structlog.get_logger(__name__)


def store_slack_event(headers: Headers, body: bytes, now: datetime, *, form: bool) -> str | None:
    """Store an event of Slack's. Returns the challenge if it's a handshake, else None.

    Commits. Raises Unauthenticated.
    """
    payload = slack.decode_event(body, form=form)
    app_id, challenge = slack.get_app_id(payload), slack.get_challenge(payload)
    # A handshake doesn't name its app; the secret that signed it identifies the bot.
    for bot, known in _bots(BotPlatform.SLACK, None if challenge is not None else app_id):
        if slack.is_signed(known.webhook_token, headers, body):
            if challenge is None:
                _store(bot, slack.parse_event(payload), now)
            return challenge
    raise Unauthenticated


def store_lark_event(headers: Headers, body: bytes, now: datetime) -> str | None:
    """Store an event of Lark's. Returns the challenge if it's a handshake, else None.

    Encrypted events name their app only inside, so all bots' keys are tried. Commits. Raises
    Unauthenticated.
    """
    for bot, known in _bots(BotPlatform.LARK, None):
        payload = lark.decode_event(body, known.encrypt_key)
        if not payload or not lark.has_valid_token(payload, known.webhook_token):
            continue
        if (challenge := lark.get_challenge(payload)) is not None:
            return challenge  # handshakes aren't signed, but contain the token
        if lark.get_app_id(payload) == bot.app_id and _is_valid_lark(
            known, payload, headers, body, now
        ):
            _store(bot, lark.parse_event(payload), now)
            return None
    raise Unauthenticated


class _BotSecrets(NamedTuple):
    """A bot's decrypted secrets."""

    app_secret: str
    webhook_token: str
    encrypt_key: str | None


def _is_valid_lark(
    known: _BotSecrets, payload: Mapping[str, Any], headers: Headers, body: bytes, now: datetime
) -> bool:
    if known.encrypt_key is None:
        return lark.is_recent(payload, now)
    return lark.is_signed(known.encrypt_key, headers, body, now)


def _bots(platform: BotPlatform, app_id: str | None) -> Iterator[tuple[Bot, _BotSecrets]]:
    query = select(Bot).where(Bot.platform == platform).order_by(Bot.id)
    for bot in db.session.scalars(query if app_id is None else query.where(Bot.app_id == app_id)):
        try:
            key = encryption.decrypt(bot.encrypt_key) if bot.encrypt_key else None
            secret, token = (
                encryption.decrypt(it or "") for it in (bot.app_secret, bot.webhook_token)
            )
        except encryption.KeyMissing:
            log.warning("bot_secrets_unreadable", bot=bot.id)
            continue
        yield bot, _BotSecrets(secret, token, key)


def _store(bot: Bot, incoming: IncomingEvent | None, now: datetime) -> None:
    if incoming is None or not (incoming.user_id and incoming.chat_id):
        return
    row: dict[str, Any] = {
        "bot_id": bot.id,
        "event_id": incoming.event_id,
        "payload": _redact_tokens(incoming.to_json()),
        "received_at": now,
        "due_at": now,
        "attempts": 0,
    }
    try:
        new = db.session.scalar(
            insert(ChatEvent).values(row).on_conflict_do_nothing().returning(ChatEvent.id)
        )
    except IntegrityError:  # the bot has just been deleted
        db.session.rollback()
        raise Unauthenticated from None
    if new is not None:
        wakeups.enqueue_chat_event(new)
    db.session.commit()


def _redact_tokens(event: dict[str, Any]) -> dict[str, Any]:
    # A text in which a person wrote the prefix themselves must not pass for a token's digest.
    text = event["text"].replace(DIGEST, "?")
    return event | {"text": _TOKEN.sub(lambda found: DIGEST + digest(found[0]), text)}
