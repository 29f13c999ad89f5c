"""Events from Slack and Lark: checked, stored, and answered within the three seconds they allow."""

from typing import Any

from flask import request

from app.api.blueprint import Blueprint
from app.api.problems import problems
from app.api.schemas.webhook import WebhookReply
from app.domain.errors import Unauthenticated
from app.services import clock
from app.services.chat import events

blp = Blueprint("webhook", __name__, url_prefix="/webhook", description="What chat platforms post")


@blp.post("/slack/events")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_slack_event() -> dict[str, Any]:
    """Slack's Events API: messages to the bot. Signed by Slack; the handshake is answered."""
    return _receive_from_slack(form=False)


@blp.post("/slack/interact")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_slack_interaction() -> dict[str, Any]:
    """Slack's interactivity: buttons, menus and dialogs. A form, signed by Slack."""
    _receive_from_slack(form=True)
    return {"response_action": "clear"}  # closes a dialog; for anything else it has no effect


@blp.post("/slack/commands")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_slack_command() -> dict[str, Any]:
    """Slack's slash commands. A form, signed by Slack; the answer comes later."""
    _receive_from_slack(form=True)
    return {"response_type": "ephemeral", "text": "On it."}


@blp.post("/lark")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_lark_event() -> dict[str, Any]:
    """Lark's events and card callbacks, encrypted and signed where the app has an encrypt key."""
    return _challenge_response(
        events.store_lark_event(dict(request.headers), request.get_data(), clock.now())
    )


def _receive_from_slack(*, form: bool) -> dict[str, Any]:
    body = request.get_data()  # unparsed, because its bytes were signed
    return _challenge_response(
        events.store_slack_event(dict(request.headers), body, clock.now(), form=form)
    )


def _challenge_response(challenge: str | None) -> dict[str, Any]:
    return {} if challenge is None else {"challenge": challenge}
