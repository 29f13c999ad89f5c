"""The platforms of tests/app/chat, for what people do in them."""

from tests.app.chat.conftest import lark, lark_bot, sent, slack, slack_bot, tell, work

__all__ = ["lark", "lark_bot", "sent", "slack", "slack_bot", "tell", "work"]
