"""`muster project`: projects and their members."""

import click

from muster.cli.lazy import LazyCommand, LazyGroup

SHOW, CHANGE, PEOPLE = "View", "Change", "Members"

COMMANDS = {
    "list": LazyCommand("projects:list_", "List your projects.", SHOW),
    "show": LazyCommand(
        "projects:show", "Show a project's details, or print it as a file to apply.", SHOW
    ),
    "budget": LazyCommand("projects:budget", "Show a project's budget and usage this month.", SHOW),
    "check": LazyCommand(
        "project_check:check", "Check a project's repository, branch and agent.", SHOW
    ),
    "dry-run": LazyCommand("projects:dry_run", "Show what each stage would run for a task.", SHOW),
    "apply": LazyCommand("project_apply:apply", "Create or update a project from a file.", CHANGE),
    "archive": LazyCommand("projects:archive", "Stop new work in a project.", CHANGE),
    "unarchive": LazyCommand("projects:unarchive", "Allow new work in a project again.", CHANGE),
    "allow": LazyCommand("projects:allow", "Allow a project's stages to reach a host.", CHANGE),
    "deploy-key": LazyCommand(
        "projects:deploy_key", "Show or generate a project's SSH key.", CHANGE
    ),
    "destroy-secrets": LazyCommand(
        "projects:destroy_secrets", "Destroy all of a project's secrets.", CHANGE
    ),
    "members": LazyCommand("projects:members", "List members.", PEOPLE),
    "add-member": LazyCommand("projects:add_member", "Add a member or change their role.", PEOPLE),
    "remove-member": LazyCommand("projects:remove_member", "Remove a member.", PEOPLE),
    "developers": LazyCommand("projects:developers", "List developers you can add.", PEOPLE),
}


@click.group(cls=LazyGroup, nouns=COMMANDS)
def project() -> None:
    """Manage projects and their members."""
