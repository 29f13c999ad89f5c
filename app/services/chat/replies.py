"""Bot replies in chats."""

import structlog

from app.chat import senders
from app.chat.incoming_events import IncomingEvent
from app.chat.messages import Address, DeliveryRefused, RetryLater
from app.domain import task as rules
from app.extensions import db
from app.models import Bot, Developer
from app.services import clock, encryption
from app.services.chat import cards, question_cards
from app.services.chat.command_handlers import Reply
from app.services.tasks import gates, queries

log = structlog.get_logger(__name__)


def decrypt_address(bot: Bot, chat_id: str) -> Address:
    """Return the chat's address, with the bot's decrypted credentials. Raises
    encryption.KeyMissing.
    """

    def decrypt(sealed: str | None) -> str | None:
        return None if sealed is None else encryption.decrypt(sealed)

    return Address(
        bot.platform, bot.app_id, decrypt(bot.app_secret), decrypt(bot.webhook_token), chat_id
    )


def send_reply(bot: Bot, incoming: IncomingEvent, answer: Reply, actor: Developer | None) -> None:
    """Send the reply to the chat of the event. Commits before, so that no connection is held.

    Raises DeliveryRefused, RetryLater.
    """
    to = decrypt_address(bot, incoming.chat_id)
    if (
        answer.card is not None
        and actor is not None
        and _post_question_card(bot, incoming, answer.card, actor)
    ):
        return
    db.session.commit()
    senders.reply(to, incoming, answer.text, public=answer.public)


def _post_question_card(bot: Bot, incoming: IncomingEvent, task_id: int, actor: Developer) -> bool:
    """Post the card of the task's question, unless the chat has it. Returns whether it was
    posted.
    """
    task = queries.get(actor, task_id)
    gate = gates.find_open_gate(task) if task.status in rules.LIVE else None
    if gate is None:
        return False
    to, card = (
        decrypt_address(bot, incoming.chat_id),
        cards.build_card(task, gate),
    )
    # A private chat is addressed by the person, not by the chat's own ID.
    alone = incoming.private and incoming.response_url is None
    chat_id, person_id = (incoming.user_id, actor.id) if alone else (incoming.chat_id, None)
    try:
        taken = question_cards.claim(bot, chat_id, person_id, gate, clock.now())
    except question_cards.AlreadyPosted:
        return False
    db.session.commit()
    try:
        ref = senders.send(to, card, allowed_hosts=frozenset())
    except (DeliveryRefused, RetryLater) as error:
        if taken is not None:
            taken.mark_failed(error.reason, clock.now())
        if isinstance(error, RetryLater):
            raise
        # For example, the bot isn't in the chat; the reply to a slash command still arrives.
        log.info("chat_card_refused", bot=bot.id)
        return False
    if taken is not None:
        taken.mark_posted(ref, clock.now())
    return True
