"""From a task's POST to its machine and process, and finished tasks per second, with floors."""

import argparse
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.embedded.processes import wait_until
from bench import command, sandboxes, workspaces
from bench.celery_floor import CeleryFloor
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, flat, latency
from bench.rig import TASKS, Rig, running_rig
from bench.sandboxes import SLOTS
from bench.timestamps import SCRIPT, Stamps
from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine

WARM_UP = 5
BLOCKS, TASKS_A_BLOCK, ROUND_TRIPS_A_BLOCK = 5, 10, 40
MAX_MS = 5.0
FINISHED = 200
FINISH_SECONDS = 300.0


@dataclass(frozen=True)
class Sent:
    """One task on its way to the simulated machine: Unix times."""

    sent: float
    created: float
    answered: float
    assigned: float
    received: float

    @property
    def seconds(self) -> float:
        return self.received - self.sent

    def steps(self) -> dict[str, float]:
        """Return the seconds by step."""
        return {
            "POST sent → the service starts": self.created - self.sent,
            "the service starts → a dispatcher's pass starts": self.assigned - self.created,
            "the pass starts → run-stage received": self.received - self.assigned,
            "(meanwhile: POST sent → POST answered)": self.answered - self.sent,
        }


def measure(say: Print, options: argparse.Namespace) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report("Dispatch")
    with running_rig(say) as rig:
        if not options.sandboxes:
            _measure_orders(rig, report, say)
        if options.orders:
            return report
        say(f"starting a worker with {SLOTS} slots")
        full = rig.start_worker(SLOTS)
        if not options.sandboxes:
            report.figures.append(_measure_processes(rig, say))
            report.figures.append(_measure_throughput(rig, say))
            say("preparing workspaces, compared with bare git")
            report.figures += workspaces.measure(rig.scratch, rig.repository)
        say("starting another worker without sandboxes")
        bare = rig.start_worker(SLOTS, "bare", "none")
        report.figures += sandboxes.measure(rig, full, bare, say)
    return report


# ---- POST to run-stage, and bare Celery --------------------------------------------------------


def _measure_orders(rig: Rig, report: Report, say: Print) -> None:
    say("starting the floor's Celery worker and a simulated machine")
    rig.add_project("ORDERS", "claude", "true")
    floor = CeleryFloor(rig.stack)
    with rig.simulated_machine() as machine, ThreadPoolExecutor(1) as listener:
        for _ in range(WARM_UP):
            _send(rig, machine, listener)
            floor.round_trip()
        orders, trips = [], []
        for number in range(1, BLOCKS + 1):
            say(f"POST → run-stage, compared with Celery round trips: block {number} of {BLOCKS}")
            machine.beat()
            orders.append([_send(rig, machine, listener) for _ in range(TASKS_A_BLOCK)])
            trips.append([floor.round_trip() for _ in range(ROUND_TRIPS_A_BLOCK)])
    floor.close()
    report.figures += _order_figures(orders, trips)
    report.notes += _breakdown([sent for block in orders for sent in block])


def _send(rig: Rig, machine: SimulatedMachine, listener: ThreadPoolExecutor) -> Sent:
    """Run one task from its POST to its end."""
    machine.inbox.clear()
    hearing = listener.submit(_receive_order, machine)
    body = {"projectKey": "ORDERS", "description": "measured", "machineId": machine.machine_id}
    sent = time.time()
    task_id = rig.session.post(TASKS, body)["id"]
    answered = time.time()
    order, received = hearing.result()
    if order.task_id != task_id:
        raise NotMeasured(f"task {task_id} was created, but task {order.task_id} was ordered")
    _finish(machine, order)
    task = rig.wait_until_completed(task_id)
    created, assigned = _to_timestamp(task["createdAt"]), _to_timestamp(task["assignedAt"])
    return Sent(sent, created, answered, assigned, received)


def _receive_order(machine: SimulatedMachine) -> tuple[frames.RunStage, float]:
    """Wait for the order, on a separate thread: it can arrive before the POST's response."""
    order = machine.wait_for(frames.RunStage)
    return order, time.time()


