"""`muster invitation`: invite people from a shell."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Invitation, Login
from tests.factories import make_developer, make_invitation, make_project
from tests.muster.cli.shell import Shell


@pytest.fixture
def admin_shell(shell_of: Callable[[Developer], Shell]) -> Shell:
    return shell_of(make_developer(role=SystemRole.ADMIN))


def test_the_link_is_all_that_is_printed_to_stdout(admin_shell: Shell) -> None:
    make_project(key="WEB")
    make_project(key="API")
    projects = ("-p", "WEB", "--project", "API:maintainer")
    result = admin_shell.done("invitation", "create", "--role", "lead", *projects, "--note", "Mei")
    assert result.out.startswith("http://127.0.0.1:9000/invitation#")
    assert result.out.count("\n") == 1
    assert "Its link works once" in result.err
    (made,) = admin_shell.done("invitation", "list", "--json", "role,note,state,projects").json
    assert made == {
        "role": "lead",
        "note": "Mei",
        "state": "open",
        "projects": [{"key": "WEB", "role": "member"}, {"key": "API", "role": "maintainer"}],
    }


def test_a_role_that_does_not_exist_is_a_usage_error_and_sends_nothing(admin_shell: Shell) -> None:
    result = admin_shell("invitation", "create", "-p", "WEB:owner")
    assert (result.status, admin_shell.asked) == (2, [])
    assert "Use member or maintainer" in result.err


def test_an_identity_that_is_not_confirmed_shows_the_command_that_confirms_it(
    admin_shell: Shell,
) -> None:
    db.session.execute(update(Login).values(reauthenticated_at=None))
    db.session.commit()
    result = admin_shell("invitation", "create")
    assert result.status == 3
    assert "muster profile reauthenticate" in result.err


def test_a_withdrawn_invitation_is_listed_as_withdrawn(admin_shell: Shell) -> None:
    invitation: Invitation = make_invitation(note="Bo")[0]
    refused = admin_shell("invitation", "withdraw", str(invitation.id))
    assert (refused.status, "--yes" in refused.err) == (2, True)
    admin_shell.done("invitation", "withdraw", str(invitation.id), "--yes")
    listed = admin_shell.done("invitation", "list").out
    assert "withdrawn" in listed
    assert "Bo" in listed


def test_only_admins_invite(shell_of: Callable[[Developer], Shell]) -> None:
    assert shell_of(make_developer())("invitation", "create").status == 3
