"""kill -9 at every step of a follow-up and of a branch's way, so many times. Main thread only.

Which process is killed at which step is fixed by what has been killed so far and by the seed; when
a step comes is the run's own.
"""

import random
import signal
from collections import Counter
from typing import NamedTuple

from muster.worker import processes
from muster.worker.clock import boot_seconds
from tests.chaos.machines import Machine, Whose
from tests.chaos.recovery import Mending
from tests.chaos.steps import Step, Steps
from tests.chaos.world import SERVERS, World

VICTIMS = ("kill shim", "kill daemon", "kill gunicorn", "kill web worker", "kill celery",
           "kill dispatcher")  # fmt: skip
_DELAYS = (0.0, 0.0, 0.02, 0.1, 0.3)  # seconds behind a step
_AWAY = 0.2  # seconds until it is started again
_IDLE = 8.0  # seconds without a step, after which somebody is killed all the same
_ANY = "any moment"
AT = ", at "  # in a fault's target, before its step


class _Kill(NamedTuple):
    at: float
    step: Step
    victim: str


class Kills:
    """Kills `count` processes, `pace` seconds apart at least, each as soon as a step comes."""

    def __init__(self, world: World, steps: Steps, seed: int, count: int, pace: float) -> None:
        self._world, self._stack, self._steps = world, world.stack, steps
        self._mending = Mending(world)
        self._rng = random.Random(f"kills-{seed}")
        self._count, self._pace = count, pace
        self._next: _Kill | None = None
        self._free_at = boot_seconds() + 2.0
        self.dealt: Counter[str] = Counter()
        self.by_step: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()

    @property
    def are_dealt(self) -> bool:
        return self.dealt.total() >= self._count

    def supervise(self) -> None:
        self._mending.supervise()

    def heal_all(self) -> None:
        self._mending.mend_all(lambda: True)

    def turn(self) -> None:
        """Look for steps, and kill whose turn it is."""
        now = boot_seconds()
        for step in self._steps.pop_new():
            self._consider(step, now)
        if self._next is None and now > self._free_at + _IDLE:
            self._plan(Step(_ANY, 0), now)
        if self._next is None or now < self._next.at:
            return
        kill, self._next = self._next, None
        if not self.are_dealt and self._deal(kill):
            self.dealt[kill.victim] += 1
            self.by_step[kill.step.name] += 1
            self._free_at = now + self._pace
        self._pairs[kill.step.name, kill.victim] += 1

    def _consider(self, step: Step, now: float) -> None:
        """Steps that are common wait for those that are rare."""
        if self._next is not None or now < self._free_at:
            return
        usual = self.dealt.total() / max(1, len(self.by_step))
        if self.by_step[step.name] <= usual or self._rng.random() < 0.1:
            self._plan(step, now)

    def _plan(self, step: Step, now: float) -> None:
        """Whoever was killed there least."""
        victims = self._rng.sample(VICTIMS, len(VICTIMS))
        victim = min(victims, key=lambda name: self._pairs[step.name, name])
        self._next = _Kill(now + self._rng.choice(_DELAYS), step, victim)

    def _deal(self, kill: _Kill) -> bool:
        server = self._rng.choice(SERVERS)
        match kill.victim:
            case "kill shim":
                return self._kill_shim(kill.step)
            case "kill web worker":
                return self._kill_web_worker(kill.step, server)
            case "kill daemon":
                return self._kill(kill, self._machine(kill.step).name)
            case "kill gunicorn":
                return self._kill(kill, server)
        return self._kill(kill, kill.victim.removeprefix("kill "))

    def _kill(self, kill: _Kill, name: str) -> bool:
        if name in self._mending.down:
            return False
        self._record(kill.victim, name, kill.step)
        self._stack.processes[name].kill()
        self._mending.start_again(name, _AWAY)
        return True

    def _kill_shim(self, step: Step) -> bool:
        """The attempt's, or another's of its machine."""
        machine = self._machine(step)
        those = machine.shims()
        mine = [pair for pair in those if pair[1] == (step.task_id, step.attempt)] or those
        if not mine:
            return False
        process, whose = self._rng.choice(mine)
        self._record("kill shim", machine.name, step, whose)
        return processes.send_signal(process, signal.SIGKILL)

    def _kill_web_worker(self, step: Step, server: str) -> bool:
        master = self._stack.processes[server].pid
        workers = [p for p in processes.descendants(master) if p.parent == master]
        if not workers:
            return False
        self._record("kill web worker", server, step)
        return processes.send_signal(self._rng.choice(workers), signal.SIGKILL)

    def _record(self, fault: str, target: str, step: Step, whose: Whose = (0, 0)) -> None:
        self._world.recorder.record_disruption(fault, f"{target}{AT}{step.name}", whose)

    def _machine(self, step: Step) -> Machine:
        """Of the step, or any."""
        mine = [machine for machine in self._world.machines if machine.name == step.machine]
        return mine[0] if mine else self._rng.choice(self._world.machines)

    def lines(self) -> list[str]:
        counts = ", ".join(f"{count} at {name}" for name, count in sorted(self.by_step.items()))
        return [f"kills     {self.dealt.total()}: {counts}"]
