"""`muster admin`: commands for admins."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

PEOPLE, WORK, SERVER = "Accounts", "Projects and machines", "Server"

COMMANDS = {
    "developers": LazyCommand("admin.accounts:developers", "Manage accounts.", PEOPLE),
    "identities": LazyCommand(
        "admin.accounts:identities", "Link accounts to identities at providers.", PEOPLE
    ),
    "providers": LazyCommand(
        "admin.accounts:providers", "Manage single sign-on providers.", PEOPLE
    ),
    "projects": LazyCommand("admin.projects_and_machines:projects", "Manage all projects.", WORK),
    "machines": LazyCommand(
        "admin.projects_and_machines:machines", "Rename, configure and decommission machines.", WORK
    ),
    "tokens": LazyCommand("admin.projects_and_machines:tokens", "Manage enrollment tokens.", WORK),
    "bots": LazyCommand("admin.bots:bots", "Manage bots and their chats.", SERVER),
    "deliveries": LazyCommand("admin.bots:deliveries", "List and retry chat deliveries.", SERVER),
    "audit": LazyCommand("admin.server:audit", "Show the audit log.", SERVER),
    "settings": LazyCommand("admin.server:settings", "Show and change server settings.", SERVER),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def admin() -> None:
    """Administer accounts, tokens, bots and settings."""
