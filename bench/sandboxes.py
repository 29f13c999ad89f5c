"""The cost of a full sandbox: two machines of one stack, one with sandboxes and one without."""

import statistics
import time
from typing import Any

from app.embedded.processes import wait_until
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Difference, Figure, Ratio, flat, latency
from bench.rig import TASKS, Rig
from bench.timestamps import SCRIPT, Stamps

SLOTS = 8
BLOCKS, WARM_UP, TASKS_A_BLOCK = 8, 3, 10
ROUNDS, TASKS_A_ROUND = 12, 24
MAX_LATER_MS = 30.0  # milliseconds
MIN_RATE = 0.85
FINISH_SECONDS = 120.0


def measure(rig: Rig, full: str, bare: str, say: Print) -> list[Figure]:
    """Compare two machines, given by ID: with full sandboxes and with none. Raises NotMeasured."""
    for machine_id, level in ((full, "full"), (bare, "none")):
        if (found := rig.sandbox_level(machine_id)) != level:
            raise NotMeasured(f"this machine's sandbox level is {found}, expected {level}")
    machines = {"with a full sandbox": full, "without a sandbox": bare}
    return [_latency(rig, machines, say), _throughput(rig, machines, say)]


def _latency(rig: Rig, machines: dict[str, str], say: Print) -> Figure:
    """Measure from the POST to the stage's process, which records its start time, in turns."""
    stamps = Stamps(rig.shared / "room-stamps")
    rig.add_project("ROOMSTAMPS", "custom", SCRIPT, stamps.environment)
    blocks: dict[str, list[list[float]]] = {name: [] for name in machines}
    for number in range(BLOCKS + 1):
        taken: dict[str, list[float]] = {name: [] for name in machines}
        for turn in range(TASKS_A_BLOCK if number else WARM_UP):
            for name, machine_id in _in_turns(machines, turn):
                taken[name].append(_start_process(rig, stamps, machine_id))
        medians = [f"{statistics.median(taken[name]) * 1000:.0f} ms {name}" for name in machines]
        which = f"block {number} of {BLOCKS}" if number else "warm-up"
        say(f"POST → the stage's process, {which}: {', '.join(medians)}")
        if number:
            for name in machines:
                blocks[name].append(taken[name])
    ours, floor = blocks.values()
    return latency(
        "POST → the stage's process, full sandbox",
        ours,
        beside="without a sandbox",
        beside_value=statistics.median(flat(floor)) * 1000,
        ratio=Difference.from_blocks(ours, floor),
        max_ratio=MAX_LATER_MS,
    )


def _start_process(rig: Rig, stamps: Stamps, machine_id: str) -> float:
    begun = time.time()
    task_id = rig.session.post(TASKS, _task("ROOMSTAMPS", machine_id))["id"]
    took = stamps.next() - begun
    rig.wait_until_completed(task_id)
    return took


def _throughput(rig: Rig, machines: dict[str, str], say: Print) -> Figure:
    """Measure finished `true` tasks per second, from a round's first POST to its last end."""
    rig.add_project("ROOMTRUE", "custom", "true")
    rates: dict[str, list[list[float]]] = {name: [] for name in machines}
    for number in range(ROUNDS):
        for name, machine_id in _in_turns(machines, number):
            rates[name].append([_rate(rig, machine_id)])
            say(f"tasks of `true`, {name}: {rates[name][-1][0]:.1f} a second")
    ours, floor = rates.values()
    return Figure(
        f"tasks of `true` finished, {SLOTS} slots, full sandbox",
        statistics.median(flat(ours)),
        "a second",
        beside="without a sandbox",
        beside_value=statistics.median(flat(floor)),
        ratio=Ratio.from_blocks(ours, floor),
        min_ratio=MIN_RATE,
    )


def _rate(rig: Rig, machine_id: str) -> float:
    before = _counts(rig)["completed"]
    begun = time.monotonic()
    for _ in range(TASKS_A_ROUND):
        rig.session.post(TASKS, _task("ROOMTRUE", machine_id))
    over = before + TASKS_A_ROUND
    if not wait_until(lambda: _counts(rig)["completed"] >= over, FINISH_SECONDS, pause=0.05):
        raise NotMeasured(f"{TASKS_A_ROUND} tasks reached these states: {_counts(rig)}")
    return TASKS_A_ROUND / (time.monotonic() - begun)


def _in_turns(machines: dict[str, str], number: int) -> list[tuple[str, str]]:
    """Alternate which goes first, so that slowdowns affect both alike."""
    pairs = list(machines.items())
    return pairs if number % 2 else pairs[::-1]


def _counts(rig: Rig) -> dict[str, Any]:
    counts: dict[str, Any] = rig.session.get("/api/web/projects/ROOMTRUE")["taskCounts"]
    return counts


def _task(project: str, machine_id: str) -> dict[str, str]:
    return {"projectKey": project, "description": "measured", "machineId": machine_id}
