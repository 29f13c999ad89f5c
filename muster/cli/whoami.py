"""`muster whoami`: your account and server."""

from collections.abc import Callable
from typing import Any

import click

from muster.cli.context import Muster, pass_muster
from muster.cli.output import OutputSpec, outputs, print_facts

PROFILE = OutputSpec(
    (
        "id",
        "name",
        "role",
        "gitName",
        "gitEmail",
        "totpEnabled",
        "platformUid",
        "createdAt",
        "server",
    ),
)


@click.command
@pass_muster
@outputs(PROFILE)
def whoami(muster: Muster) -> tuple[dict[str, Any], Callable[[], None]]:
    """Show your account and server."""
    who = {**muster.api.get("/api/web/profile"), "server": muster.profile.server}

    def show() -> None:
        print_facts(
            [
                ("name", who.get("name")),
                ("role", who.get("role")),
                ("server", who["server"]),
                ("profile", muster.profile.name),
                ("commits as", f"{who.get('gitName')} <{who.get('gitEmail')}>"),
                ("second factor", who.get("totpEnabled")),
                ("chat account", who.get("platformUid")),
            ]
        )

    return who, show
