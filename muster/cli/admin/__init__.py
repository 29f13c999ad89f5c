"""`muster admin`: what admins do."""

import click

from muster.cli.lazy import Noun, Nouns

WHO, WORK, SERVER = "People", "Projects and machines", "The server"

NOUNS = {
    "developers": Noun("admin.accounts:developers", "Accounts.", WHO),
    "identities": Noun("admin.accounts:identities", "Who accounts are at providers.", WHO),
    "providers": Noun("admin.accounts:providers", "Providers of single sign-on.", WHO),
    "projects": Noun("admin.projects_and_machines:projects", "All projects.", WORK),
    "machines": Noun(
        "admin.projects_and_machines:machines", "Machines: names, slots, labels, the end.", WORK
    ),
    "tokens": Noun("admin.projects_and_machines:tokens", "Tokens that let machines in.", WORK),
    "bots": Noun("admin.bots:bots", "Bots, and the chats that they speak in.", SERVER),
    "deliveries": Noun("admin.bots:deliveries", "What was said to chats, or could not be.", SERVER),
    "audit": Noun("admin.server:audit", "Who has done what.", SERVER),
    "settings": Noun("admin.server:settings", "How the server behaves.", SERVER),
}


@click.group(cls=Nouns, nouns=NOUNS)
def admin() -> None:
    """What admins do: accounts, tokens, bots, settings."""
