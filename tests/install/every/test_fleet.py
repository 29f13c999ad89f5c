"""Projects and machines: their settings, permissions, and life cycle."""

import json
from collections.abc import Callable

import pytest

from tests.flows.running_stack import wait_for
from tests.flows.test_life_of_a_task import shell
from tests.install.every.installed_muster import InstalledMuster
from tests.install.every.shell_user import FAILED, NOT_ALLOWED, ShellUser

pytestmark = pytest.mark.timeout(900)
Project = Callable[..., str]


def test_a_project_from_its_making_to_its_end(
    installed_muster: InstalledMuster, admin: ShellUser, ada: ShellUser
) -> None:
    url = installed_muster.repository.url
    pipeline = json.dumps([shell("say", "echo said")])
    made = f"--key PROJ --repo-url {url} -F 'pipeline={pipeline}'"
    [saved] = admin.run_json(f"admin projects create {made}")
    assert (saved["key"], saved["name"]) == ("PROJ", "PROJ")
    token = "-F gitToken=ghp_a-token-of-tests"
    [named] = admin.run_json(f"admin projects update PROJ -F name=Named {token}")
    assert (named["name"], named["hasGitToken"]) == ("Named", True)
    assert "PROJ" in [item["key"] for item in admin.run_json("admin projects list")]
    [member] = admin.run_json("admin projects set-member PROJ ada --role maintainer")
    assert (member["name"], member["role"]) == ("ada", "maintainer")
    members = ada.run_json("project members PROJ")
    assert members == admin.run_json("admin projects members PROJ")
    roles = {each["name"]: each["role"] for each in members}
    assert roles == {"admin": "maintainer", "ada": "maintainer"}
    ada_s_work(ada)
    admin.run_json("admin projects set-member PROJ bob --role maintainer")
    admin(f"admin projects remove-member PROJ --developer-id {member['developerId']}")
    ada("project show PROJ", status=NOT_ALLOWED)
    admin("admin projects destroy-secrets PROJ --yes")
    admin("admin projects delete PROJ --force --yes")
    assert "PROJ" not in [item["key"] for item in admin.run_json("admin projects list")]


def ada_s_work(ada: ShellUser) -> None:
    """A maintainer's work with it."""
    assert "PROJ" in [item["key"] for item in ada.run_json("project list")]
    [bob] = [who for who in ada.run_json("project developers") if who["name"] == "bob"]
    assert ada.run_json("project add-member PROJ bob")[0]["developerId"] == bob["id"]
    ada("project remove-member PROJ bob")
    assert "bob" not in [who["name"] for who in ada.run_json("project members PROJ")]
    ada("project archive PROJ")
    assert ada.run_json("project show PROJ")[0]["archivedAt"]
    ada("project unarchive PROJ")
    assert ada.run_json("project check PROJ --no-wait")[0]["steps"]
    [stage] = ada.run_json("project dry-run PROJ -d Do")
    assert (stage["name"], stage["text"]) == ("say", "echo said")
    assert ada.run_json("project budget PROJ")[0]["budget"] is None
    assert ada.run_json("project deploy-key PROJ")[0]["publicKey"] is None
    ada("project allow PROJ --host packages.example.com", status=FAILED)  # all is, in an open one
    for times in range(2):  # the second time there is nothing to change
        [applied] = ada.run_json("project apply -f - --yes", given="key: PROJ\nnetwork: none\n")
        assert (applied["network"], "nothing to change" in ada.err) == ("none", times == 1)
    ada("project allow PROJ --host packages.example.com")
    [shown] = ada.run_json("project show PROJ")
    assert (shown["network"], shown["hasGitToken"]) == ({"allow": ["packages.example.com"]}, True)
    ada("project destroy-secrets PROJ --yes")
    assert not ada.run_json("project show PROJ")[0]["hasGitToken"]


def test_a_machine_from_its_line_to_its_end(
    installed_muster: InstalledMuster, admin: ShellUser, project: Project
) -> None:
    home = installed_muster.home / "machines" / "later"
    with admin.start_beside("machine add --label later --wait") as add:
        add.wait_for_output("MUSTER_ENROLL_TOKEN=")
        token = add.output.partition("MUSTER_ENROLL_TOKEN=")[2].split()[0]
        at = f"--server {installed_muster.api.url} --token - --name later --home {home}"
        admin(f"worker enroll {at}", given=f"{token}\n")
        admin(f"worker set-server --home {home} --server {installed_muster.api.url}")
        worker = installed_muster.run_machine(home)
        add.wait_for_output("later is connected.")
        add.wait_until_ended(0)
    [listed_token] = [one for one in admin.run_json("admin tokens list") if one["label"] == "later"]
    [arrived] = admin.run_json(f"admin tokens status {listed_token['id']}")
    assert (arrived["status"], arrived["machine"]["name"]) == ("used", "later")
    [unused] = admin.run_json("machine add --label never")
    assert unused["installLine"] is not None
    assert admin.run_json(f"admin tokens revoke {unused['id']}")[0]["status"] == "revoked"
    assert "later" in [
        machine["name"] for machine in admin.run_json("machine list --status online")
    ]
    [changed] = admin.run_json("admin machines update later --slots 3 --label gpu=true")
    assert (changed["slots"]["total"], changed["adminLabels"]) == (3, {"gpu": "true"})
    assert [at["name"] for at in admin.run_json("admin machines list --selector gpu")] == ["later"]
    assert admin.run_json("machine pin later")[0]["pinned"]
    assert not admin.run_json("machine unpin later")[0]["pinned"]
    work_moves_away(admin, project)
    checks = json.loads(admin(f"worker doctor --json --home {home}"))
    assert {"name", "level", "ok", "text"} <= checks[0].keys()
    admin("admin machines decommission later --yes")
    assert worker.wait(60) is not None
    assert admin.run_json("machine show later")[0]["status"] == "decommissioned"
    admin(f"worker reset --home {home}")
    assert not list(home.glob("workspaces/*"))


def work_moves_away(admin: ShellUser, project: Project) -> None:
    """It is drained with its tasks, and put back into service."""
    key = project("MOVES", shell("wait", "sleep 60"), machineSelector="gpu")
    [made] = admin.run_json(f"task create -p {key} -d Do")

    def runs() -> bool:
        return made["id"] in [task["id"] for task in admin.run_json("machine tasks later")]

    wait_for(runs, "task there")
    [planned] = admin.run_json("machine drain later --yes --note 'A look'")
    assert (planned["task"]["id"], planned["machine"]) == (made["id"], "later")
    [shown] = admin.run_json("machine show later")
    assert (shown["status"], shown["drain"]["note"]) == ("draining", "A look")
    assert admin.run_json("machine undrain later")[0]["status"] == "online"
    admin.run_json(f"task cancel {made['id']}")
