"""Events from Slack and Lark: checked, stored, and answered within the three seconds they allow."""

from typing import Any

from flask import request

from app.api.blueprint import Blueprint
from app.api.problems import problems
from app.api.schemas.webhook import Heard
from app.domain.errors import Unauthenticated
from app.services import clock
from app.services.chat import events

blp = Blueprint("webhook", __name__, url_prefix="/webhook", description="What chat platforms post")


@blp.post("/slack/events")
@blp.response(200, Heard)
@problems(blp, Unauthenticated, 413)
def hear_slack_event() -> dict[str, Any]:
    """Slack's Events API: messages to the bot. Signed by Slack; the handshake is answered."""
    return _from_slack(form=False)


@blp.post("/slack/interact")
@blp.response(200, Heard)
@problems(blp, Unauthenticated, 413)
def hear_slack_interaction() -> dict[str, Any]:
    """Slack's interactivity: buttons, menus and dialogs. A form, signed by Slack."""
    _from_slack(form=True)
    return {"response_action": "clear"}  # closes a dialog; for anything else it has no effect


@blp.post("/slack/commands")
@blp.response(200, Heard)
@problems(blp, Unauthenticated, 413)
def hear_slack_command() -> dict[str, Any]:
    """Slack's slash commands. A form, signed by Slack; the answer comes later."""
    _from_slack(form=True)
    return {"response_type": "ephemeral", "text": "On it."}


@blp.post("/lark")
@blp.response(200, Heard)
@problems(blp, Unauthenticated, 413)
def hear_lark() -> dict[str, Any]:
    """Lark's events and card callbacks, encrypted and signed where the app has an encrypt key."""
    return _challenged(events.from_lark(dict(request.headers), request.get_data(), clock.now()))


def _from_slack(*, form: bool) -> dict[str, Any]:
    body = request.get_data()  # unparsed, because its bytes were signed
    return _challenged(events.from_slack(dict(request.headers), body, clock.now(), form=form))


def _challenged(challenge: str | None) -> dict[str, Any]:
    return {} if challenge is None else {"challenge": challenge}
