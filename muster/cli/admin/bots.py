"""Bots, and what they have said."""

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
    empty_message="There is no bot: muster admin bots create makes one.",
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
    empty_message="No chat is bound: muster admin bots bind does it.",
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
    empty_message="There is no such message.",
)

_SECRETS = "Secrets as -F appSecret=@FILE are read from that file."


@click.command("bindings")
@click.option("--bot", type=int, help="Of that bot alone.")
@pass_muster
@outputs(BINDINGS)
def bindings(muster: Muster, bot: int | None) -> object:
    """The chats that bots speak in, and of which projects."""
    if bot is None:
        return muster.api.items("/api/admin/bots/all-bindings")
    bound = list(muster.api.items(f"/api/admin/bots/{bot}/bindings"))
    its = next(at for at in muster.api.items("/api/admin/bots") if at["id"] == bot)
    beside = {"botId": bot, "botName": its["name"], "platform": its["platform"]}
    return [{**each, **beside} for each in bound]


bots = group(
    "bots",
    "Bots, and the chats that they speak in.",
    [
        list_command("list", "/api/admin/bots", "All bots.", BOTS),
        action_command(
            "create",
            "POST /api/admin/bots",
            f"Make a bot. {_SECRETS}",
            BOTS,
            Option(
                "platform",
                "Where it is.",
                kind=click.Choice(["slack", "lark", "apprise", "webhook"]),
                is_required=True,
            ),
            Option("name", "What it is called here.", is_required=True),
            free=True,
        ),
        action_command(
            "update", "PUT /api/admin/bots/{bot}", f"Change a bot. {_SECRETS}", BOTS, free=True
        ),
        action_command(
            "delete",
            "DELETE /api/admin/bots/{bot}",
            "Delete a bot.",
            None,
            question="Delete bot {bot}, with its bindings and all that it had still to say?",
        ),
        action_command(
            "test",
            "POST /api/admin/bots/{bot}/test",
            "Say something through it.",
            TEST_RESULT,
            Option("chat-id", "In that chat."),
        ),
        bindings,
        action_command(
            "bind",
            "POST /api/admin/bots/{bot}/bindings",
            "Have it speak of a project in a chat.",
            BINDING,
            Option("chat", "The platform's id of the chat.", "platformChatId", is_required=True),
            Option("project", "Which.", "projectKey", is_required=True),
            Option("chat-name", "What the chat is called here."),
        ),
        action_command(
            "unbind",
            "DELETE /api/admin/bots/{bot}/bindings",
            "Have it be silent in a chat.",
            None,
            Option("binding-id", "Which, by its id.", kind=int, is_required=True),
        ),
    ],
)
deliveries = group(
    "deliveries",
    "What was said to chats, or could not be.",
    [
        list_command(
            "list",
            "/api/admin/deliveries",
            "Messages to chats.",
            DELIVERIES,
            Option("state", "pending, sending, sent or dead."),
            Option("bot", "Of that bot.", "botId", kind=int),
        ),
        action_command(
            "retry",
            "POST /api/admin/deliveries/{delivery}/retry",
            "Try a message again that was given up.",
            DELIVERIES,
        ),
    ],
)
