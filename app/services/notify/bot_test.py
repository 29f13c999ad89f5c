"""Bot tests: one test message, sent immediately, and the result as text."""

import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItemPerMinute
from sqlalchemy import select

from app.chat import senders
from app.chat.incoming_events import sanitize_text
from app.chat.messages import Address
from app.domain import bot_advice
from app.domain.chat import INTERACTIVE_PLATFORMS, BotPlatform, parse_platform_uid
from app.domain.errors import TooManyRequests
from app.domain.timestamps import to_rfc3339
from app.extensions import db, redis
from app.models import Bot, BotBinding, Developer
from app.services import audit, rights
from app.services.accounts import login_limits
from app.services.clock import now
from app.services.notify import bots, delivery_sender

MAX_TESTS_PER_MINUTE = 10  # per admin and minute: each may occupy one of the server's threads
# No platform takes longer, except one that repeatedly answers a byte at a time.
TIMEOUT_SECONDS = 25.0
TITLE = "Test message from Muster"


@dataclass(frozen=True)
class BotTestResult:
    """The result: `detail` describes it, `advice` how to fix it. `milliseconds` is the duration."""

    sent: bool
    detail: str
    advice: str | None
    chat_id: str | None
    milliseconds: int


def send_test(actor: Developer, bot_id: int, *, chat_id: str | None = None) -> BotTestResult:
    """Send a test message through the bot, to the chat or, without one, to the actor, or to the
    oldest bound chat.

    Commits. Raises Forbidden, NotFound, TooManyRequests.
    """
    rights.require_admin(actor)
    bot = bots.lock_against_deletion(bot_id)
    _count_test(actor)
    place = _choose_chat(actor, bot, chat_id) if bot.platform in INTERACTIVE_PLATFORMS else None
    if bot.platform in INTERACTIVE_PLATFORMS and place is None:
        advice = bot_advice.no_chat_advice(bot.platform)
        return BotTestResult(
            False, "Nothing was sent: the bot has no chat to send to.", advice, None, 0
        )
    trial = _build_message(actor, bot, place)
    audit.record("bot.tested", "bot", bot.id, actor=actor)
    db.session.commit()  # nothing is locked and no connection is held while the platform responds
    return _to_result(trial, _run(trial))


@dataclass(frozen=True)
class _TestMessage:
    address: Address
    text: str
    content: dict[str, Any]
    hosts: frozenset[str]


def _count_test(actor: Developer) -> None:
    bound = (RateLimitItemPerMinute(MAX_TESTS_PER_MINUTE, namespace="bot_tested"), str(actor.id))
    if not redis.limiter.hit(*bound):
        raise TooManyRequests(login_limits.read_state(*bound).reset_seconds)


def _choose_chat(actor: Developer, bot: Bot, chat_id: str | None) -> str | None:
    platform, account = parse_platform_uid(actor.platform_uid) or (None, None)
    own = account if platform is bot.platform else None
    return chat_id or own or _oldest_chat(bot)


def _oldest_chat(bot: Bot) -> str | None:
    query = select(BotBinding.platform_chat_id).where(BotBinding.bot_id == bot.id)
    return db.session.scalar(query.order_by(BotBinding.id).limit(1))


def _build_message(actor: Developer, bot: Bot, place: str | None) -> _TestMessage:
    text = f"{TITLE}: {actor.name} is testing the bot {bot.name}. You don't need to do anything."
    content = {
        "deliveryId": f"test-{uuid.uuid4().hex}",
        "type": "test",
        "title": TITLE,
        "body": text,
        "botId": bot.id,
        "occurredAt": to_rfc3339(now()),
    }
    return _TestMessage(
        delivery_sender.decrypt_address(bot, place), text, content, delivery_sender.allowed_hosts()
    )


@dataclass
class _SendOutcome:
    """`problem` is the reason for the failure; None if it was accepted."""

    milliseconds: int
    problem: str | None


def _run(trial: _TestMessage) -> _SendOutcome:
    """Send it, in a thread that is abandoned if it doesn't return."""
    if isinstance(trial.address, delivery_sender.UnreadableAddress):
        return _SendOutcome(0, delivery_sender.UNREADABLE_SECRETS)
    began, ends = time.monotonic(), list[str | None]()
    sender = threading.Thread(target=_send, args=(trial, ends), daemon=True)
    sender.start()
    sender.join(TIMEOUT_SECONDS)
    took = round(1000 * (time.monotonic() - began))
    return _SendOutcome(took, ends[0] if ends else f"no response within {TIMEOUT_SECONDS:g} s")


def _send(trial: _TestMessage, ends: list[str | None]) -> None:
    try:
        senders.send_text(
            trial.address, TITLE, trial.text, trial.content, allowed_hosts=trial.hosts
        )
    except Exception as problem:
        ends.append(sanitize_text(delivery_sender.error_text(problem)))
    else:
        ends.append(None)


def _to_result(trial: _TestMessage, outcome: _SendOutcome) -> BotTestResult:
    platform, place = trial.address.platform, trial.address.chat_id
    if outcome.problem is None:
        detail = f"{_NAMES[platform]} accepted it" + (f", for {place}." if place else ".")
        return BotTestResult(True, detail, None, place, outcome.milliseconds)
    words = outcome.problem
    advice = bot_advice.find_advice(platform, words)
    return BotTestResult(False, words, advice, place, outcome.milliseconds)


_NAMES = {
    BotPlatform.SLACK: "Slack",
    BotPlatform.LARK: "Lark",
    BotPlatform.APPRISE: "Apprise",
    BotPlatform.WEBHOOK: "The receiver",
}