def _finish(machine: SimulatedMachine, order: frames.RunStage) -> None:
    """Report the order as carried out, as fast as possible."""
    ended = frames.StageFinished(stage_index=0, log_end=0, how="exit")
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0), ended)
    machine.publish(order, frames.DiffStat())
    machine.wait_until_acked()


def _order_figures(
    orders: list[list[Sent]], trips: list[list[tuple[float, float]]]
) -> list[Figure]:
    ours = [[sent.seconds for sent in block] for block in orders]
    bodies = [[body for body, _ in block] for block in trips]
    rounds = [[whole for _, whole in block] for block in trips]
    return [
        latency(
            "POST → run-stage received",
            ours,
            beside="bare Celery round trip",
            beside_value=statistics.median(flat(rounds)) * 1000,
            ratio=Ratio.from_blocks(ours, rounds),
            max_ratio=MAX_MS,
        ),
        latency("bare Celery: delay() → body", bodies),
        latency("bare Celery: delay() → get() returned", rounds),
    ]


def _breakdown(orders: list[Sent]) -> list[str]:
    """Note the medians of the steps, which needn't add up."""
    steps = [sent.steps() for sent in orders]
    lines = ["Where POST → run-stage goes (medians; server timestamps are in whole milliseconds):"]
    for name in steps[0]:
        ms = statistics.median(step[name] for step in steps) * 1000
        lines.append(f"  {ms:6.1f} ms  {name}")
    return [*lines, ""]


def _to_timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# ---- on a real worker --------------------------------------------------------------------------


def _measure_processes(rig: Rig, say: Print) -> Figure:
    """Measure from the POST to the stage's process, which records its start time."""
    stamps = Stamps(rig.shared / "stamps")
    rig.add_project("STAMPS", "custom", SCRIPT, stamps.environment)
    blocks = []
    for number in range(BLOCKS + 1):
        say(f"POST → the stage's process: {f'block {number} of {BLOCKS}' if number else 'warm-up'}")
        count = TASKS_A_BLOCK if number else WARM_UP
        blocks.append([_start_process(rig, stamps) for _ in range(count)])
    return latency("POST → the stage's process started", blocks[1:])


def _start_process(rig: Rig, stamps: Stamps) -> float:
    begun = time.time()
    task_id = rig.session.post(TASKS, {"projectKey": "STAMPS", "description": "measured"})["id"]
    took = stamps.next() - begun
    rig.wait_until_completed(task_id)
    return took


def _measure_throughput(rig: Rig, say: Print) -> Figure:
    """Measure finished tasks per second, from the first POST to the last task's end."""
    rig.add_project("TRUE", "custom", "true")
    begun = time.monotonic()
    for _ in range(FINISHED):
        rig.session.post(TASKS, {"projectKey": "TRUE", "description": "measured"})
    say(f"{FINISHED} tasks created in {time.monotonic() - begun:.1f} s")
    counts: dict[str, Any] = {}
    printed_at = begun

    def are_over() -> bool:
        nonlocal printed_at
        counts.update(rig.session.get("/api/web/projects/TRUE")["taskCounts"])
        if time.monotonic() > printed_at + 5:
            printed_at = time.monotonic()
            say(f"{counts['completed']} of {FINISHED} tasks finished")
        return bool(counts["completed"] + counts["failed"] >= FINISHED)

    if not wait_until(are_over, FINISH_SECONDS, pause=0.1) or counts["failed"]:
        raise NotMeasured(f"{FINISHED} tasks reached these states: {counts}")
    took = time.monotonic() - begun
    return Figure(f"tasks of `true` finished, {SLOTS} slots", FINISHED / took, "a second")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Measure how fast work gets from the API to a process on a machine."
    )
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--orders", action="store_true", help="only POST to run-stage (15 s)")
    parts.add_argument(
        "--sandboxes", action="store_true", help="only the cost of a full sandbox (4 min)"
    )
    sys.exit(command.run_with(parser, measure))
