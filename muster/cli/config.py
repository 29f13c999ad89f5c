"""`muster config`: profiles of servers."""

from typing import Any

import click

from muster.cli import profiles, tokens
from muster.cli.context import Muster, pass_muster
from muster.cli.output import OutputSpec, column, outputs, report_action

PROFILES = OutputSpec(
    ("name", "server", "user", "tokens", "caFile", "current"),
    (
        column("NAME"),
        column("SERVER"),
        column("USER"),
        column("TOKENS"),
        column("CURRENT"),
    ),
    id_field="name",
    empty_message="No profiles yet. Sign in: muster login --server https://muster.example",
)


@click.group
def config() -> None:
    """List and switch server profiles."""


@config.command("list")
@pass_muster
@outputs(PROFILES)
def list_(muster: Muster) -> list[dict[str, Any]]:
    """List your profiles: name, server and where the tokens are stored."""
    return [
        {
            "name": profile.name,
            "server": profile.server,
            "user": profile.user,
            "tokens": profile.tokens,
            "caFile": profile.ca_file or None,
            "current": profile.name == muster.config.current,
        }
        for profile in muster.config.profiles.values()
    ]


@config.command
@click.argument("name")
@pass_muster
def use(muster: Muster, name: str) -> None:
    """Set the default profile."""
    from dataclasses import replace

    profile = muster.config.find_profile(name)
    with tokens.lock_tokens():
        profiles.write_config(replace(profiles.read_config(), current=profile.name))
    report_action(f"The default profile is {profile.name} ({profile.server}).")


@config.command
def path() -> None:
    """Print the path of the profiles file."""
    click.echo(profiles.config_path())
