"""`muster machine`: list, add, drain and upgrade machines."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

SHOW, CREATE, CHANGE = "View", "Add", "Change"

COMMANDS = {
    "list": LazyCommand("machines:list_", "List machines and their status.", SHOW),
    "show": LazyCommand("machines:show", "Show a machine's details.", SHOW),
    "tasks": LazyCommand(
        "machines:tasks", "List tasks whose latest attempt is on a machine.", SHOW
    ),
    "add": LazyCommand("machine_add:add", "Print a command that adds a host as a machine.", CREATE),
    "drain": LazyCommand(
        "machines:drain",
        "Stop assigning tasks to a machine, and move the ones that can be moved.",
        CHANGE,
    ),
    "undrain": LazyCommand("machines:undrain", "Let a drained machine accept tasks again.", CHANGE),
    "pin": LazyCommand("machine_pin:pin", "Keep a machine on its release.", CHANGE),
    "unpin": LazyCommand(
        "machine_pin:unpin", "Let a machine follow the server's release again.", CHANGE
    ),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def machine() -> None:
    """List, add, drain and upgrade machines."""
