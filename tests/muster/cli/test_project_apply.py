"""A project becomes what a file says, after it was shown what that is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.models import Developer
from tests.factories import make_developer, make_project
from tests.muster.cli.shell import Shell

ShellOf = Callable[[Developer], Shell]


@pytest.fixture
def shell_of_ada(app: Flask, ada: Developer, shell_of: ShellOf) -> Shell:
    """Ada maintains the project APP, in which Grace is, too."""
    make_project(key="APP", maintainers=[ada], members=[make_developer(name="grace")])
    make_developer(name="linus")
    return shell_of(ada)


def applied(
    shell: Shell, folder: Path, text: str, *options: str, given: str = ""
) -> tuple[int, str]:
    file = folder / "project.yaml"
    file.write_text(f"key: APP\n{text}\n")
    said = shell("project", "apply", "-f", str(file), *options, given=given)
    return said.status, said.err


def test_the_difference_is_shown_and_applied(shell_of_ada: Shell, tmp_path: Path) -> None:
    text = "name: Another\npipeline: [{name: test, kind: shell, command: make}]"
    status, said = applied(shell_of_ada, tmp_path, text, "--yes")
    assert (status, "+name: Another\n" in said) == (0, True)
    shown = shell_of_ada.done("project", "show", "APP", "--json", "name,pipeline").json
    assert (shown[0]["name"], shown[0]["pipeline"][0]["command"]) == ("Another", "make")
    status, said = applied(shell_of_ada, tmp_path, text, "--yes")
    assert (status, said) == (0, "APP is as the file says: nothing to change.\n")


def test_nothing_is_changed_where_nobody_can_be_asked_or_it_is_a_rehearsal(
    shell_of_ada: Shell, tmp_path: Path
) -> None:
    for options, status in (((), 2), (("--dry-run",), 0)):
        found, said = applied(shell_of_ada, tmp_path, "name: Another", *options)
        assert found == status
        assert "+name: Another" in said
    assert {request.method for request in shell_of_ada.asked} == {"GET"}


def test_its_json_is_the_same_whether_something_changes_or_not(
    shell_of_ada: Shell, tmp_path: Path
) -> None:
    (file := tmp_path / "project.yaml").write_text("key: APP\nname: Another\n")
    asked = ("project", "apply", "-f", str(file), "--json", "name,warnings")
    [before] = shell_of_ada.done("project", "show", "APP", "--json", "name").json
    for option, name in (("--dry-run", before["name"]), *[("--yes", "Another")] * 2):
        [told] = shell_of_ada.done(*asked, option).json
        assert (told["name"], type(told["warnings"])) == (name, list)
    file.write_text("key: NONE\nrepoUrl: https://git.example/none.git\n")
    assert shell_of_ada.done(*asked, "--dry-run").json == []


def test_members_become_those_that_are_named(shell_of_ada: Shell, tmp_path: Path) -> None:
    text = "members: {ada: maintainer, linus: member}"
    status, said = applied(shell_of_ada, tmp_path, text, "--yes")
    assert status == 0, said
    assert "-member grace: member\n" in said
    assert "+member linus: member\n" in said
    members = shell_of_ada.done("project", "members", "APP", "--json", "name,role").json
    assert members == [
        {"name": "ada", "role": "maintainer"},
        {"name": "linus", "role": "member"},
    ]


def test_members_are_the_same_by_another_case_or_by_their_ids(
    shell_of_ada: Shell, tmp_path: Path
) -> None:
    found = shell_of_ada.done("project", "members", "APP", "--json", "name,developerId").json
    grace = next(member["developerId"] for member in found if member["name"] == "grace")
    text = f"members: {{Ada: maintainer, {grace}: maintainer}}"
    status, said = applied(shell_of_ada, tmp_path, text, "--yes")
    assert (status, "-member" in said, "+member Ada" in said) == (0, False, False), said
    members = shell_of_ada.done("project", "members", "APP", "--json", "name,role").json
    assert members == [{"name": name, "role": "maintainer"} for name in ("ada", "grace")]
    status, said = applied(shell_of_ada, tmp_path, text, "--yes")
    assert (status, said) == (0, "APP is as the file says: nothing to change.\n")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("ada", "members is none of what it may be"),
        ("{ada: [maintainer]}", "members is none of what it may be"),
        ("{ada: maintainer, ADA: member}", "ADA and ada are the same person"),
    ],
)
def test_members_that_are_none_are_refused_before_anything_is_changed(
    shell_of_ada: Shell, tmp_path: Path, said: str, why: str
) -> None:
    status, told = applied(shell_of_ada, tmp_path, f"name: X\nmembers: {said}", "--yes")
    assert (status, why in told) == (2, True), told
    assert {request.method for request in shell_of_ada.asked} == {"GET"}


def test_who_is_not_there_is_named_before_anything_is_changed(
    shell_of_ada: Shell, tmp_path: Path
) -> None:
    status, said = applied(shell_of_ada, tmp_path, "name: X\nmembers: {nobody: member}", "--yes")
    assert status == 3
    assert "There is no developer 'nobody'" in said
    assert {request.method for request in shell_of_ada.asked} == {"GET"}


def test_a_project_that_there_is_not_is_made_by_an_admin(
    app: Flask, shell_of: ShellOf, tmp_path: Path
) -> None:
    shell = shell_of(make_developer(name="root", role=SystemRole.ADMIN))
    status, said = applied(shell, tmp_path, "repoUrl: https://a.example/b.git", "--yes")
    assert status == 0, said
    assert shell.done("project", "list", "-q").out == "APP\n"
