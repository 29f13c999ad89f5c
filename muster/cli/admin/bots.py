"""Bots, and what they have said."""

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Printed, aged, column, prints
from muster.cli.request_commands import Given, act, group, listing

BOTS = Printed(
    fields.BOT,
    (
        column("ID", "id", is_number=True),
        column("PLATFORM"),
        column("NAME", stretches=True),
        column("APP", "appId"),
        column("AUDIT LOG", "auditLog"),
        aged("AGE", "createdAt"),
    ),
    nothing="There is no bot: muster admin bots create makes one.",
)
TESTED = Printed(
    fields.BOT_TESTED,
    (column("SENT"), column("DETAIL", stretches=True), column("ADVICE")),
    id="sent",
)
BINDINGS = Printed(
    fields.BINDING_OF_BOT,
    (
        column("ID", "id", is_number=True),
        column("BOT", "botName"),
        column("CHAT", "chatName"),
        column("CHAT ID", "platformChatId"),
        column("PROJECT", "projectKey"),
        aged("AGE", "createdAt"),
    ),
    nothing="No chat is bound: muster admin bots bind does it.",
)
BINDING = Printed(fields.BINDING, BINDINGS.columns[:1] + BINDINGS.columns[2:])
DELIVERIES = Printed(
    fields.DELIVERY,
    (
        column("ID", "id", is_number=True),
        column("STATE"),
        column("KIND"),
        column("TASK", "taskId", is_number=True),
        column("BOT", "botName"),
        column("TRIES", "attempts", is_number=True),
        column("ERROR", stretches=True),
        aged("AGE", "createdAt"),
    ),
    nothing="There is no such message.",
)

_SECRETS = "Secrets as -F appSecret=@FILE are read from that file."


@click.command("bindings")
@click.option("--bot", type=int, help="Of that bot alone.")
@pass_muster
@prints(BINDINGS)
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
        listing("list", "/api/admin/bots", "All bots.", BOTS),
        act(
            "create",
            "POST /api/admin/bots",
            f"Make a bot. {_SECRETS}",
            BOTS,
            Given(
                "platform",
                "Where it is.",
                kind=click.Choice(["slack", "lark", "apprise", "webhook"]),
                is_needed=True,
            ),
            Given("name", "What it is called here.", is_needed=True),
            free=True,
        ),
        act("update", "PUT /api/admin/bots/{bot}", f"Change a bot. {_SECRETS}", BOTS, free=True),
        act(
            "delete",
            "DELETE /api/admin/bots/{bot}",
            "Delete a bot.",
            None,
            question="Delete bot {bot}, with its bindings and all that it had still to say?",
        ),
        act(
            "test",
            "POST /api/admin/bots/{bot}/test",
            "Say something through it.",
            TESTED,
            Given("chat-id", "In that chat."),
        ),
        bindings,
        act(
            "bind",
            "POST /api/admin/bots/{bot}/bindings",
            "Have it speak of a project in a chat.",
            BINDING,
            Given("chat", "The platform's id of the chat.", "platformChatId", is_needed=True),
            Given("project", "Which.", "projectKey", is_needed=True),
            Given("chat-name", "What the chat is called here."),
        ),
        act(
            "unbind",
            "DELETE /api/admin/bots/{bot}/bindings",
            "Have it be silent in a chat.",
            None,
            Given("binding-id", "Which, by its id.", kind=int, is_needed=True),
        ),
    ],
)
deliveries = group(
    "deliveries",
    "What was said to chats, or could not be.",
    [
        listing(
            "list",
            "/api/admin/deliveries",
            "Messages to chats.",
            DELIVERIES,
            Given("state", "pending, sending, sent or dead."),
            Given("bot", "Of that bot.", "botId", kind=int),
        ),
        act(
            "retry",
            "POST /api/admin/deliveries/{delivery}/retry",
            "Try a message again that was given up.",
            DELIVERIES,
        ),
    ],
)
