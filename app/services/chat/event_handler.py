"""Carrying out a chat event once, and sending the reply, with retries."""

from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select, update

from app import wakeups
from app.chat import commands
from app.chat.commands import Command, Verb
from app.chat.incoming_events import IncomingEvent, Intent
from app.chat.messages import DeliveryRefused, RetryLater
from app.domain.errors import ChatTokenInvalid, DomainError, PlatformUidTaken
from app.extensions import db
from app.models import Bot, ChatEvent
from app.services import encryption
from app.services.chat import account_links, command_handlers, interactions, replies
from app.services.chat.command_handlers import Reply
from app.services.chat.events import DIGEST

# How long a worker owns an event; after that it counts as dead.
CLAIM_LEASE = timedelta(seconds=60)
MAX_TRIES = 6
RETRY_SECONDS = 2.0  # seconds, doubled with each try
BATCH = 100

UNLINKED = (
    "Your chat account isn't linked yet. In Muster, create a chat token in your profile, and "
    "send me in a direct message: bind TOKEN"
)
DISABLED = "Your Muster account is disabled. An admin can enable it."
IN_PUBLIC = (
    "Others could read that token, so it's no longer valid and nothing was linked. Create another "
    "one, and send it to me in a direct message."
)
BAD_TOKEN = (
    "That token is invalid: it was used, is older than ten minutes, or was replaced. Create "
    "another one in your profile in Muster."
)
ALREADY_LINKED = (
    "This chat account belongs to another developer in Muster; the token is no longer valid. An "
    "admin can remove that link."
)

log = structlog.get_logger(__name__)


def process_event(event_id: int, now: datetime) -> None:
    """Do what is left to do for an event, unless another job does. Can be repeated. Commits."""
    event = _claim(event_id, now)
    bot = db.session.get(Bot, event.bot_id) if event else None
    if event is None or bot is None:
        return
    incoming = IncomingEvent.from_json(event.payload)
    if event.done_at is None:
        _store_reply(event, _apply(event, bot, incoming, now), now)
    if event.reply is None:
        _mark_done(event)
        return
    answer = Reply(**event.reply)
    try:
        replies.send_reply(
            bot, incoming, answer, account_links.find_owner(bot.platform, incoming.user_id)
        )
        _mark_done(event)
    except RetryLater as error:
        _postpone(event, error, now)
    except (DeliveryRefused, DomainError, encryption.KeyMissing) as error:
        log.warning("chat_reply_refused", chat_event=event.id, reason=str(error))
        _mark_done(event)


def process_due_events(now: datetime) -> None:
    """Process all due events: those with a lost wakeup, and retries."""
    due = select(ChatEvent.id).where(ChatEvent.due_at <= now).order_by(ChatEvent.due_at)
    for event_id in db.session.scalars(due.limit(BATCH)).all():
        wakeups.enqueue_chat_event(event_id)
    db.session.commit()


def _claim(event_id: int, now: datetime) -> ChatEvent | None:
    """Claim the event, if it's due. Commits, so that no lock is held while platforms respond."""
    claim = (
        update(ChatEvent)
        .where(
            ChatEvent.id == event_id,
            ChatEvent.due_at.is_not(None),
            # The first try doesn't compare the clocks of two hosts.
            or_(ChatEvent.attempts == 0, ChatEvent.due_at <= now),
        )
        .values(due_at=now + CLAIM_LEASE, attempts=ChatEvent.attempts + 1)
        .returning(ChatEvent)
        .execution_options(populate_existing=True)
    )
    event = db.session.scalar(claim)
    db.session.commit()
    if event is not None and event.attempts > MAX_TRIES:
        log.warning("chat_event_abandoned", chat_event=event.id)
        _mark_done(event)
        return None
    return event


def _apply(event: ChatEvent, bot: Bot, incoming: IncomingEvent, now: datetime) -> Reply | None:
    try:
        return _execute(event, bot, incoming, now)
    except DomainError as error:
        db.session.rollback()
        return Reply(command_handlers.describe_error(error))


def _execute(event: ChatEvent, bot: Bot, incoming: IncomingEvent, now: datetime) -> Reply | None:
    command = commands.parse(incoming.text) if incoming.intent is Intent.COMMAND else None
    if isinstance(command, Command) and command.verb is Verb.BIND:
        return _link_account(bot, incoming, command.text, now)
    actor = account_links.find_owner(bot.platform, incoming.user_id)
    if isinstance(command, Command) and command.verb is Verb.HELP:
        return Reply(commands.HELP + ("" if actor else f"\n\n{UNLINKED}"))
    if actor is None:
        return Reply(UNLINKED)
    if actor.disabled_at is not None:
        return Reply(DISABLED)
    if incoming.intent is not Intent.COMMAND:
        return interactions.handle_interaction(actor, bot, incoming)

    def remember(answer: Reply) -> None:
        event.done_at, event.reply = now, asdict(answer)

    return command_handlers.run_command(actor, bot, incoming, remember)


def _link_account(bot: Bot, incoming: IncomingEvent, token: str, now: datetime) -> Reply:
    """Link the account. The text has a token's digest after `DIGEST` (see `events`), or no
    token.
    """
    digest = token.removeprefix(DIGEST) if token.startswith(DIGEST) else ""
    if not incoming.private:
        account_links.consume_token(digest, now)
        return Reply(IN_PUBLIC)
    try:
        developer = account_links.link_account(digest, bot.platform, incoming.user_id, now)
    except ChatTokenInvalid:
        return Reply(BAD_TOKEN)
    except PlatformUidTaken:
        return Reply(ALREADY_LINKED)
    return Reply(f"You are now {developer.name}. Your commands here run under that account.")


def _store_reply(event: ChatEvent, answer: Reply | None, now: datetime) -> None:
    if event.done_at is None:
        event.done_at, event.reply = now, asdict(answer) if answer else None
    db.session.commit()


def _mark_done(event: ChatEvent) -> None:
    event.due_at = None
    db.session.commit()


def _postpone(event: ChatEvent, error: RetryLater, now: datetime) -> None:
    """Move the end of the claim to the time of the next try. Commits."""
    pause = max(error.retry_after_seconds or 0.0, RETRY_SECONDS * 2**event.attempts)
    event.due_at = now + timedelta(seconds=pause)
    db.session.commit()
    log.info("chat_reply_postponed", chat_event=event.id, seconds=pause, reason=error.reason)
