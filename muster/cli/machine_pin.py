"""`muster machine pin` and `unpin`: keep a machine's release, or follow the server's."""

from typing import Any

import click

from muster.cli import machine_upgrade, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.machines import MACHINES, find_machine
from muster.cli.output import info, outputs

_machine_argument = click.argument("name", metavar="MACHINE")


@click.command
@_machine_argument
@pass_muster
@outputs(MACHINES)
def pin(muster: Muster, name: str) -> dict[str, Any]:
    """Keep a machine on its release, even if the server's changes."""
    return _set_pinned(muster, name, pinned=True)


@click.command
@_machine_argument
@pass_muster
@outputs(MACHINES)
def unpin(muster: Muster, name: str) -> dict[str, Any]:
    """Let a machine follow the server's release again, as the setting machineUpgrades defines."""
    return _set_pinned(muster, name, pinned=False)


def _set_pinned(muster: Muster, name: str, *, pinned: bool) -> dict[str, Any]:
    machine = find_machine(muster.api, name)
    body = {"pinned": pinned}
    changed = dict(muster.api.put(f"/api/admin/machines/{machine['id']}", body))
    if upgrade := machine_upgrade.upgrade_text(changed):
        info(f"{text_format.one_line(changed['name'])}: {upgrade}")
    return changed
