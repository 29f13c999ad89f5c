"""A failed check goes back to the agent in its session, on a real machine."""

from pathlib import Path

import pytest

from tests.flows.running_stack import RunningStack
from tests.flows.test_follow_up import install_claude
from tests.flows.test_life_of_a_task import git, shell

# As claude does: it stores its session in its home, and prints whether it found it.
CLAUDE = """\
#!/bin/sh
[ "$*" = --version ] && echo "2.1.100 (Claude Code)" && exit
echo '{"type":"system","subtype":"init","session_id":"s-1"}'
case "$*" in *"--resume s-1"*) how=again ;; *) how=new ;; esac
for text in "$@"; do :; done
printf '%s: %s\\n' "$how" "$text" >> notes.txt
echo x >> tries
"""
CHECK = 'echo leftover > junk; echo "try $(wc -l < tries) of 3"; [ "$(wc -l < tries)" = 3 ]'


@pytest.fixture
def claude(running: RunningStack) -> Path:
    return install_claude(running, CLAUDE)


def test_a_check_that_fails_twice_goes_back_twice_and_then_passes(
    running: RunningStack, claude: Path
) -> None:
    key = running.project(
        "LOOP",
        {"name": "develop", "command": "{description}"},
        shell("test", CHECK, onFailure={"to": "develop", "times": 3, "message": "Look again."}),
        agentType="claude",
    )
    task = running.task(key)
    done = task.wait_for_status("completed")
    assert (done["attempt"], done["round"]) == (1, 1)
    ends = [event["data"].get("backTo") for event in task.events("stage_finished")]
    assert ends == [None, 0, None, 0, None, None]
    notes = git(running, "show", f"{done['branch']}:notes.txt")
    assert notes.startswith("new: Do it.")
    again = "again: Look again.\n\nThe check “test” failed with exit code 1."
    assert notes.count(again) == 2
    assert "try 1 of 3" in notes
    assert "try 2 of 3" in notes
    files = git(running, "ls-tree", "--name-only", done["branch"]).split()
    assert "junk" in files, "of the check that passed"
    at_turns = [
        git(running, "show", f"{event['data']['commit']}:tries").count("x")
        for event in task.events("checkpoint")
    ]
    assert at_turns == [1, 2, 3, 3]
    refs = [event["data"]["ref"].rpartition("/")[2] for event in task.events("checkpoint")]
    assert refs == ["0", "0.1", "0.2", "1.2"]
    for event in task.events("checkpoint")[:-1]:
        assert git(running, "rev-parse", event["data"]["ref"]) == event["data"]["commit"]
        assert "junk" not in git(running, "ls-tree", "--name-only", event["data"]["commit"])


def test_without_a_rule_people_send_the_check_back(running: RunningStack, claude: Path) -> None:
    key = running.project(
        "BACK",
        {"name": "develop", "command": "{description}"},
        shell("test", CHECK.replace("3", "2")),
        agentType="claude",
    )
    task = running.task(key)
    failed = task.wait_for_status("failed")
    assert "send_back" in task.now()["allowedActions"]
    assert failed["failure"]["stageIndex"] == 1
    made = task.act("send-back")
    assert (made["state"], made["round"], made["fromStage"]) == ("started", 2, 0)
    done = task.wait_for_status("completed")
    notes = git(running, "show", f"{done['branch']}:notes.txt")
    assert "The check “test” failed with exit code 1." in notes
    assert "try 1 of 2" in notes
