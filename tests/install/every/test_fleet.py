"""Projects and machines: what they are, who may what, and their beginning and end."""

import json
from collections.abc import Callable

import pytest

from tests.flows.running_stack import until
from tests.flows.test_life_of_a_task import shell
from tests.install.every.installed_muster import Whole
from tests.install.every.shell_user import FAILED, NOT_ALLOWED, Somebody

pytestmark = pytest.mark.timeout(900)
Project = Callable[..., str]


def test_a_project_from_its_making_to_its_end(whole: Whole, admin: Somebody, ada: Somebody) -> None:
    url = whole.repository.url
    pipeline = json.dumps([shell("say", "echo said")])
    made = f"--key PROJ --repo-url {url} -F 'pipeline={pipeline}'"
    [saved] = admin.told(f"admin projects create {made}")
    assert (saved["key"], saved["name"]) == ("PROJ", "PROJ")
    token = "-F gitToken=ghp_a-token-of-tests"
    [named] = admin.told(f"admin projects update PROJ -F name=Named {token}")
    assert (named["name"], named["hasGitToken"]) == ("Named", True)
    assert "PROJ" in [item["key"] for item in admin.told("admin projects list")]
    [member] = admin.told("admin projects put-member PROJ ada --role maintainer")
    assert (member["name"], member["role"]) == ("ada", "maintainer")
    assert ada.told("project members PROJ") == admin.told("admin projects members PROJ") == [member]
    ada_s_work(ada)
    admin.told("admin projects put-member PROJ bob --role maintainer")
    admin(f"admin projects remove-member PROJ --developer-id {member['developerId']}")
    ada("project show PROJ", status=NOT_ALLOWED)
    admin("admin projects destroy-secrets PROJ --yes")
    admin("admin projects delete PROJ --force --yes")
    assert "PROJ" not in [item["key"] for item in admin.told("admin projects list")]


def ada_s_work(ada: Somebody) -> None:
    """What a maintainer does with it."""
    assert "PROJ" in [item["key"] for item in ada.told("project list")]
    [bob] = [who for who in ada.told("project developers") if who["name"] == "bob"]
    assert ada.told("project add-member PROJ bob")[0]["developerId"] == bob["id"]
    ada("project remove-member PROJ bob")
    assert [who["name"] for who in ada.told("project members PROJ")] == ["ada"]
    [stage] = ada.told("project rehearse PROJ -d Do")
    assert (stage["name"], stage["text"]) == ("say", "echo said")
    assert ada.told("project budget PROJ")[0]["budget"] is None
    ada("project allow PROJ --host packages.example.com", status=FAILED)  # all is, in an open one
    for times in range(2):  # the second time there is nothing to change
        [applied] = ada.told("project apply -f - --yes", given="key: PROJ\nnetwork: none\n")
        assert (applied["network"], "nothing to change" in ada.err) == ("none", times == 1)
    ada("project allow PROJ --host packages.example.com")
    [shown] = ada.told("project show PROJ")
    assert (shown["network"], shown["hasGitToken"]) == ({"allow": ["packages.example.com"]}, True)
    ada("project destroy-secrets PROJ --yes")
    assert not ada.told("project show PROJ")[0]["hasGitToken"]


def test_a_machine_from_its_line_to_its_end(
    whole: Whole, admin: Somebody, project: Project
) -> None:
    home = whole.home / "machines" / "later"
    with admin.beside("machine add --label later --wait") as add:
        add.until_said("MUSTER_ENROLL_TOKEN=")
        token = add.said.partition("MUSTER_ENROLL_TOKEN=")[2].split()[0]
        at = f"--server {whole.api.url} --token - --name later --home {home}"
        admin(f"worker enroll {at}", given=f"{token}\n")
        admin(f"worker move --home {home} --server {whole.api.url}")
        worker = whole.run_machine(home)
        add.until_said("later is connected.")
        add.until_ended(0)
    [told] = [one for one in admin.told("admin tokens list") if one["label"] == "later"]
    [arrived] = admin.told(f"admin tokens status {told['id']}")
    assert (arrived["status"], arrived["machine"]["name"]) == ("used", "later")
    [unused] = admin.told("machine add --label never")
    assert unused["installLine"] is not None
    assert admin.told(f"admin tokens revoke {unused['id']}")[0]["status"] == "revoked"
    assert "later" in [machine["name"] for machine in admin.told("machine list --status online")]
    [changed] = admin.told("admin machines update later --slots 3 --label gpu=true")
    assert (changed["slots"]["total"], changed["adminLabels"]) == (3, {"gpu": "true"})
    assert [at["name"] for at in admin.told("admin machines list --selector gpu")] == ["later"]
    assert admin.told("machine pin later")[0]["pinned"]
    assert not admin.told("machine unpin later")[0]["pinned"]
    work_moves_away(admin, project)
    checks = json.loads(admin(f"worker doctor --json --home {home}"))
    assert {"name", "level", "ok", "text"} <= checks[0].keys()
    admin("admin machines decommission later --yes")
    assert worker.wait(60) is not None
    assert admin.told("machine show later")[0]["status"] == "decommissioned"
    admin(f"worker erase --home {home}")
    assert not list(home.glob("workspaces/*"))


def work_moves_away(admin: Somebody, project: Project) -> None:
    """It is drained with what it has, and taken into service again."""
    key = project("MOVES", shell("wait", "sleep 60"), machineSelector="gpu")
    [made] = admin.told(f"task create -p {key} -d Do")

    def runs() -> bool:
        return made["id"] in [task["id"] for task in admin.told("machine tasks later")]

    until(runs, "task there")
    [planned] = admin.told("machine drain later --yes --note 'A look'")
    assert (planned["task"]["id"], planned["machine"]) == (made["id"], "later")
    [shown] = admin.told("machine show later")
    assert (shown["status"], shown["drain"]["note"]) == ("draining", "A look")
    assert admin.told("machine undrain later")[0]["status"] == "online"
    admin.told(f"task cancel {made['id']}")
