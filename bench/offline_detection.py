"""How soon a frozen machine counts as offline, and its task continues after it reconnects."""

import time
from dataclasses import dataclass
from typing import Any

from app.embedded.processes import wait_until
from bench import command
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Figure, Report, latency, percentile
from bench.rig import TASKS, Rig, running_rig
from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine

MACHINES = 8
APART = 0.7  # seconds between their last heartbeats, to spread them over the sweep's interval
SEEN_WITHIN, RUNS_WITHIN = 35.0, 1.0
_POLL_SECONDS = 0.02


@dataclass
class _Frozen:
    """A machine that is silent since `last`, with an open socket."""

    machine: SimulatedMachine
    order: frames.RunStage
    last: float
    seen: float = 0.0


def measure(say: Print) -> Report:
    """Measure everything with production settings. Raises NotMeasured, EmbeddedError."""
    report = Report("Silence")
    with running_rig(say) as rig:
        rig.add_project("SILENCE", "claude", "true")
        say(f"starting {MACHINES} simulated machines with a running stage each")
        frozen = [_freeze(rig) for _ in range(MACHINES)]
        say("they are silent; waiting until the server notices")
        _wait_until_offline(rig, frozen)
        seen = [one.seen - one.last for one in frozen]
        say("they reconnect, one after the other")
        back = [_reconnect(rig, one) for one in frozen]
    name = "last heartbeat → the machine is offline"
    report.figures.append(Figure(name, percentile(seen, 50), "s", p99=percentile(seen, 99)))
    report.figures.append(latency("welcome → its task is running again", [back]))
    for what, worst, limit in (
        ("detected as offline", max(seen), SEEN_WITHIN),
        ("running again", max(back), RUNS_WITHIN),
    ):
        verdict = "ok" if worst <= limit else "MISSED"
        report.notes.append(f"{what}: at worst {worst:.2f} s, at most {limit:g} s: {verdict}")
    return report


def _freeze(rig: Rig) -> _Frozen:
    machine = rig.simulated_machine()
    body = {"projectKey": "SILENCE", "description": "Wait.", "machineId": machine.machine_id}
    rig.session.post(TASKS, body)
    order = machine.wait_for(frames.RunStage)
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.wait_until_acked()
    number = machine.beat()
    last = time.monotonic()
    machine.wait_for(frames.HeartbeatAck, lambda ack: ack.number == number)
    time.sleep(APART)
    return _Frozen(machine, order, last)


def _wait_until_offline(rig: Rig, frozen: list[_Frozen]) -> None:
    waiting = {one.machine.machine_id: one for one in frozen}

    def poll() -> bool:
        listed: list[dict[str, Any]] = rig.session.get("/api/web/machines?limit=100")["items"]
        now = time.monotonic()
        for row in listed:
            if row["status"] == "offline" and row["id"] in waiting:
                waiting.pop(row["id"]).seen = now
        return not waiting

    if not wait_until(poll, 120.0, pause=_POLL_SECONDS):
        raise NotMeasured(f"{len(waiting)} machines aren't detected as offline after 120 s")


def _reconnect(rig: Rig, one: _Frozen) -> float:
    path = f"{TASKS}/{one.order.task_id}"
    if rig.session.get(path)["suspendReason"] != "machine_lost":
        raise NotMeasured("the task of an offline machine isn't suspended")
    with one.machine as machine:
        machine.connect(
            frames.TrackedAttempt(one.order.task_id, one.order.attempt, 0, "working", 0)
        )
        welcomed = time.monotonic()
        if not wait_until(lambda: rig.session.get(path)["status"] == "running", 30.0, pause=0.002):
            raise NotMeasured("the task isn't running again after 30 s")
        return time.monotonic() - welcomed


if __name__ == "__main__":
    raise SystemExit(
        command.run(
            "Measure how soon an offline machine is detected, and resumes its task.", measure
        )
    )
