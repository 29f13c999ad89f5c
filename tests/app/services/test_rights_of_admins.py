"""What is the admins' business is asked where it is done, whatever guards the way there."""

import uuid
from collections.abc import Callable

import pytest
from flask import Flask

from app.domain.chat import BotPlatform
from app.domain.errors import Forbidden
from app.domain.roles import SystemRole
from app.models import Developer
from app.services.accounts import account_admin, developers, invitations
from app.services.machines import enrollment_tokens, machine_admin
from app.services.notify import bindings, bots
from app.services.project_deletion import deletion as project_removal
from app.services.projects import projects
from tests.factories import PASSWORD, make_developer

NOWHERE = uuid.UUID(int=7)
ACCOUNT = {"name": "new", "password": PASSWORD, "git_name": "N", "git_email": "n@example.org"}

# None of what they name exists: the right is asked before anything is looked for.
ACTS: dict[str, Callable[[Developer], object]] = {
    "accounts.update": lambda actor: account_admin.update(actor, 0, disabled=True),
    "accounts.reset_second_factor": lambda actor: account_admin.reset_second_factor(actor, 0),
    "developers.create": lambda actor: developers.create(
        actor, role=SystemRole.DEVELOPER, **ACCOUNT
    ),
    "fleet.change": lambda actor: machine_admin.update_machine(actor, NOWHERE, slots=1),
    "fleet.decommission": lambda actor: machine_admin.decommission(actor, NOWHERE),
    "projects.create": lambda actor: projects.create(
        actor, key="NEW", repo_url="https://h/x", agent_type="claude"
    ),
    "project_removal.delete": lambda actor: project_removal.delete(actor, "NONE"),
    "enrollment_tokens.create": lambda actor: enrollment_tokens.create(actor),
    "enrollment_tokens.listing": lambda actor: enrollment_tokens.listing(actor),
    "enrollment_tokens.get": lambda actor: enrollment_tokens.get(actor, 0),
    "enrollment_tokens.revoke": lambda actor: enrollment_tokens.revoke(actor, 0),
    "invitations.create": lambda actor: invitations.create(
        actor, NOWHERE, role=SystemRole.DEVELOPER
    ),
    "invitations.listing": lambda actor: invitations.listing(actor),
    "invitations.withdraw": lambda actor: invitations.withdraw(actor, 0),
    "bots.create": lambda actor: bots.create(actor, platform=BotPlatform.SLACK, name="x"),
    "bots.listing": lambda actor: bots.listing(actor),
    "bots.delete": lambda actor: bots.delete(actor, 0),
    "bindings.listing": lambda actor: bindings.listing(actor, 0),
}


@pytest.mark.parametrize("role", [SystemRole.DEVELOPER, SystemRole.LEAD])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_only_admins_get_through(
    app: Flask, act: Callable[[Developer], object], role: SystemRole
) -> None:
    with pytest.raises(Forbidden):
        act(make_developer(role=role))
