"""Chat events and chat tokens."""

from datetime import timedelta
from typing import Any

from app.chat.incoming_events import IncomingEvent, Intent
from app.domain.tokens import TokenKind, digest
from app.models import Bot, ChatEvent, ChatToken, Developer
from app.services.accounts import tokens
from tests.factories.bots import make_bot
from tests.factories.rows import now, numbers, stored


def make_chat_event(bot: Bot | None = None, **fields: Any) -> ChatEvent:
    """A chat event with the command `help`, not carried out yet."""
    event = IncomingEvent(f"E{next(numbers)}", "U1", "C1", True, Intent.COMMAND, "help")
    defaults = {
        "bot_id": (bot or make_bot()).id,
        "event_id": event.event_id,
        "payload": event.to_json(),
        "received_at": now(),
        "due_at": now(),
    }
    return stored(ChatEvent, defaults, fields)


def make_chat_token(developer: Developer, **fields: Any) -> tuple[ChatToken, str]:
    """An unused chat token, and its secret."""
    secret = tokens.generate(TokenKind.CHAT)
    defaults = {
        "developer_id": developer.id,
        "digest": digest(secret),
        "created_at": now(),
        "expires_at": now() + timedelta(minutes=10),
    }
    return stored(ChatToken, defaults, fields), secret
