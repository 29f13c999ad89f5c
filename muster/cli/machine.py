"""`muster machine`: how machines are, making one, and taking them out of work."""

import click

from muster.cli.lazy import Noun, Nouns

LOOK, NEW, CHANGE = "Look", "Make one", "Change one"

VERBS = {
    "list": Noun("machines:list_", "Machines, and how they are.", LOOK),
    "show": Noun("machines:show", "All that is known of a machine.", LOOK),
    "tasks": Noun("machines:tasks", "Tasks whose latest attempt is there.", LOOK),
    "add": Noun("machine_add:add", "A line that makes a host a machine.", NEW),
    "drain": Noun("machines:drain", "Give it no new task, and move what can be moved.", CHANGE),
    "undrain": Noun("machines:undrain", "Have it take tasks again.", CHANGE),
    "pin": Noun("machine_pin:pin", "Have it keep its release.", CHANGE),
    "unpin": Noun("machine_pin:unpin", "Have it take the server's release again.", CHANGE),
}


@click.group(cls=Nouns, nouns=VERBS)
def machine() -> None:
    """Machines: how they are, making one, taking one out."""
