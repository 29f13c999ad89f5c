"""`muster machine`: how machines are, making one, and taking them out of work."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

SHOW, CREATE, CHANGE = "Look", "Make one", "Change one"

COMMANDS = {
    "list": LazyCommand("machines:list_", "Machines, and how they are.", SHOW),
    "show": LazyCommand("machines:show", "All that is known of a machine.", SHOW),
    "tasks": LazyCommand("machines:tasks", "Tasks whose latest attempt is there.", SHOW),
    "add": LazyCommand("machine_add:add", "A line that makes a host a machine.", CREATE),
    "drain": LazyCommand(
        "machines:drain", "Give it no new task, and move what can be moved.", CHANGE
    ),
    "undrain": LazyCommand("machines:undrain", "Have it take tasks again.", CHANGE),
    "pin": LazyCommand("machine_pin:pin", "Have it keep its release.", CHANGE),
    "unpin": LazyCommand("machine_pin:unpin", "Have it take the server's release again.", CHANGE),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def machine() -> None:
    """Machines: how they are, making one, taking one out."""
