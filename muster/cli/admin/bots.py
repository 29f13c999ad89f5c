"""Bots and their deliveries."""

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.output import OutputSpec, age_column, column, outputs
from muster.cli.request_commands import Option, action_command, group, list_command

BOTS = OutputSpec(
    fields.BOT,
    (
        column("ID", "id", is_number=True),
        column("PLATFORM"),
        column("NAME", stretches=True),
        column("APP", "appId"),
        column("AUDIT LOG", "auditLog"),
        age_column("AGE", "createdAt"),
    ),
    empty_message="No bots. Create one: muster admin bots create",
)
TEST_RESULT = OutputSpec(
    fields.BOT_TEST_RESULT,
    (column("SENT"), column("DETAIL", stretches=True), column("ADVICE")),
    id_field="sent",
)
BINDINGS = OutputSpec(
    fields.BOT_BINDING,
    (
        column("ID", "id", is_number=True),
        column("BOT", "botName"),
        column("CHAT", "chatName"),
        column("CHAT ID", "platformChatId"),
        column("PROJECT", "projectKey"),
        age_column("AGE", "createdAt"),
    ),
    empty_message="No bound chats. Bind one: muster admin bots bind",
)
BINDING = OutputSpec(fields.BINDING, BINDINGS.columns[:1] + BINDINGS.columns[2:])
DELIVERIES = OutputSpec(
    fields.DELIVERY,
    (
        column("ID", "id", is_number=True),
        column("STATE"),
        column("KIND"),
        column("TASK", "taskId", is_number=True),
        column("BOT", "botName"),
        column("ATTEMPTS", "attempts", is_number=True),
        column("ERROR", stretches=True),
        age_column("AGE", "createdAt"),
    ),
    empty_message="No matching deliveries.",
)

_SECRETS = "Read secrets from files: -F appSecret=@FILE."


@click.command("bindings")
@click.option("--bot", type=int, help="Filter by bot.")
@pass_muster
@outputs(BINDINGS)
def bindings(muster: Muster, bot: int | None) -> object:
    """List bound chats and their projects."""
    if bot is None:
        return muster.api.items("/api/admin/bots/all-bindings")
    bound = list(muster.api.items(f"/api/admin/bots/{bot}/bindings"))
    its = next(at for at in muster.api.items("/api/admin/bots") if at["id"] == bot)
    beside = {"botId": bot, "botName": its["name"], "platform": its["platform"]}
    return [{**each, **beside} for each in bound]


bots = group(
    "bots",
    "Manage bots and their chats.",
    [
        list_command("list", "/api/admin/bots", "List all bots.", BOTS),
        action_command(
            "create",
            "POST /api/admin/bots",
            f"Create a bot. {_SECRETS}",
            BOTS,
            Option(
                "platform",
                "Chat platform.",
                kind=click.Choice(["slack", "lark", "apprise", "webhook"]),
                is_required=True,
            ),
            Option("name", "Bot name.", is_required=True),
            free=True,
            done="Created the bot {name} (ID {id}).",
        ),
        action_command(
            "update",
            "PUT /api/admin/bots/{bot}",
            f"Change a bot. {_SECRETS}",
            BOTS,
            free=True,
            done="Changed the bot {name}.",
        ),
        action_command(
            "delete",
            "DELETE /api/admin/bots/{bot}",
            "Delete a bot.",
            None,
            question="Delete bot {bot}, its bindings and its unsent messages?",
            done="Deleted bot {bot}.",
        ),
        action_command(
            "test",
            "POST /api/admin/bots/{bot}/test",
            "Send a test message.",
            TEST_RESULT,
            Option("chat-id", "Chat to send the message to."),
            done="Tested bot {bot}: {detail}",
        ),
        bindings,
        action_command(
            "bind",
            "POST /api/admin/bots/{bot}/bindings",
            "Bind a chat to a project.",
            BINDING,
            Option("chat", "Chat ID on the platform.", "platformChatId", is_required=True),
            Option("project", "Project key.", "projectKey", is_required=True),
            Option("chat-name", "Chat name to show in Muster."),
            done="Bound {chat} to {project}.",
        ),
        action_command(
            "unbind",
            "DELETE /api/admin/bots/{bot}/bindings",
            "Unbind a chat.",
            None,
            Option("binding-id", "Binding ID.", kind=int, is_required=True),
            done="Unbound the chat of binding {binding_id}.",
        ),
    ],
)
deliveries = group(
    "deliveries",
    "List and retry chat deliveries.",
    [
        list_command(
            "list",
            "/api/admin/deliveries",
            "List chat deliveries.",
            DELIVERIES,
            Option("state", "Filter by state: pending, sending, sent or dead."),
            Option("bot", "Filter by bot.", "botId", kind=int),
        ),
        action_command(
            "retry",
            "POST /api/admin/deliveries/{delivery}/retry",
            "Retry a failed delivery.",
            DELIVERIES,
            done="Queued delivery {delivery} again.",
        ),
    ],
)
