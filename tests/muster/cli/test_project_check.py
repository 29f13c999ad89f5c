"""Check a project from a shell, and archive it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.models import Developer
from muster.cli import project_check
from muster.cli.tokens import Tokens
from tests.factories import make_developer, make_project
from tests.muster.cli.shell import Shell

ShellOf = Callable[[Developer], Shell]
STEP = {
    "step": "login",
    "state": "failed",
    "code": "login_refused",
    "message": "The host git.example refused the Git token.",
    "field": "gitToken",
    "params": {},
    "details": "fatal: Authentication failed\nremote: no",
}


def answering(*results: dict[str, Any]) -> Shell:
    """A shell whose server answers a check with these results, one by one."""
    left = list(results)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202, json={"id": "c1"})
        return httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])

    shell = Shell(answer)
    shell.store_tokens(Tokens(access="x"))
    return shell


def result(state: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"state": state, "machine": "heron", "steps": list(steps)}


def test_a_check_waits_for_its_result_and_fails_if_there_are_problems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(project_check, "_POLL_SECONDS", 0)
    (tmp_path / "token").write_text("ghp_typed\n")
    shell = answering(result("running"), result("failed", STEP))
    done = shell("project", "check", "APP", "--git-token-file", str(tmp_path / "token"))
    assert done.status == 1
    lines = done.out.splitlines()
    assert lines[0] == "problem  The host git.example refused the Git token."
    assert lines[1:] == ["    fatal: Authentication failed", "    remote: no"]
    assert "The check found problems." in done.err
    [post, *gets] = shell.asked
    assert post.read() == b'{"gitToken":"ghp_typed"}'
    assert len(gets) == 2


@pytest.mark.parametrize(("state", "status"), [("passed", 0), ("untried", 1), ("running", 0)])
def test_the_exit_status_tells_the_state(state: str, status: int) -> None:
    shell = answering(result(state))
    assert shell("project", "check", "APP", "--no-wait").status == status


def test_a_new_project_needs_a_url() -> None:
    shell = answering(result("passed"))
    assert shell("project", "check", "-").status == 2
    assert shell("project", "check", "-", "--repo-url", "https://h/x").status == 0
    assert shell.asked[0].url.path == "/api/admin/projects/-/checks"


def test_a_project_is_archived_and_restored(app: Flask, shell_of: ShellOf, ada: Developer) -> None:
    make_project(key="APP", maintainers=[ada])
    shell = shell_of(ada)
    assert "Running work can finish." in shell.done("project", "archive", "APP").err
    assert shell.done("project", "show", "APP", "--json", "archivedAt").json[0]["archivedAt"]
    shell.done("project", "unarchive", "APP")
    assert not shell.done("project", "show", "APP", "--json", "archivedAt").json[0]["archivedAt"]


def test_who_applies_a_new_project_is_a_member_only_if_the_file_says_so(
    app: Flask, shell_of: ShellOf, ada: Developer, tmp_path: Path
) -> None:
    shell = shell_of(make_developer(name="root", role=SystemRole.ADMIN))
    file = tmp_path / "project.yaml"
    for key, members, names in (
        ("ONE", "{ada: maintainer}", ["ada"]),
        ("TWO", "{ada: member}", ["ada", "root"]),
    ):
        file.write_text(f"key: {key}\nrepoUrl: https://h/x\nmembers: {members}\n")
        shell.done("project", "apply", "-f", str(file), "--yes")
        listed = shell.done("project", "members", key, "--json", "name").json
        assert sorted(each["name"] for each in listed) == names
