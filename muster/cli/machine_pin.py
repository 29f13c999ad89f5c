"""`muster machine pin` and `unpin`: keep a machine's release, or follow the server's."""

import click

from muster.cli import machine_upgrade
from muster.cli.context import Muster, pass_muster
from muster.cli.machines import MACHINES, find_machine
from muster.cli.output import outputs, report_action

_machine_argument = click.argument("name", metavar="MACHINE")


@click.command
@_machine_argument
@pass_muster
@outputs(MACHINES)
def pin(muster: Muster, name: str) -> object:
    """Keep a machine on its release, even if the server's changes."""
    return _set_pinned(muster, name, pinned=True)


@click.command
@_machine_argument
@pass_muster
@outputs(MACHINES)
def unpin(muster: Muster, name: str) -> object:
    """Let a machine follow the server's release again, as the setting machineUpgrades defines."""
    return _set_pinned(muster, name, pinned=False)


def _set_pinned(muster: Muster, name: str, *, pinned: bool) -> object:
    machine = find_machine(muster.api, name)
    body = {"pinned": pinned}
    changed = dict(muster.api.put(f"/api/admin/machines/{machine['id']}", body))
    upgrade = machine_upgrade.upgrade_text(changed)
    kept = "keeps its release" if pinned else "follows the server's release"
    report_action(f"{changed['name']} {kept}{f': {upgrade}' if upgrade and not pinned else ''}.")
    return changed, lambda: None
