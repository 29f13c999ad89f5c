"""Messages to a task's agent, and an interrupt that finds none at work."""

from collections.abc import Callable

import pytest

from tests.install.every.shell_user import FAILED, ShellUser

pytestmark = pytest.mark.timeout(900)
Project = Callable[..., str]
STAGE = {"name": "do", "command": "do it", "kind": "agent"}


def test_a_message_waits_for_an_agent_and_is_withdrawn(ada: ShellUser, project: Project) -> None:
    key = project("TALK", STAGE)
    [made] = ada.run_json(f"task create -p {key} -d One -a nobody")  # no machine has that agent
    task = made["id"]
    for text in ("Two", "Three"):
        [sent] = ada.run_json(f"task message {task} {text}")
        assert (sent["state"], sent["stageIndex"]) == ("waiting", None)
    ada(f"task withdraw-message {task} {sent['id']}")
    assert "Three" in ada.err
    found = {each["text"]: each["state"] for each in ada.run_json(f"task messages {task}")}
    assert found == {"Two": "waiting", "Three": "withdrawn"}
    ada(f"task interrupt {task}", status=FAILED)
    assert "The agent isn't working now." in ada.err
    ada(f"task cancel {task}")
    [returned, _] = sorted(ada.run_json(f"task messages {task}"), key=lambda each: each["number"])
    assert returned["state"] == "returned"
