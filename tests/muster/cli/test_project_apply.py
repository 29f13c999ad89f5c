"""Apply a project file after showing the changes."""

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
    """Ada maintains the project APP; Grace is a member."""
    make_project(key="APP", maintainers=[ada], members=[make_developer(name="grace")])
    make_developer(name="linus")
    return shell_of(ada)


def run_apply(
    shell: Shell, folder: Path, text: str, *options: str, input_text: str = ""
) -> tuple[int, str]:
    file = folder / "project.yaml"
    file.write_text(f"key: APP\n{text}\n")
    result = shell("project", "apply", "-f", str(file), *options, input_text=input_text)
    return result.status, result.err


def test_the_difference_is_shown_and_applied(shell_of_ada: Shell, tmp_path: Path) -> None:
    text = "name: Another\npipeline: [{name: test, kind: shell, command: make}]"
    status, stderr = run_apply(shell_of_ada, tmp_path, text, "--yes")
    assert (status, "+name: Another\n" in stderr) == (0, True)
    projects = shell_of_ada.done("project", "show", "APP", "--json", "name,pipeline").json
    assert (projects[0]["name"], projects[0]["pipeline"][0]["command"]) == ("Another", "make")
    status, stderr = run_apply(shell_of_ada, tmp_path, text, "--yes")
    assert (status, stderr) == (0, "APP already matches the file: nothing to change.\n")


def test_nothing_is_changed_where_nobody_can_be_asked_or_in_a_dry_run(
    shell_of_ada: Shell, tmp_path: Path
) -> None:
    for options, status in (((), 2), (("--dry-run",), 0)):
        found, stderr = run_apply(shell_of_ada, tmp_path, "name: Another", *options)
        assert found == status
        assert "+name: Another" in stderr
    assert {request.method for request in shell_of_ada.asked} == {"GET"}


def test_its_json_is_the_same_whether_something_changes_or_not(
    shell_of_ada: Shell, tmp_path: Path
) -> None:
    (file := tmp_path / "project.yaml").write_text("key: APP\nname: Another\n")
    command = ("project", "apply", "-f", str(file), "--json", "name,warnings")
    [before] = shell_of_ada.done("project", "show", "APP", "--json", "name").json
    for option, name in (("--dry-run", before["name"]), *[("--yes", "Another")] * 2):
        [project] = shell_of_ada.done(*command, option).json
        assert (project["name"], type(project["warnings"])) == (name, list)
    file.write_text("key: NONE\nrepoUrl: https://git.example/none.git\n")
    assert shell_of_ada.done(*command, "--dry-run").json == []


def test_members_become_those_that_are_named(shell_of_ada: Shell, tmp_path: Path) -> None:
    text = "members: {ada: maintainer, linus: member}"
    status, stderr = run_apply(shell_of_ada, tmp_path, text, "--yes")
    assert status == 0, stderr
    assert "-member grace: member\n" in stderr
    assert "+member linus: member\n" in stderr
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
    status, stderr = run_apply(shell_of_ada, tmp_path, text, "--yes")
    assert (status, "-member" in stderr, "+member Ada" in stderr) == (0, False, False), stderr
    members = shell_of_ada.done("project", "members", "APP", "--json", "name,role").json
    assert members == [{"name": name, "role": "maintainer"} for name in ("ada", "grace")]
    status, stderr = run_apply(shell_of_ada, tmp_path, text, "--yes")
    assert (status, stderr) == (0, "APP already matches the file: nothing to change.\n")


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ("ada", "members must map names to roles"),
        ("{ada: [maintainer]}", "members must map names to roles"),
        ("{ada: maintainer, ADA: member}", "ADA and ada are the same person"),
    ],
)
def test_members_that_are_none_are_refused_before_anything_is_changed(
    shell_of_ada: Shell, tmp_path: Path, members: str, why: str
) -> None:
    status, stderr = run_apply(shell_of_ada, tmp_path, f"name: X\nmembers: {members}", "--yes")
    assert (status, why in stderr) == (2, True), stderr
    assert {request.method for request in shell_of_ada.asked} == {"GET"}


def test_who_is_not_there_is_named_before_anything_is_changed(
    shell_of_ada: Shell, tmp_path: Path
) -> None:
    status, stderr = run_apply(
        shell_of_ada, tmp_path, "name: X\nmembers: {nobody: member}", "--yes"
    )
    assert status == 3
    assert "Developer 'nobody' not found." in stderr
    assert {request.method for request in shell_of_ada.asked} == {"GET"}


def test_a_project_that_there_is_not_is_made_by_an_admin(
    app: Flask, shell_of: ShellOf, tmp_path: Path
) -> None:
    shell = shell_of(make_developer(name="root", role=SystemRole.ADMIN))
    status, stderr = run_apply(shell, tmp_path, "repoUrl: https://a.example/b.git", "--yes")
    assert status == 0, stderr
    assert shell.done("project", "list", "-q").out == "APP\n"
