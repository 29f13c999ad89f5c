"""Servers that are away for longer than the grace, for a machine that has little of it.

A file of its own: its pair of servers starts beside the one that the others share.
"""

from tests.flows.running_stack import wait_for
from tests.gunicorns import SERVERS
from tests.outages.conftest import furnished_pair


def test_when_all_servers_are_away_for_too_long_a_stage_is_lost_and_no_task() -> None:
    """Its machine ends it itself. That counts for nothing: one loss would be one too many."""
    hasty = {"HEARTBEAT": "0.5", "SILENCE": "3", "LEASE": "6"}
    with furnished_pair({f"MUSTER_{k}_SECONDS": seconds for k, seconds in hasty.items()}) as pair:
        flag = pair.notes / "again"
        command = f"[ -e {flag} ] && exit; touch {flag}; echo up; sleep 4711"
        stage = {"name": "wait", "kind": "shell", "command": command}
        task = pair.task(pair.project("GRACE", stage, maxAttempts=1))
        task.wait_until_logged(b"up")
        # What has ended by now would be lost without any outage.
        assert pair.worker.stages()
        assert not task.events("requeued")
        for name in SERVERS:
            pair.stack.processes[name].stop()
        wait_for(lambda: not pair.worker.stages(), "end of the stage")
        pair.restart(*SERVERS)
        assert task.wait_for_status("completed")["attempt"] == 2
        assert len(task.events("requeued")) == 1
