"""The life of a task, from its creators' view."""

import json
from collections.abc import Callable

import pytest

from tests.flows.reviewed_agent import FILE, LINES
from tests.flows.running_stack import wait_for
from tests.flows.test_life_of_a_task import shell
from tests.install.every.installed_muster import InstalledMuster
from tests.install.every.shell_user import FAILED, WAITS, ShellUser

pytestmark = pytest.mark.timeout(900)
Project = Callable[..., str]
WRITE = {"name": "write", "command": "{description}"}
ASKING = (
    shell("colour", 'echo "$MUSTER_CHOICE" > a', choices=["red", "blue"], prompt="Which colour?"),
    shell("words", 'echo "$MUSTER_INPUT" > b', input=True),
    shell("sign", "true", confirm=True),
)


def test_a_task_asks_and_is_answered(ada: ShellUser, bob: ShellUser, project: Project) -> None:
    key = project("ASKS", *ASKING)
    [made] = ada.run_json(f"task create -p {key} -d 'A colour' --wait", status=WAITS)
    task = made["id"]
    assert (made["status"], made["createdBy"]["name"]) == ("suspended", "ada")
    assert "Which colour?" in ada.err
    [asked] = [item for item in bob.run_json("inbox --kind gate") if item["task"]["id"] == task]
    assert "answer" in asked["actions"]
    [found] = bob.run_json(f"task list --project {key} --needs-me --status suspended")
    assert (found["id"], found["question"]["kind"]) == (task, "choose")
    [why] = bob.run_json(f"task why {task}")
    assert why["waitingFor"]["reason"] == "gate"
    assert bob(f"task choose {task}") == "1  red\n2  blue\n"
    assert bob.run_json(f"task choose {task} bl")[0]["status"] != "suspended"
    bob(f"task watch {task}", status=WAITS)
    assert bob.run_json(f"task input {task} -", given="some words\n")[0]["id"] == task
    bob(f"task watch {task}", status=WAITS)
    assert f"muster task confirm {task}" in bob.err
    ada.run_json(f"task confirm {task} -c Fine")
    assert ada(f"task watch {task}").splitlines()[-1].split()[1] == "completed"
    assert ada(f"task file {task} a") == "blue\n"
    assert ada(f"task file {task} b") == "some words\n"
    assert len(ada.run_json(f"task events {task} --type confirmed")) == len(ASKING)


def test_what_came_of_a_task_is_there_to_be_read(
    installed_muster: InstalledMuster, ada: ShellUser, project: Project
) -> None:
    key = project("WRITES", WRITE)
    [made] = ada.run_json(f"task create -p {key} -d 'A poem of thirty lines' --wait")
    task = made["id"]
    assert made["result"]["changed"]
    [shown] = ada.run_json(f"task show {task}")
    assert (shown["status"], shown["usage"]["inputTokens"]) == ("completed", 10)
    [diff] = ada.run_json(f"task diff {task}")
    assert [(file["path"], file["insertions"]) for file in diff["files"]] == [(FILE, len(LINES))]
    assert f"+++ b/{FILE}\n" in ada(f"task diff {task}")
    assert any("began anew" in line["text"] for line in ada.run_json(f"task logs {task}"))
    assert any("began anew" in entry["text"] for entry in ada.run_json(f"task transcript {task}"))
    [lies] = ada.run_json(f"task workspace {task}")
    assert (lies["taskId"], lies["diff"]["insertions"]) == (task, len(LINES))
    recording = ada(f"task recording {task} -o -").splitlines()
    assert json.loads(recording[0])["version"] in (2, 3)
    assert ada(f"task open {task}") == f"{installed_muster.api.url}/tasks/{task}\n"
    found = [(item["kind"], item["id"]) for item in ada.run_json("search thirty lines")]
    assert ("task", task) in found
    [used] = ada.run_json(f"usage --by task --task {task}")
    assert (used["key"], used["usage"]["outputTokens"]) == (str(task), 5)
    happened = [event["type"] for event in ada.run_json("activity") if event["taskId"] == task]
    assert "completed" in happened


def test_its_evidence_is_genuine(
    installed_muster: InstalledMuster, ada: ShellUser, project: Project
) -> None:
    key = project("PROVES", shell("write", "echo one > one"))
    [made] = ada.run_json(f"task create -p {key} -d Do --wait")
    bundle, keys = installed_muster.home / "evidence.zip", installed_muster.home / "keys.json"
    ada(f"task evidence {made['id']} -o {bundle}")
    keys.write_text(ada("api /.well-known/muster-evidence.json"))
    output = ada(f"verify {bundle} --key {keys}")
    assert output.startswith(f"GENUINE: task {made['id']} of server")


def test_a_failed_task_is_in_the_inbox_until_dismissed_and_is_retried(
    installed_muster: InstalledMuster, ada: ShellUser, project: Project
) -> None:
    flag = installed_muster.notes / "flag-fails"
    key = project("FAILS", shell("try", f"cat {flag} || exit 3; sleep 60"))
    [made] = ada.run_json(f"task create -p {key} -d Do --wait", status=FAILED)
    task = made["id"]
    assert "exit code 3" in made["failure"]["message"]

    def needs() -> bool:
        return task in [item["task"]["id"] for item in ada.run_json("inbox --kind failure")]

    assert needs()
    ada(f"task dismiss {task}")
    assert not needs()
    ada(f"task dismiss {task} --undo")
    assert needs()
    ada(f"task dismiss {task}")
    flag.touch()
    [again] = ada.run_json(f"task retry {task}")
    assert again["status"] == "queued"
    assert not needs()
    [ended] = ada.run_json(f"task cancel {task}")
    assert ended["status"] == "cancelled"
    assert ada.run_json(f"task show {task}")[0]["attempt"] in (1, 2)


def test_a_failed_check_is_sent_back_to_the_agent(ada: ShellUser, project: Project) -> None:
    key = project("CHECKED", WRITE, shell("check", "echo Not this; exit 4"))
    [made] = ada.run_json(f"task create -p {key} -d 'A poem of thirty lines' --wait", status=FAILED)
    task = made["id"]
    [back] = ada.run_json(f"task send-back {task}")
    assert (back["round"], back["fromStage"]) == (2, 0)
    assert "Not this" in back["instruction"]
    ada(f"task watch {task}", status=FAILED)
    ada(f"task watch {task}", status=FAILED)


def test_a_user_attaches_to_a_task_and_opens_a_tunnel(ada: ShellUser, project: Project) -> None:
    key = project("SITS", shell("ask", 'echo up; read word; echo "heard $word"; sleep 60'))
    [made] = ada.run_json(f"task create -p {key} -d Do")
    task = made["id"]
    wait_for(lambda: "up" in ada(f"task logs {task}", status=None), "its stage")
    with ada.sits(f"attach {task}") as terminal:
        terminal.wait_until_shown("up")
        terminal.type("hello\n")
        terminal.wait_until_shown("heard hello")
        terminal.type("\r~.")
        assert terminal.wait_until_ended() == 0
    [typed] = ada.run_json(f"task inputs {task}")
    assert (typed["developer"]["name"], typed["attempt"]) == ("ada", 1)
    [started] = ada.run_json(f"task tunnel start {task} --ttl 60")
    assert started["state"] in ("starting", "connected")
    wait_for(
        lambda: ada.run_json(f"task tunnel status {task}")[0]["state"] == "connected", "tunnel"
    )
    ada.run_json(f"task tunnel stop {task}")
    wait_for(lambda: ada.run_json(f"task tunnel status {task}")[0]["state"] == "closed", "its end")
    ada.run_json(f"task cancel {task}")
