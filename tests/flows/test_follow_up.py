"""A task continues from its current work: in the same session on the same machine, in order."""

import os
from pathlib import Path

import pytest

from tests.flows.running_stack import FollowedTask, RunningStack, wait_for
from tests.flows.test_life_of_a_task import git, shell

# As claude does: it stores its session in its home, and prints whether it found it.
# Its version doesn't take messages yet, so the prompt is its last argument.
CLAUDE = """\
#!/bin/sh
[ "$*" = --version ] && echo "2.1.100 (Claude Code)" && exit
echo '{"type":"system","subtype":"init","session_id":"s-1"}'
case "$*" in *"--resume s-1"*) how=again ;; *) how=new ;; esac
for text in "$@"; do :; done
echo "$how $(cat "$HOME/session" 2>/dev/null): $text" | tr '\\n' ' ' >> notes.txt
echo >> notes.txt
echo known > "$HOME/session"
"""


@pytest.fixture
def claude(running: RunningStack) -> Path:
    return install_claude(running, CLAUDE)


def install_claude(running: RunningStack, text: str) -> Path:
    program = running.agents / "claude"
    program.write_text(text)
    program.chmod(0o755)
    wait_for(lambda: _has_claude(running), "agent")
    return program


def _has_claude(running: RunningStack) -> bool:
    machines = running.api.get("/api/web/machines")["items"]
    found = (each for machine in machines for each in machine["capabilities"])
    return any(each["agentType"] == "claude" and each["healthy"] for each in found)


def follow_up(task: FollowedTask, instruction: str, **more: object) -> dict[str, object]:
    return task.act("follow-ups", {"instruction": instruction, **more})


def test_a_finished_task_continues_in_the_same_session_and_then_at_its_gate(
    running: RunningStack, claude: Path
) -> None:
    key = running.project(
        "FOLLOW",
        {"name": "write", "command": "{description}"},
        shell("check", 'echo "$MUSTER_ROUND $MUSTER_INSTRUCTION" >> rounds.txt', confirm=True),
        agentType="claude",
    )
    task = running.task(key)
    assert task.wait_for_status("suspended")["suspendReason"] == "gate"
    assert follow_up(task, "Nearly; but.")["state"] == "started"
    task.wait_for_status("suspended")
    assert task.now()["round"] == 2
    task.answer(1, "confirm")
    first = task.wait_for_status("completed")
    assert git(running, "show", f"{first['branch']}:rounds.txt") == "2 Nearly; but."
    assert follow_up(task, "One more.", fromStage=1)["round"] == 3
    task.wait_for_status("suspended")
    task.answer(1, "confirm")
    done = task.wait_for_status("completed")
    assert git(running, "show", f"{done['branch']}:rounds.txt") == ("2 Nearly; but.\n3 One more.")
    notes = git(running, "show", f"{done['branch']}:notes.txt").splitlines()
    is_full = os.geteuid() == 0
    assert notes[0].startswith("new : Do it.")
    assert notes[1].startswith(
        "again known: Nearly; but." if is_full else "new known: This continues"
    )
    assert [event["data"]["round"] for event in task.events("followed_up")] == [2, 3]
    entries = running.api.get(f"{task.path}/transcript", attempt=2)["items"]
    assert entries[0]["title"] == "Follow-up, round 2: Nearly; but."
