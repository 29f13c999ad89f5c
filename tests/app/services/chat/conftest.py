"""The platforms of tests/app/chat, for what people do in them."""

import pytest

from app.models import Bot, BotBinding, Developer
from tests.app.chat.conftest import lark, lark_bot, notify, sent, slack, slack_bot, work
from tests.factories import (
    make_binding,
    make_developer,
    make_project,
)

__all__ = ["lark", "lark_bot", "notify", "sent", "slack", "slack_bot", "work"]


@pytest.fixture
def ada(slack_bot: Bot) -> Developer:
    return make_developer(name="ada", platform_uid="slack:UADA")


@pytest.fixture
def bob(slack_bot: Bot) -> Developer:
    return make_developer(name="bob", platform_uid="slack:UBOB")


@pytest.fixture
def bound_channel(slack_bot: Bot, ada: Developer, bob: Developer) -> BotBinding:
    project = make_project(key="WEB", members=[ada, bob])
    return make_binding(slack_bot, project=project, platform_chat_id="CROOM")
