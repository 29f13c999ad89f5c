"""An agent's account is out of quota for a while: its task waits, and continues by itself."""

from pathlib import Path

from tests.flows.running_stack import RunningStack, wait_for
from tests.muster.worker.repositories import as_root

RECORDED = Path(__file__).parents[1] / "agents" / "recorded"
SECONDS = 8  # from the limit until its reset
RESETS = "1795712028"  # as in the recording
STAND_IN = """#!/bin/sh
echo "called: $*" | tr "\\n" " "; echo
if [ -e half.txt ]; then cp half.txt whole.txt; cat {there}/done.jsonl; exit 0; fi
case "$*" in *stream-json*) ;; *) echo "2.1.100 (Claude Code)"; exit 0;; esac
echo half > half.txt
sed "s/{resets}/$(($(date +%s) + {seconds}))/" {there}/spent.jsonl
exit 1
"""


def install(running: RunningStack) -> None:
    """A stand-in for claude whose subscription is out of quota for some seconds at the first
    call."""
    there = running.agents
    for name, recorded in (("spent", "subscriber-quota"), ("done", "resumed")):
        text = (RECORDED / f"claude-{recorded}.jsonl").read_text()
        (there / f"{name}.jsonl").write_text(text)
    program = there / "claude.new"
    program.write_text(STAND_IN.format(there=there, resets=RESETS, seconds=SECONDS))
    program.chmod(0o755)
    program.rename(there / "claude")


def is_there(running: RunningStack) -> bool:
    [machine] = running.api.get("/api/web/machines", status="online")["items"]
    healthy = {each["agentType"]: each["healthy"] for each in machine["capabilities"]}
    return healthy.get("claude", False)


@as_root
def test_a_task_waits_for_an_exhausted_account_and_its_agent_continues(
    running: RunningStack,
) -> None:
    install(running)
    wait_for(lambda: is_there(running), "agent")
    task = running.task(
        running.project("QUOTA", {"name": "x", "command": "do"}, agentType="claude")
    )
    waiting = task.wait_for_status("suspended")
    assert waiting["suspendReason"] == "quota"
    assert (waiting["waitingFor"]["reason"], waiting["waitingFor"]["nextAction"]) == (
        "quota",
        "resume",
    )
    machine = running.api.get(f"/api/web/machines/{waiting['machineId']}")
    assert machine["slots"]["used"] == 0, "meanwhile others may have it"
    other = running.task(
        running.project("BESIDE", {"name": "y", "kind": "shell", "command": "true"})
    )
    other.wait_for_status("completed")
    done = task.wait_for_status("completed")
    assert done["attempt"] == 1
    git = running.repository.git
    assert git("show", f"{done['branch']}:whole.txt") == "half"
    last = [line for line in task.log().decode().splitlines() if line.startswith("called: ")][-1]
    assert "--resume" in last
    story = [event["type"] for event in task.events() if event["type"] not in ("log", "workspace")]
    assert story == [
        *["created", "assigned", "started", "stage_started", "checkpoint", "suspended", "resumed"],
        *["stage_started", "checkpoint", "stage_finished", "published", "completed"],
    ]
