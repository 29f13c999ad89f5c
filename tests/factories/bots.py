"""Bots and their bindings."""

from typing import Any

from app.domain.chat import BotPlatform
from app.models import Bot, BotBinding, Project
from app.services import encryption
from tests.factories.projects import make_project
from tests.factories.rows import now, numbers, stored


def make_bot(**fields: Any) -> Bot:
    """A Slack bot."""
    number = next(numbers)
    defaults = {
        "platform": BotPlatform.SLACK,
        "name": f"bot{number}",
        "app_id": f"A{number}",
        "app_secret": encryption.encrypt("xoxb-token"),
        "webhook_token": encryption.encrypt("signing secret"),
        "created_at": now(),
    }
    return stored(Bot, defaults, fields)


def make_binding(bot: Bot, *, project: Project | None = None, **fields: Any) -> BotBinding:
    """A chat of the bot, bound to the project."""
    defaults = {
        "bot_id": bot.id,
        "platform_chat_id": f"C{next(numbers)}",
        "project_id": (project or make_project()).id,
        "chat_name": "general",
        "created_at": now(),
    }
    return stored(BotBinding, defaults, fields)
