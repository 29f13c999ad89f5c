"""Events from Slack and Lark: checked, stored, and answered within their limit of three seconds."""

from typing import Any

from flask import request

from app.api.blueprint import Blueprint
from app.api.problems import problems
from app.api.schemas.webhook import WebhookReply
from app.domain.errors import Unauthenticated
from app.services import clock
from app.services.chat import events

blp = Blueprint(
    "webhook", __name__, url_prefix="/webhook", description="Webhooks for chat platforms"
)


@blp.post("/slack/events")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_slack_event() -> dict[str, Any]:
    """Receive Slack's Events API: messages to the bot. Signed by Slack; answers the handshake."""
    return _receive_from_slack(form=False)


@blp.post("/slack/interact")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_slack_interaction() -> dict[str, Any]:
    """Receive Slack's interactivity: buttons, menus and dialogs. A form, signed by Slack."""
    _receive_from_slack(form=True)
    return {"response_action": "clear"}  # closes a dialog; no effect for anything else


@blp.post("/slack/commands")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_slack_command() -> dict[str, Any]:
    """Receive Slack's slash commands, as a form signed by Slack. The reply is sent later."""
    _receive_from_slack(form=True)
    return {"response_type": "ephemeral", "text": "Working on it."}


@blp.post("/lark")
@blp.response(200, WebhookReply)
@problems(blp, Unauthenticated, 413)
def receive_lark_event() -> dict[str, Any]:
    """Receive Lark's events and card callbacks, encrypted and signed if the app has an encrypt
    key.
    """
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
