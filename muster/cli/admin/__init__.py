"""`muster admin`: what admins do."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

PEOPLE, WORK, SERVER = "People", "Projects and machines", "The server"

COMMANDS = {
    "developers": LazyCommand("admin.accounts:developers", "Accounts.", PEOPLE),
    "identities": LazyCommand(
        "admin.accounts:identities", "Who accounts are at providers.", PEOPLE
    ),
    "providers": LazyCommand("admin.accounts:providers", "Providers of single sign-on.", PEOPLE),
    "projects": LazyCommand("admin.projects_and_machines:projects", "All projects.", WORK),
    "machines": LazyCommand(
        "admin.projects_and_machines:machines", "Machines: names, slots, labels, the end.", WORK
    ),
    "tokens": LazyCommand(
        "admin.projects_and_machines:tokens", "Tokens that let machines in.", WORK
    ),
    "bots": LazyCommand("admin.bots:bots", "Bots, and the chats that they speak in.", SERVER),
    "deliveries": LazyCommand(
        "admin.bots:deliveries", "What was said to chats, or could not be.", SERVER
    ),
    "audit": LazyCommand("admin.server:audit", "Who has done what.", SERVER),
    "settings": LazyCommand("admin.server:settings", "How the server behaves.", SERVER),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def admin() -> None:
    """What admins do: accounts, tokens, bots, settings."""
