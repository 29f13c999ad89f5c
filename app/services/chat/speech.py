"""Saying something in a chat, as a bot."""

import structlog

from app.chat import senders
from app.chat.incoming import Incoming
from app.chat.messages import Address, Refused
from app.domain import task as rules
from app.extensions import db
from app.models import Bot, Developer
from app.services import gates, task_reads, vault
from app.services.chat import cards
from app.services.chat.acts import Answer, progress

log = structlog.get_logger(__name__)


def address(bot: Bot, chat_id: str) -> Address:
    """The bot's credentials, opened. Raises vault.KeyMissing."""

    def opened(sealed: str | None) -> str | None:
        return None if sealed is None else vault.decrypt(sealed)

    return Address(
        bot.platform, bot.app_id, opened(bot.app_secret), opened(bot.webhook_token), chat_id
    )


def say(bot: Bot, said: Incoming, answer: Answer, actor: Developer | None) -> None:
    """Answer where it was said. No connection is held meanwhile. Raises Refused, TryAgain."""
    to = address(bot, said.chat_id)
    card = None
    if answer.card is not None and actor is not None:
        task = task_reads.get(actor, answer.card)
        gate = gates.open_gate(task) if task.status in rules.LIVE else None
        card = cards.message(task, gate, progress(task)) if gate else None
    db.session.commit()
    if card is not None:
        try:
            senders.send(to, card, allowed_hosts=frozenset())
            return
        except Refused:  # as in a room that the bot is not in: a slash command's answer gets there
            log.info("chat_card_refused", bot=bot.id)
    senders.say(to, said, answer.text, public=answer.public)
