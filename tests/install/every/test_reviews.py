"""Reviews of a task's work, and the follow-ups."""

from collections.abc import Callable

import pytest

from tests.flows.reviewed_agent import FILE
from tests.flows.test_life_of_a_task import shell
from tests.install.every.installed_muster import InstalledMuster
from tests.install.every.shell_user import WAITS, ShellUser

pytestmark = pytest.mark.timeout(900)
Project = Callable[..., str]
WRITE = {"name": "write", "command": "{description}"}


def test_work_is_reviewed_done_again_and_approved(
    ada: ShellUser, bob: ShellUser, project: Project
) -> None:
    key = project("REVIEWS", WRITE, shell("sign", "true", confirm=True))
    [made] = ada.run_json(f"task create -p {key} -d 'A poem' --wait", status=WAITS)
    task = made["id"]
    [comment] = bob.run_json(f"task comment {task} --path {FILE} --line 5 -b 'Five?'")
    [other] = bob.run_json(f"task comment {task} -b 'Not this'")
    assert (comment["draft"], comment["threadId"] == other["threadId"]) == (True, False)
    [edited] = bob.run_json(f"task edit-comment {task} {comment['id']} -b 'In letters'")
    assert edited["body"] == "In letters"
    bob(f"task delete-comment {task} {other['id']}")
    assert ada.run_json(f"task comments {task}") == []
    [review] = bob.run_json(f"task review {task} --request-changes -b 'Nearly'")
    assert review["followUp"] is not None
    ada(f"task watch {task}", status=WAITS)
    [thread] = ada.run_json(f"task comments {task}")
    first, answer = thread["comments"]
    assert (first["body"], first["author"]["name"]) == ("In letters", "bob")
    assert answer["body"] == f"Done, in thread {thread['id']}."
    [resolved] = ada.run_json(f"task resolve {task} {thread['id']}")
    assert resolved["resolvedBy"]["name"] == "ada"
    assert ada.run_json(f"task comments {task} --state open") == []
    [reopened] = bob.run_json(f"task reopen {task} {thread['id']}")
    assert reopened["resolvedAt"] is None
    [approved] = bob.run_json(f"task review {task} --approve")
    assert approved["answered"]
    ada(f"task watch {task}")
    verdicts = [review["verdict"] for review in ada.run_json(f"task reviews {task}")]
    assert sorted(verdicts) == ["approve", "request_changes"]


def test_what_is_to_come_next_is_queued_taken_back_and_done(
    installed_muster: InstalledMuster, ada: ShellUser, project: Project
) -> None:
    flag = installed_muster.notes / "flag-next"
    waits = f"until [ -e {flag} ]; do sleep 0.1; done"
    key = project("NEXT", shell("do", f'{waits}; echo "$MUSTER_INSTRUCTION" >> said'))
    [made] = ada.run_json(f"task create -p {key} -d One")
    task = made["id"]
    for words in ("Two", "Three"):
        [queued] = ada.run_json(f"task follow-up {task} -d {words}")
        assert queued["state"] == "queued"
    ada(f"task withdraw {task} {queued['id']}")
    assert "Three" in ada.err
    states = {
        item["instruction"]: item["state"] for item in ada.run_json(f"task follow-ups {task}")
    }
    assert states == {"Two": "queued", "Three": "withdrawn"}
    flag.touch()
    ada(f"task watch {task} --until-end")
    [shown] = ada.run_json(f"task show {task}")
    assert (shown["status"], shown["round"]) == ("completed", 2)
    assert ada(f"task file {task} said") == "One\nTwo\n"
