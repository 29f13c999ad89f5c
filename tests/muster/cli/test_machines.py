"""Find machines by name, and drain them after showing the plan."""

from collections.abc import Callable

import httpx
import pytest

from app.domain.roles import SystemRole
from app.models import Developer
from muster.cli import machine_upgrade
from tests.factories import make_developer, make_machine
from tests.muster.cli.shell import SERVER, Shell


@pytest.fixture
def lead(app: object, shell_of: Callable[[Developer], Shell]) -> Shell:
    make_machine(name="forge")
    return shell_of(make_developer(role=SystemRole.LEAD))


@pytest.fixture
def admin(app: object, shell_of: Callable[[Developer], Shell]) -> Shell:
    make_machine(name="forge")
    return shell_of(make_developer(role=SystemRole.ADMIN))


def test_a_machine_is_found_by_its_name(lead: Shell) -> None:
    assert lead.done("machine", "show", "FORGE", "--json", "name").json == [{"name": "forge"}]
    assert lead("machine", "show", "nowhere").status == 3


def test_of_two_of_one_name_it_has_to_be_said_which(lead: Shell) -> None:
    make_machine(name="forge")
    result = lead("machine", "show", "forge")
    assert result.status == 2
    assert "Several machines are named 'forge'" in result.err


def test_draining_shows_first_and_asks(lead: Shell) -> None:
    result = lead("machine", "drain", "forge")
    assert (result.status, "Not a terminal: pass --yes." in result.err) == (2, True)
    result = lead("machine", "drain", "forge", "--dry-run")
    assert (result.status, "No tasks are running there." in result.err) == (0, True)
    assert all("dryRun=true" in str(r.url) for r in lead.asked if r.method == "POST")
    lead.done("machine", "drain", "forge", "--yes", "--note", "a look")
    [machine] = lead.done("machine", "show", "forge", "--json", "status,drain").json
    assert machine["drain"]["note"] == "a look"
    lead.done("machine", "undrain", "forge")


def test_an_admin_has_a_machine_keep_its_release_and_let_go_of_it(admin: Shell) -> None:
    admin.done("machine", "pin", "forge")
    [machine] = admin.done("machine", "show", "forge", "--json", "pinned,upgrade").json
    assert machine["pinned"]
    assert machine["upgrade"]["state"] in ("current", "unable")
    admin.done("machine", "unpin", "forge")
    [machine] = admin.done("machine", "show", "forge", "--json", "pinned").json
    assert not machine["pinned"]


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ({}, ""),
        ({"upgrade": {"state": "current"}}, ""),
        ({"upgrade": {"state": "current"}, "pinned": True}, "pinned to this version"),
        (
            {"upgrade": {"state": "waiting", "offered": "0.2.0", "reason": "a tunnel"}},
            "waiting for 0.2.0: a tunnel",
        ),
        ({"upgrade": {"state": "off", "offered": None, "reason": "set it"}}, "off: set it"),
    ],
)
def test_how_a_machine_stands_to_the_servers_release_is_one_line(
    machine: dict[str, object], words: str
) -> None:
    assert machine_upgrade.upgrade_text(machine) == words


def test_a_missing_permission_exits_with_status_3(
    lead: Shell, ada: Developer, shell_of: Callable[[Developer], Shell]
) -> None:
    result = shell_of(ada)("machine", "drain", "forge", "--yes")
    assert result.status == 3
    assert "(403 forbidden, request " in result.err


@pytest.mark.usefixtures("home")
def test_what_a_drain_would_do_is_shown_beside_its_json_and_not_in_it() -> None:
    plan = [{"task": {"id": 7, "description": "Mend it"}, "action": "keep"}]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"items": [{"id": "m", "name": "forge"}]})
        return httpx.Response(200, json={"plan": plan, "status": "draining"})

    command = ("--server", SERVER, "machine", "drain", "forge", "--json", "machine,action")
    result = Shell(answer)(*command, input_text="y\n", is_terminal=True)
    assert (result.status, result.json) == (0, [{"machine": "forge", "action": "keep"}]), result.err
    assert "AT THE DEADLINE" in result.err


@pytest.mark.usefixtures("home")
def test_the_list_tells_of_agents_that_are_there_and_of_no_load_that_was() -> None:
    agents = [
        {"agentType": "claude", "healthy": True},
        {"agentType": "codex", "healthy": False, "reason": "binary_missing"},
        {"agentType": "cursor", "healthy": False, "reason": "not_signed_in"},
    ]
    forge = {"name": "forge", "capabilities": agents, "metrics": {"cpuPercent": 99.0}}
    page = {"items": [{**forge, "status": "online"}, {**forge, "status": "decommissioned"}]}
    shell = Shell(lambda _: httpx.Response(200, json={**page, "nextCursor": None}))
    _, online, gone = shell("--server", SERVER, "machine", "list").out.splitlines()
    assert "99%" in online
    assert "99%" not in gone
    assert "claude, cursor (not signed in)" in online
    assert "codex" not in online


@pytest.mark.usefixtures("home")
def test_an_uninstalled_machine_is_no_offline_one() -> None:
    heron = {"name": "heron", "status": "offline", "uninstalledAt": "2030-01-31T12:00:00Z"}
    page = {"items": [heron, {**heron, "status": "decommissioned"}], "nextCursor": None}
    shell = Shell(lambda _: httpx.Response(200, json=page))
    _, removed, gone = shell("--server", SERVER, "machine", "list").out.splitlines()
    assert "uninstalled" in removed
    assert "decommissioned" in gone
