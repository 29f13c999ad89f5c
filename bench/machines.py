"""Many machines on one server: the cost of each, the delay of acks, and the spread of tasks."""

import sys
import time
import uuid
from dataclasses import dataclass

import config
from app.domain.machine import MachineStatus
from app.embedded.processes import wait_until
from app.extensions import db
from app.factory import create_app
from app.models import Machine
from app.services.accounts import tokens
from app.services.clock import now
from bench import command
from bench.command import Print
from bench.cpu_time import cpu_seconds, process_tree
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, latency
from bench.fleet import Credential, Fleet
from bench.rig import TASKS, Rig, running_rig

FEW, MANY = 200, 2_000
WINDOW = 30.0  # seconds for which to measure heartbeats
SINGLES, BURST = 100, 2_000
BURST_SECONDS = 300.0
FLAT = 1.25


@dataclass(frozen=True)
class Cost:
    """The cost of connected machines. Memory in bytes, CPU time in seconds per second."""

    machines: int
    memory: int
    web: float
    postgres: float
    beats: list[float]

    @property
    def cpu_of_one(self) -> float:
        return (self.web + self.postgres) / self.machines


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report("Machines")
    with running_rig(say) as rig:
        rig.add_project("FLEET", "claude", "true")
        empty = _memory(rig)
        idle = _cpu(rig, WINDOW / 2)
        fleet = Fleet(rig.stack.url)
        costs, single = [], []
        for number in (FEW, MANY):
            say(f"connecting machines until there are {number:,}")
            fleet.add(_enrolled(rig, number - sum(c.machines for c in costs[-1:])))
            say(f"{number:,} machines send heartbeats for {WINDOW:.0f} s")
            costs.append(_cost(rig, fleet, number, idle))
            say(f"{SINGLES} tasks in sequence")
            single.append(_singles(rig, fleet))
        report.figures += _figures(costs, single, empty)
        say(f"{BURST:,} tasks at once")
        report.figures += _burst(rig, fleet)
        report.notes.append(f"connections lost meanwhile: {fleet.seen.lost}")
        fleet.close()
    return report


def _enrolled(rig: Rig, number: int) -> list[Credential]:
    """Insert registered machines: two thousand real registrations would measure nothing here."""
    app = create_app(config.load({**rig.stack.env, "MUSTER_LOG_LEVEL": "WARNING"}))
    moment = now()
    with app.app_context():
        machines = [
            Machine(
                id=uuid.uuid4(),
                name=f"machine-{place}",
                status=MachineStatus.OFFLINE,
                slots_total=2,
                hardware={"cpuCount": 4, "memoryBytes": 8 << 30},
                recovery_digest="",
                created_at=moment,
            )
            for place in range(number)
        ]
        db.session.add_all(machines)
        db.session.commit()
        found = [Credential(str(m.id), tokens.worker_jwt(m)[0]) for m in machines]
        db.engine.dispose()
    return found


# ---- cost ----------------------------------------------------------------------------------------


def _cost(rig: Rig, fleet: Fleet, number: int, idle: tuple[float, float]) -> Cost:
    wait_until(lambda: False, 12.0)  # skip the cost of connecting and the first heartbeats
    fleet.seen.beats.clear()
    web, postgres = _cpu(rig, WINDOW)
    beats = list(fleet.seen.beats)
    if len(beats) < number:
        raise NotMeasured(f"only {len(beats)} heartbeats were answered, for {number} machines")
    return Cost(number, _memory(rig), web - idle[0], postgres - idle[1], beats)


def _cpu(rig: Rig, seconds: float) -> tuple[float, float]:
    """Return gunicorn's and Postgres's CPU seconds per second."""
    before = [cpu_seconds(process_tree(rig.stack, name)) for name in ("gunicorn", "postgres")]
    begun = time.monotonic()
    wait_until(lambda: False, seconds)
    passed = time.monotonic() - begun
    after = [cpu_seconds(process_tree(rig.stack, name)) for name in ("gunicorn", "postgres")]
    web, postgres = (max(0.0, (b - a) / passed) for a, b in zip(before, after, strict=True))
    return web, postgres


def _memory(rig: Rig) -> int:
    """Return the private memory of gunicorn's processes."""
    return sum(process.memory_full_info().uss for process in process_tree(rig.stack, "gunicorn"))


# ---- spread of tasks -----------------------------------------------------------------------------


def _singles(rig: Rig, fleet: Fleet) -> list[float]:
    """Return the seconds from POST to order, for tasks in sequence."""
    seconds = []
    for _ in range(SINGLES):
        sent = time.time()
        task_id = int(rig.session.post(TASKS, {"projectKey": "FLEET", "description": "x"})["id"])
        if not wait_until(lambda task=task_id: task in fleet.seen.ordered, 30.0, pause=0.001):
            raise NotMeasured(f"task {task_id} was not ordered")
        seconds.append(fleet.seen.ordered[task_id] - sent)
        rig.wait_until_completed(task_id)
    return seconds


def _burst(rig: Rig, fleet: Fleet) -> list[Figure]:
    """Create one task per machine; return how many each machine gets, and how soon."""
    fleet.seen.tasks.clear()
    fleet.seen.ordered.clear()
    begun = time.time()
    for _ in range(BURST):
        rig.session.post(TASKS, {"projectKey": "FLEET", "description": "x"})
    created = time.time()
    if not wait_until(lambda: len(fleet.seen.ordered) >= BURST, BURST_SECONDS, pause=0.05):
        raise NotMeasured(f"{len(fleet.seen.ordered)} of {BURST} tasks were ordered")
    ordered = max(fleet.seen.ordered.values())
    most = max(fleet.seen.tasks.values())
    return [
        Figure("tasks created a second, one client", BURST / (created - begun), "/s"),
        Figure("the last of them ordered after the last POST", max(0.0, ordered - created), "s"),
        Figure("machines that got one", float(len(fleet.seen.tasks)), f"of {MANY:,}"),
        Figure("the most that one machine got", float(most), "tasks"),
    ]


# ---- figures -------------------------------------------------------------------------------------


def _figures(costs: list[Cost], single: list[list[float]], empty: int) -> list[Figure]:
    few, many = costs
    memory = [(cost.memory - empty) / cost.machines / 1024 for cost in costs]
    cpu = [cost.cpu_of_one * 1e6 for cost in costs]
    beside = f"with {FEW}"

    def flat(value: list[float]) -> Ratio:
        ratio = value[1] / value[0] if value[0] else 0.0
        return Ratio(ratio, ratio, ratio)

    return [
        Figure(
            f"memory a connection, with {MANY:,}",
            memory[1],
            "KiB",
            beside=beside,
            beside_value=memory[0],
            ratio=flat(memory),
            max_ratio=FLAT,
        ),
        Figure(
            f"processor time a machine, with {MANY:,}",
            cpu[1],
            "µs/s",
            beside=beside,
            beside_value=cpu[0],
            ratio=flat(cpu),
            max_ratio=FLAT,
        ),
        Figure("gunicorn's processors, all heartbeats", many.web * 100, "% of one"),
        Figure("Postgres's processors, all heartbeats", many.postgres * 100, "% of one"),
        latency(f"heartbeat → committed and answered, with {MANY:,}", [many.beats]),
        latency(f"the same with {FEW}", [few.beats]),
        latency(f"POST → run-stage, with {MANY:,}", [single[1]]),
        latency(f"the same with {FEW}", [single[0]]),
    ]


if __name__ == "__main__":
    sys.exit(command.run(str(__doc__), measure))
