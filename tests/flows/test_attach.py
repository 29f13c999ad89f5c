"""`muster attach` in a terminal, against a complete Muster. (`tests/install` tests failures.)"""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.flows.running_stack import FollowedTask, RunningStack
from tests.flows.test_terminal_in_full import SHELL
from tests.ptys import Pty


@pytest.fixture
def task(running: RunningStack) -> Iterator[FollowedTask]:
    """A task that runs a shell which waits for a command."""
    key = running.project("ATTACH", {"name": "shell", "kind": "shell", "command": SHELL})
    task = running.task(key)
    task.wait_until_logged(b"ready> ")
    yield task
    task.act("cancel")


def muster(running: RunningStack) -> dict[str, str]:
    """The environment of a signed-in person."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.getcwd(),
        "MUSTER_SERVER": running.stack.url,
        "MUSTER_TOKEN": running.api.token,
    }


def test_one_is_at_a_task_s_terminal_and_leaves_it_as_it_was(
    running: RunningStack, task: FollowedTask
) -> None:
    attach = [sys.executable, "-m", "muster", "attach", str(task.id)]
    with Pty(["/bin/sh"], muster(running), cols=90, rows=20) as terminal:
        terminal.type("PS1='out> '; clear\n")
        terminal.wait_until_shown("out>")
        before = terminal.stty
        terminal.type(" ".join(attach) + "; echo ended $?\n")
        terminal.wait_until_shown("ready>")
        assert terminal.stty != before
        terminal.type("stty size\n")
        terminal.wait_until_shown("20 90")
        terminal.type("~?")
        terminal.wait_until_shown(" ~.   detach")
        terminal.type("~.")
        terminal.wait_until_shown("ended 0")
        assert terminal.stty == before
        terminal.type("echo $((20 + 3))\n")
        terminal.wait_for(lambda: any(line.endswith("23") for line in terminal.lines), "echo")
    task.wait_for_status("running")


def test_a_shell_works_beside_the_stage_and_its_changes_are_kept(running: RunningStack) -> None:
    command = "echo up; until [ -e go ]; do sleep 0.1; done; rm go"
    task = running.task(
        running.project("SHELL", {"name": "wait", "kind": "shell", "command": command})
    )
    task.wait_until_logged(b"up")
    attach = [sys.executable, "-m", "muster", "attach", str(task.id), "--shell"]
    with Pty(attach, muster(running), cols=90, rows=20) as terminal:
        terminal.wait_for(lambda: any("$" in line for line in terminal.lines), "prompt")
        terminal.type("pwd; echo mi''ne >from-shell\r")
        terminal.wait_until_shown("/workspace")
        terminal.type("touch go\r")
        assert terminal.wait_until_ended() == 0
        terminal.wait_until_shown(f"Shell of task {task.id} closed: the stage has ended.")
    task.wait_for_status("completed")
    [file] = running.api.get(f"{task.path}/diff")["files"]
    assert file["path"] == "from-shell"
    used = running.api.get(f"{task.path}/terminal-inputs")["items"]
    assert {each["terminal"] for each in used} == {"shell"}
    events = running.api.get(f"{task.path}/events?type=shell")["items"]
    assert [event["message"] for event in events] == ["admin opened a shell"]
