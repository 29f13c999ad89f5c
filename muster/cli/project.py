"""`muster project`: what projects are, and who is in them."""

import click

from muster.cli.lazy import Noun, Nouns

LOOK, CHANGE, PEOPLE = "Look", "Change", "People"

VERBS = {
    "list": Noun("projects:list_", "Projects that you see.", LOOK),
    "show": Noun("projects:show", "All that is known of a project, or a file to apply.", LOOK),
    "budget": Noun("projects:budget", "What it may use this month, and has used.", LOOK),
    "rehearse": Noun("projects:rehearse", "What each stage would run for a task.", LOOK),
    "apply": Noun("project_apply:apply", "Make a project what a file says.", CHANGE),
    "allow": Noun("projects:allow", "Let its stages reach a host.", CHANGE),
    "destroy-secrets": Noun("projects:destroy_secrets", "Destroy all of its secrets.", CHANGE),
    "members": Noun("projects:members", "Who is in it.", PEOPLE),
    "add-member": Noun("projects:add_member", "Let somebody in, or change their role.", PEOPLE),
    "remove-member": Noun("projects:remove_member", "Take somebody out.", PEOPLE),
    "developers": Noun("projects:developers", "Whom one may add.", PEOPLE),
}


@click.group(cls=Nouns, nouns=VERBS)
def project() -> None:
    """Projects: what they are, and who is in them."""
