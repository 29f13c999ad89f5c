"""Replies of bots in chats."""

import structlog

from app.chat import senders
from app.chat.incoming_events import Incoming
from app.chat.messages import Address, DeliveryRefused, TryAgain
from app.domain import task as rules
from app.extensions import db
from app.models import Bot, Developer
from app.services import clock, encryption
from app.services.chat import cards, question_cards
from app.services.chat.command_handlers import Reply, progress
from app.services.tasks import gates, queries

log = structlog.get_logger(__name__)


def address(bot: Bot, chat_id: str) -> Address:
    """The chat's address, with the bot's decrypted credentials. Raises vault.KeyMissing."""

    def opened(sealed: str | None) -> str | None:
        return None if sealed is None else encryption.decrypt(sealed)

    return Address(
        bot.platform, bot.app_id, opened(bot.app_secret), opened(bot.webhook_token), chat_id
    )


def say(bot: Bot, said: Incoming, answer: Reply, actor: Developer | None) -> None:
    """Send the reply to the chat of the event. Commits before, so that no connection is held.

    Raises DeliveryRefused, TryAgain.
    """
    to = address(bot, said.chat_id)
    if answer.card is not None and actor is not None and _ask(bot, said, answer.card, actor):
        return
    db.session.commit()
    senders.say(to, said, answer.text, public=answer.public)


def _ask(bot: Bot, said: Incoming, task_id: int, actor: Developer) -> bool:
    """Post the card of the task's question, unless the chat has it. Returns whether it was
    posted.
    """
    task = queries.get(actor, task_id)
    gate = gates.open_gate(task) if task.status in rules.LIVE else None
    if gate is None:
        return False
    to, card = address(bot, said.chat_id), cards.message(task, gate, progress(task))
    # A private chat is addressed by the person, not by the chat's own id.
    alone = said.private and said.response_url is None
    chat_id, person_id = (said.user_id, actor.id) if alone else (said.chat_id, None)
    try:
        taken = question_cards.take(bot, chat_id, person_id, gate, clock.now())
    except question_cards.AskedThere:
        return False
    db.session.commit()
    try:
        ref = senders.send(to, card, allowed_hosts=frozenset())
    except (DeliveryRefused, TryAgain) as error:
        if taken is not None:
            taken.failed(error.words, clock.now())
        if isinstance(error, TryAgain):
            raise
        # For example, the bot is not in the chat; the reply to a slash command arrives all the
        # same.
        log.info("chat_card_refused", bot=bot.id)
        return False
    if taken is not None:
        taken.posted(ref, clock.now())
    return True
