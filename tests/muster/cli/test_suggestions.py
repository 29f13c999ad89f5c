"""A mistyped name gets the one that was probably meant."""

from pathlib import Path

import httpx
import pytest

from muster.cli.suggestions import suggestion, with_suggestion
from muster.cli.tokens import Tokens
from tests.muster.cli.shell import SERVER, Shell

NAMES = {
    "/api/web/projects": [{"key": "SHOP"}, {"key": "WEB"}],
    "/api/web/machines": [{"name": "heron", "id": "1"}, {"name": "tern", "id": "2"}],
    "/api/web/projects/-/developers": [{"id": 9, "name": "grace"}],
}


def answer(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if request.method == "GET" and path in NAMES:
        return httpx.Response(200, json={"items": NAMES[path], "nextCursor": None})
    if path == "/api/admin/settings":
        return httpx.Response(200, json={"registry": [{"key": "maxLogMegabytes"}]})
    return httpx.Response(404, json={"code": "not_found", "detail": "Not found."})


@pytest.fixture
def shell(home: Path) -> Shell:
    shell = Shell(answer)
    shell.store_tokens(Tokens(personal="mst_pat_x"), SERVER)
    return shell


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        ("taks list", "'task'"),
        ("task lsit", "'list'"),
        ("admin tokns", "'tokens'"),
        ("admin tokens creat", "'create'"),
        ("task list --neds-me", "--needs-me"),
        ("task list --json statsu", "'status'"),
        ("admin settings set maxLogMegabyte=1", "'maxLogMegabytes'"),
        ("project show shp", "'SHOP'"),
        ("project archive SHPO", "'SHOP'"),
        ("task create -p SHPO -d x", "'SHOP'"),
        ("machine show herno", "'heron'"),
        ("project add-member SHOP grce", "'grace'"),
        ("--profile wrok whoami", "'work'"),
        ("config use wrok", "'work'"),
    ],
)
def test_a_mistyped_name_gets_a_suggestion(shell: Shell, command: str, meant: str) -> None:
    result = shell(*command.split())
    assert result.status in (2, 3), result.err
    assert "Did you mean" in result.err
    assert meant in result.err


@pytest.mark.parametrize("command", ["xyzzy", "task list --json xyzzy", "project show XYZZY"])
def test_a_name_like_none_gets_none(shell: Shell, command: str) -> None:
    assert "Did you mean" not in shell(*command.split()).err


def test_a_name_that_exists_gets_none(shell: Shell) -> None:
    """Its 404 has another cause: the user has no access."""
    assert "Did you mean" not in shell("project", "show", "SHOP").err


def test_case_does_not_matter() -> None:
    assert suggestion("shop", ["SHOPS"]) == "Did you mean 'SHOPS'?"
    assert with_suggestion("Unknown: a.", ["a"], ["zzz"]) == "Unknown: a."


def test_without_p_the_only_project_is_used_and_named(home: Path) -> None:
    projects = [{"key": "SHOP"}, {"key": "OLD", "archivedAt": "2026-01-01T00:00:00Z"}]

    def one(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"items": projects, "nextCursor": None})
        return httpx.Response(201, json={"id": 7, "projectKey": "SHOP"})

    result = Shell(one)("--server", SERVER, "task", "create", "-d", "x")
    assert (result.status, result.err) == (0, f"Created #7 in SHOP: {SERVER}/tasks/7\n")


def test_without_p_several_projects_are_listed(shell: Shell) -> None:
    result = shell("task", "create", "-d", "x")
    assert result.status == 2
    assert "Projects: SHOP, WEB" in result.err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("projects", "advice"),
    [
        ([], "You aren't in a project yet"),
        ([{"key": "SHOP", "archivedAt": "2030-01-31T12:00:00.000Z"}], "projects are archived"),
    ],
    ids=["none", "archived"],
)
def test_without_a_project_that_takes_tasks_the_reason_is_shown(
    projects: list[dict[str, str]], advice: str
) -> None:
    listed = {"items": projects, "nextCursor": None}
    shell = Shell(lambda _: httpx.Response(200, json=listed))
    result = shell("--server", SERVER, "task", "create", "-d", "x")
    assert result.status == 2
    assert advice in result.err
