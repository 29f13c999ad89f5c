"""A task's budget is used up: its agent is stopped, and continues after a person's answer."""

from pathlib import Path

from tests.flows.running_stack import RunningStack, wait_for
from tests.flows.test_quota import RECORDED, is_there
from tests.muster.worker.repositories import as_root

# As in the recordings: each message has its usage.
STAND_IN = """#!/bin/sh
case "$*" in *stream-json*) ;; *) echo "2.1.100 (Claude Code)"; exit 0;; esac
echo "called: $*" | tr "\\n" " "; echo
if [ -e half.txt ]; then cp half.txt whole.txt; cat {there}/done.jsonl; exit 0; fi
echo half > half.txt
head -n 1 {there}/done.jsonl
number=0
while :; do
    number=$((number + 1))
    sed -n "2s/msg_0002/msg_$number/p" {there}/done.jsonl
    sleep 0.2
done
"""


def install(running: RunningStack) -> None:
    """A stand-in for claude that uses a thousand tokens per message until it's stopped."""
    there: Path = running.agents
    (there / "done.jsonl").write_text((RECORDED / "claude-resumed.jsonl").read_text())
    program = there / "claude.new"
    program.write_text(STAND_IN.format(there=there))
    program.chmod(0o755)
    program.rename(there / "claude")


@as_root
def test_a_budget_of_5000_tokens_stops_the_agent_and_an_answer_lets_it_go_on(
    running: RunningStack,
) -> None:
    install(running)
    wait_for(lambda: is_there(running), "agent")
    project = running.project("BUDGET", {"name": "x", "command": "do"}, agentType="claude")
    task = running.task(project, budget={"tokens": 5000})
    waiting = task.wait_for_status("suspended")
    assert (waiting["suspendReason"], waiting["budget"]) == ("budget", {"tokens": 5000})
    machine = running.api.get(f"/api/web/machines/{waiting['machineId']}")
    assert machine["slots"]["used"] == 0
    gate = running.api.get(f"{task.path}/pending-confirm")
    assert (gate["kind"], gate["choices"]) == ("budget", ["continue", "stop"])
    diff = {
        "filesChanged": 1,
        "insertions": 1,
        "deletions": 0,
        "href": f"{task.path}/diff?attempt=1",
    }
    assert gate["diff"] == diff
    [spent] = gate["budgets"]
    used = waiting["usage"]["inputTokens"] + waiting["usage"]["outputTokens"]
    assert (spent["of"], spent["used"]["tokens"]) == ("task", used)
    assert used >= 5000
    body = {"stageIndex": 0, "result": "continue", "budget": {"tokens": 3000}}
    task.act("confirm-stage", body)
    done = task.wait_for_status("completed")
    assert done["attempt"] == 1
    git = running.repository.git
    assert git("show", f"{done['branch']}:whole.txt") == "half"
    last = [line for line in task.log().decode().splitlines() if line.startswith("called: ")][-1]
    assert "--resume" in last
    story = [event["type"] for event in task.events() if event["type"] not in ("log", "workspace")]
    begun = ["created", "assigned", "started", "stage_started"]
    asked = ["checkpoint", "suspended", "confirmed", "resumed"]
    ended = ["stage_started", "checkpoint", "stage_finished", "published", "completed"]
    assert [type_ for type_ in story if type_ != "warning"] == begun + asked + ended
