"""Bots, and the chats that they are bound to. (Their guard is on /api/admin.)"""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.bots import (
    BindingQuery,
    BindingSchema,
    BotBindingSchema,
    BotSchema,
    BotTest,
    BotTestResultSchema,
    BotUpdate,
    NewBinding,
    NewBot,
)
from app.domain.errors import AlreadyExists, ChatBound, SessionRequired, TooManyRequests
from app.models import Bot, BotBinding
from app.services.notify import bindings, bot_test, bots
from app.services.notify.bindings import Binding
from app.services.notify.bot_test import BotTestResult

blp = Blueprint("bots", __name__, url_prefix="/api/admin/bots", description="Bots")


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(BotSchema))
def list_bots(query: dict[str, Any]) -> dict[str, Any]:
    """List all bots, newest first, without their secrets."""
    return paginate_by_cursor(bots.listing(current_developer()), Bot.id, **query)


@blp.post("")
@blp.arguments(NewBot)
@blp.response(201, BotSchema)
@problems(blp, AlreadyExists, SessionRequired)
def create_bot(body: dict[str, Any]) -> Bot:
    """Create a bot. Not with a personal access token.

    The platform decides which credentials are required; others are rejected.
    """
    return bots.create(current_developer(), **body)


@blp.put("/<int:bot_id>")
@blp.arguments(BotUpdate)
@blp.response(200, BotSchema)
@problems(blp, AlreadyExists, SessionRequired)
def update_bot(body: dict[str, Any], bot_id: int) -> Bot:
    """Change the fields in the body. Not with a personal access token.

    A bot stays on its platform, whose requirements apply as for a new bot. null or "" removes an
    optional credential.
    """
    return bots.update(current_developer(), bot_id, **body)


@blp.delete("/<int:bot_id>")
@blp.response(200, Empty)
def delete_bot(bot_id: int) -> dict[str, Any]:
    """Delete a bot and its bindings."""
    bots.delete(current_developer(), bot_id)
    return {}


@blp.post("/<int:bot_id>/test")
@blp.arguments(BotTest)
@blp.response(200, BotTestResultSchema)
@problems(blp, TooManyRequests)
def send_test_message(body: dict[str, Any], bot_id: int) -> BotTestResult:
    """Send a test message through the bot and report the result, with advice if it failed.

    It responds within 25 s. A failed delivery isn't an error of this request.
    """
    return bot_test.send_test(current_developer(), bot_id, **body)


@blp.get("/all-bindings")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(BotBindingSchema))
def list_all_bindings(query: dict[str, Any]) -> dict[str, Any]:
    """List the chats of all bots and their projects, newest first."""
    page = paginate_by_cursor(bindings.list_all(current_developer()), BotBinding.id, **query)
    return {**page, "items": bindings.views_with_bots(page["items"])}


@blp.get("/<int:bot_id>/bindings")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(BindingSchema))
def list_bindings(query: dict[str, Any], bot_id: int) -> dict[str, Any]:
    """List the bot's chats and their projects, newest first."""
    page = paginate_by_cursor(bindings.listing(current_developer(), bot_id), BotBinding.id, **query)
    return {**page, "items": bindings.views(page["items"])}


@blp.post("/<int:bot_id>/bindings")
@blp.arguments(NewBinding)
@blp.response(201, BindingSchema)
@problems(blp, ChatBound)
def create_binding(body: dict[str, Any], bot_id: int) -> Binding:
    """Bind a chat to a project."""
    return bindings.create(current_developer(), bot_id, **body)


@blp.delete("/<int:bot_id>/bindings")
@blp.arguments(BindingQuery, location="query")
@blp.response(200, Empty)
def delete_binding(query: dict[str, Any], bot_id: int) -> dict[str, Any]:
    """Remove a binding by its ID or its chat."""
    bindings.remove(current_developer(), bot_id, **query)
    return {}
