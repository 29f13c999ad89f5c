"""A chaos run from its seed to its violations."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from muster.worker.clock import boot_seconds
from tests.chaos import checker, history, stage_notes, summary
from tests.chaos.client import Client, wait_until
from tests.chaos.clients import People
from tests.chaos.collect import Collector
from tests.chaos.disruptor import Disruptor
from tests.chaos.history import Clocks, History
from tests.chaos.kills import Kills
from tests.chaos.plan import plans, reviewed_plans
from tests.chaos.rules.violation import Violation
from tests.chaos.schedule import PlannedDisruption, schedule
from tests.chaos.steps import Steps
from tests.chaos.world import LEASE, World

AT_ONCE = 24  # tasks that live at a time: more than there are slots
AT_ONCE_KILLED = 10
ONLINE = 60.0
STARTING = 180.0  # seconds for servers, on a machine that is busy
QUIET = 2 * LEASE + 20  # seconds in which nothing happened, after which nothing more will
REST = 2 * LEASE + 20
_POLL_SECONDS = 0.05
_PROGRESS = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What to run: `seconds` is how long faults and new work go on at most, `pace` the seconds
    between two faults."""

    seed: int
    tasks: int
    seconds: float
    pace: float = 2.0
    kills: int = 0
    """Instead of all faults: so many processes are killed at the steps of follow-ups."""


@dataclass(frozen=True)
class Outcome:
    """`directory` is where the history is, and all that the run left beside it."""

    history: History
    violations: list[Violation]
    directory: Path

    def lines(self) -> list[str]:
        return summary.lines(self.history, self.violations)

    def remove(self) -> None:
        shutil.rmtree(self.directory)


def run(order: Order, say: Say) -> Outcome:
    """Raises EmbeddedError when the stack does not come up, or does not come up again."""
    directory = Path(tempfile.mkdtemp(prefix=f"muster-chaos-{order.seed}-"))
    directory.chmod(0o755)
    with World(directory, say) as world:
        collector = Collector(world)

        def are_online() -> bool:
            world.stack.check()
            return collector.are_at_rest()

        if not wait_until(are_online, ONLINE):
            raise RuntimeError(f"the machines are not online; {directory}/home/logs say more")
        _Run(order, world, collector, say).play()
    return judge(directory)


def judge(directory: Path) -> Outcome:
    """Check what a run left, now or later."""
    found = history.load(directory / "history")
    found.runs += stage_notes.runs(directory / "notes")
    found.pushes += stage_notes.pushes(directory / "notes")
    return Outcome(found, checker.check(found), directory)


class _Run:
    def __init__(self, order: Order, world: World, collector: Collector, say: Say) -> None:
        self._order, self._collector, self._say = order, collector, say
        clients = [Client(*pair, world.clients.port) for pair in world.tokens.items()]
        self._faults: Disruptor | Kills = Disruptor(world)
        make, at_once, on_step = plans, AT_ONCE, _nobody
        if order.kills:
            self._steps = Steps(world.stack.env["DATABASE_URL"], world.notes / stage_notes.PUSHES)
            self._faults = Kills(world, self._steps, order.seed, order.kills, order.pace)
            make, at_once, on_step = reviewed_plans, AT_ONCE_KILLED, self._steps.sent
        work = make(order.seed, order.tasks)
        self._people = People(clients, work, world.recorder, at_once, order.seed, on_step)
        world.recorder.write(Clocks(boot_seconds(), time.time()))
        self._began = boot_seconds()
        self._said = 0.0

    def play(self) -> None:
        try:
            self._disturb(schedule(self._order.seed, self._order.seconds, self._order.pace))
            if isinstance(self._faults, Kills):
                self._steps.close()
                for line in self._faults.lines():
                    self._say(line)
            self._say("healing everything")
            self._faults.heal_all()
            wait_until(self._collector.is_answered, STARTING)
            self._people.changed_at = boot_seconds()
            self._people.leave()
            self._settle()
        finally:
            self._people.close()
        self._say("collecting")
        self._collector.collect()

    def _disturb(self, blows: list[PlannedDisruption]) -> None:
        """Until the work is done, or the time is over."""
        while self._passed < self._order.seconds and not self._people.are_done:
            if isinstance(self._faults, Kills):
                self._faults.turn()
                if self._faults.are_dealt:
                    return
            else:
                while blows and blows[0].at <= self._passed:
                    self._faults.apply(blows.pop(0))
            self._turn()

    def _settle(self) -> None:
        """Until all has ended and the machines are at rest, or nothing happens any more."""
        while self._people.live and boot_seconds() - self._people.changed_at < QUIET:
            self._turn()
        deadline = boot_seconds() + REST
        while boot_seconds() < deadline and not self._collector.are_at_rest():
            self._turn()

    @property
    def _passed(self) -> float:
        return boot_seconds() - self._began

    def _turn(self) -> None:
        self._faults.supervise()
        if self._passed - self._said >= _PROGRESS:
            self._said = self._passed
            known, live = len(self._people.tasks), self._people.live
            dealt = sum(self._faults.dealt.values())
            self._say(
                f"{self._passed:5.0f} s: {known} of {self._order.tasks} tasks, {live} live, "
                f"{dealt} faults"
            )
        time.sleep(_POLL_SECONDS)


def _nobody(*_: object) -> None:
    """Who listens for steps when nobody does."""
