"""The servers that one knows."""

from typing import Any

import click

from muster.cli import profiles, tokens
from muster.cli.context import Muster, pass_muster
from muster.cli.output import OutputSpec, column, info, outputs

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
    empty_message="You know no server yet: muster login --server https://muster.example",
)


@click.group
def config() -> None:
    """The servers that you know, by name."""


@config.command("list")
@pass_muster
@outputs(PROFILES)
def list_(muster: Muster) -> list[dict[str, Any]]:
    """Your profiles: what each is called, where it is, and where its tokens are kept."""
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
    """Have that profile count where nothing else is said."""
    from dataclasses import replace

    profile = muster.config.find_profile(name)
    with tokens.lock_tokens():
        profiles.write_config(replace(profiles.read_config(), current=profile.name))
    info(f"{profile.name} it is: {profile.server}")


@config.command
def path() -> None:
    """Where the file of profiles is."""
    click.echo(profiles.config_path())
