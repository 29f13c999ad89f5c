"""`muster project`: what projects are, and who is in them."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

SHOW, CHANGE, PEOPLE = "Look", "Change", "People"

COMMANDS = {
    "list": LazyCommand("projects:list_", "Projects that you see.", SHOW),
    "show": LazyCommand(
        "projects:show", "All that is known of a project, or a file to apply.", SHOW
    ),
    "budget": LazyCommand("projects:budget", "What it may use this month, and has used.", SHOW),
    "dry-run": LazyCommand("projects:dry_run", "What each stage would run for a task.", SHOW),
    "apply": LazyCommand("project_apply:apply", "Make a project what a file says.", CHANGE),
    "allow": LazyCommand("projects:allow", "Let its stages reach a host.", CHANGE),
    "destroy-secrets": LazyCommand(
        "projects:destroy_secrets", "Destroy all of its secrets.", CHANGE
    ),
    "members": LazyCommand("projects:members", "Who is in it.", PEOPLE),
    "add-member": LazyCommand(
        "projects:add_member", "Let somebody in, or change their role.", PEOPLE
    ),
    "remove-member": LazyCommand("projects:remove_member", "Take somebody out.", PEOPLE),
    "developers": LazyCommand("projects:developers", "Whom one may add.", PEOPLE),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def project() -> None:
    """Projects: what they are, and who is in them."""
