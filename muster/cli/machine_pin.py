"""Having a machine keep the release that it runs, or let go of it."""

from typing import Any

import click

from muster.cli import machine_upgrade, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.machines import MACHINES, found
from muster.cli.output import prints, say

_machine = click.argument("name", metavar="MACHINE")


@click.command
@_machine
@pass_muster
@prints(MACHINES)
def pin(muster: Muster, name: str) -> dict[str, Any]:
    """Have it keep the release that it runs, whatever the server's is."""
    return _changed(muster, name, pinned=True)


@click.command
@_machine
@pass_muster
@prints(MACHINES)
def unpin(muster: Muster, name: str) -> dict[str, Any]:
    """Have it take the server's release again, as the setting machineUpgrades says."""
    return _changed(muster, name, pinned=False)


def _changed(muster: Muster, name: str, *, pinned: bool) -> dict[str, Any]:
    machine = found(muster.api, name)
    body = {"pinned": pinned}
    changed = dict(muster.api.put(f"/api/admin/machines/{machine['id']}", body))
    if upgrade := machine_upgrade.told(changed):
        say(f"{text_format.one_line(changed['name'])}: {upgrade}")
    return changed
