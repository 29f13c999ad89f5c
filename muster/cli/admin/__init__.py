"""`muster admin`: what admins do."""

import click

from muster.cli.lazy import Noun, Nouns

WHO, WORK, SERVER = "People", "Projects and machines", "The server"

NOUNS = {
    "developers": Noun("admin.people:developers", "Accounts.", WHO),
    "identities": Noun("admin.people:identities", "Who accounts are at providers.", WHO),
    "providers": Noun("admin.people:providers", "Providers of single sign-on.", WHO),
    "projects": Noun("admin.fleet:projects", "All projects.", WORK),
    "machines": Noun("admin.fleet:machines", "Machines: names, slots, labels, the end.", WORK),
    "tokens": Noun("admin.fleet:tokens", "Tokens that let machines in.", WORK),
    "bots": Noun("admin.chats:bots", "Bots, and the chats that they speak in.", SERVER),
    "deliveries": Noun(
        "admin.chats:deliveries", "What was said to chats, or could not be.", SERVER
    ),
    "audit": Noun("admin.server:audit", "Who has done what.", SERVER),
    "settings": Noun("admin.server:settings", "How the server behaves.", SERVER),
}


@click.group(cls=Nouns, nouns=NOUNS)
def admin() -> None:
    """What admins do: accounts, tokens, bots, settings."""
