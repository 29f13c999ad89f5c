"""Doing what the schedule says (`recovery.py` undoes it). Main thread only: it starts processes."""

import signal
from collections.abc import Callable, Sequence
from typing import TypeVar

import redis

from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.processes import Process
from tests.chaos import broken_sandboxes
from tests.chaos.client import Client
from tests.chaos.history import Frozen
from tests.chaos.machines import Machine, Whose, tear
from tests.chaos.operators import Operator
from tests.chaos.recovery import Mending
from tests.chaos.rules.orphans import KILL_FIRST, KILL_MAKER
from tests.chaos.rules.sandboxes import BREAK, BREAK_AT
from tests.chaos.schedule import DRAIN_BY, PlannedDisruption
from tests.chaos.world import PEOPLE, SERVERS, World

LOST_POWER = "attempt lost its power"

T = TypeVar("T")


class Disruptor:
    """Deals blows to a world. `supervise` now and then: it starts again what has died."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stack = world.stack
        self._recorder = world.recorder
        self._mending = Mending(world)
        name = PEOPLE[0]
        client = Client(name, world.tokens[name], world.clients.port)
        self._operator = Operator(client, world.api, world.recorder)
        self.dealt: dict[str, int] = {}

    def apply(self, blow: PlannedDisruption) -> None:
        if _ACTIONS[blow.name](self, blow):
            self.dealt[blow.name] = self.dealt.get(blow.name, 0) + 1

    def supervise(self) -> None:
        self._mending.supervise()

    def heal_all(self) -> None:
        """Returns when everything runs again, and the operator has nothing left to do."""
        self._mending.mend_all(lambda: self._operator.is_idle)

    def _kill(self, blow: PlannedDisruption, name: str) -> bool:
        if name in self._mending.down:
            return False
        self._recorder.record_disruption(blow.name, name)
        self._stack.processes[name].kill()
        self._mending.start_again(name, blow.lasts)
        return True

    def _kill_daemon(self, blow: PlannedDisruption) -> bool:
        return self._kill(blow, self._machine(blow).name)

    def _kill_gunicorn(self, blow: PlannedDisruption) -> bool:
        return self._kill(blow, self._world.server(blow.server))

    def _roll_gunicorns(self, blow: PlannedDisruption) -> bool:
        """As for an upgrade: each is asked to leave and started again, one after the other."""
        if not self._mending.down.isdisjoint(SERVERS):
            return False
        self._recorder.record_disruption(blow.name)
        one, other = SERVERS[blow.server], SERVERS[1 - blow.server]
        mending = self._mending
        mending.restart(one, lambda: mending.later(blow.lasts, lambda: mending.restart(other)))
        return True

    def _kill_celery(self, blow: PlannedDisruption) -> bool:
        """Both of its workers."""
        killed = [self._kill(blow, name) for name in ("dispatcher", "celery")]
        return any(killed)

    def _kill_beat(self, blow: PlannedDisruption) -> bool:
        return self._kill(blow, "beat")

    def _restart_valkey(self, blow: PlannedDisruption) -> bool:
        return self._kill(blow, "valkey")

    def _restart_postgres(self, blow: PlannedDisruption) -> bool:
        """At once, without a word to its clients; it recovers when it starts."""
        if "postgres" in self._mending.down:
            return False
        self._recorder.record_disruption(blow.name)
        self._stack.processes["postgres"].send_signal(signal.SIGQUIT)
        self._mending.start_again("postgres", blow.lasts)
        return True

    def _empty_redis(self, blow: PlannedDisruption) -> bool:
        client = redis.Redis.from_url(self._stack.env["REDIS_URL"], socket_timeout=2)
        try:
            client.flushall()
        except redis.RedisError:
            return False
        finally:
            client.close()
        self._recorder.record_disruption(blow.name)
        return True

    def _kill_web_worker(self, blow: PlannedDisruption) -> bool:
        return self._hit(blow, self._web_workers(blow), signal.SIGKILL)

    def _stop_web_worker(self, blow: PlannedDisruption) -> bool:
        return self._stop(blow, self._web_workers(blow))

    def _web_workers(self, blow: PlannedDisruption) -> list[Process]:
        master = self._stack.processes[self._world.server(blow.server)].pid
        return [process for process in processes.descendants(master) if process.parent == master]

    def _kill_shim(self, blow: PlannedDisruption) -> bool:
        return self._kill_one(blow, self._machine(blow).shims())

    def _kill_sandbox_init(self, blow: PlannedDisruption) -> bool:
        return self._kill_one(blow, self._machine(blow).sandbox_inits())

    def _kill_sandbox_launcher(self, blow: PlannedDisruption) -> bool:
        return self._kill_one(blow, self._machine(blow).sandbox_launchers())

    def _kill_stage(self, blow: PlannedDisruption) -> bool:
        found = _pick(self._machine(blow).inits(), blow.pick)
        if found is None:
            return False
        self._recorder.record_disruption(blow.name, self._machine(blow).name, found[1])
        for process in processes.processes_in_group(found[0].pid):
            processes.send_signal(process, signal.SIGKILL)
        return True

    def _cut_power(self, blow: PlannedDisruption) -> bool:
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        machine.freeze()  # so that nothing begins while we look who is hit
        self._recorder.record_disruption(blow.name, machine.name)
        for whose in machine.attempts():
            self._recorder.record_disruption(LOST_POWER, machine.name, whose)
        machine.signal_all(signal.SIGKILL, lambda process: not process.is_alive)
        self._mending.start_again(machine.name, blow.lasts)
        return True

    def _upgrade_daemon(self, blow: PlannedDisruption) -> bool:
        """It leaves its agents behind, and its successor finds them."""
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        self._recorder.record_disruption(blow.name, machine.name)
        self._mending.restart(machine.name)
        return True

    def _break_sandboxes(self, blow: PlannedDisruption) -> bool:
        tools = self._machine(blow).tools
        self._recorder.record_disruption(blow.name, self._machine(blow).name)
        if blow.name == BREAK_AT:
            broken_sandboxes.break_at(tools, _pick(list(broken_sandboxes.STEPS), blow.pick) or "")
        else:
            broken_sandboxes.break_now(tools)
        self._mending.later(blow.lasts, lambda: broken_sandboxes.heal(tools))
        return True

    def _drain(self, blow: PlannedDisruption) -> bool:
        machine = self._machine(blow)
        deadline = 1 + int(blow.pick * 5) if blow.name == DRAIN_BY else None
        self._recorder.record_disruption(blow.name, machine.name)
        self._operator.drain(machine, deadline)
        self._mending.later(blow.lasts, lambda: self._operator.undrain(machine))
        return True

    def _replace_machine(self, blow: PlannedDisruption) -> bool:
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        self._recorder.record_disruption(blow.name, machine.name)
        self._mending.down.add(machine.name)
        enrolled: list[bool] = []

        def start() -> None:
            self._stack.restart(machine.name)
            self._mending.down.discard(machine.name)

        self._operator.replace(machine, lambda: enrolled.append(True))
        self._mending.once(lambda: bool(enrolled), start)
        return True

    def _tear_journal(self, blow: PlannedDisruption) -> bool:
        machine = self._machine(blow)
        if not self._kill(blow, machine.name):
            return False
        machine.daemon.wait(5)
        tear(machine, blow.pick)
        return True

    def _stop_daemon(self, blow: PlannedDisruption) -> bool:
        daemon = self._machine(blow).daemon
        found = processes.find(daemon.pid) if daemon.poll() is None else None
        return self._stop(blow, [found] if found else [])

    def _stop_shim(self, blow: PlannedDisruption) -> bool:
        return self._stop(blow, [process for process, _ in self._machine(blow).shims()])

    def _freeze_machine(self, blow: PlannedDisruption) -> bool:
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        self._recorder.record_disruption(blow.name, machine.name)
        frozen = machine.freeze()
        at = boot_seconds()

        def thaw() -> None:
            thawing = boot_seconds()
            for process in frozen:
                processes.send_signal(process, signal.SIGCONT)
            self._recorder.write(Frozen(machine.name, at, thawing, boot_seconds()))

        self._mending.later(blow.lasts, thaw)
        return True

    def _cut(self, blow: PlannedDisruption) -> bool:
        self._recorder.record_disruption(blow.name, self._machine(blow).name)
        self._machine(blow).proxy_port.cut()
        return True

    def _cut_clients(self, blow: PlannedDisruption) -> bool:
        self._recorder.record_disruption(blow.name)
        self._world.clients.cut()
        return True

    def _refuse(self, blow: PlannedDisruption) -> bool:
        self._recorder.record_disruption(blow.name, self._machine(blow).name)
        self._machine(blow).proxy_port.refuse()
        self._mending.later(blow.lasts, self._machine(blow).proxy_port.heal)
        return True

    def _swallow(self, blow: PlannedDisruption) -> bool:
        *_, last = blow.name.split()
        directions = (last,) if last in ("up", "down") else ("up", "down")
        self._recorder.record_disruption(blow.name, self._machine(blow).name)
        self._machine(blow).proxy_port.swallow(*directions)
        self._mending.later(blow.lasts, self._machine(blow).proxy_port.heal)
        return True

    def _machine(self, blow: PlannedDisruption) -> Machine:
        return self._world.machines[blow.machine]

    def _kill_one(self, blow: PlannedDisruption, those: Sequence[tuple[Process, Whose]]) -> bool:
        found = _pick(those, blow.pick)
        if found is None:
            return False
        self._recorder.record_disruption(blow.name, self._machine(blow).name, found[1])
        return processes.send_signal(found[0], signal.SIGKILL)

    def _hit(
        self, blow: PlannedDisruption, those: Sequence[Process], number: signal.Signals
    ) -> bool:
        found = _pick(those, blow.pick)
        if found is None:
            return False
        self._recorder.record_disruption(blow.name, f"process {found.pid}")
        return processes.send_signal(found, number)

    def _stop(self, blow: PlannedDisruption, those: Sequence[Process]) -> bool:
        found = _pick(those, blow.pick)
        if found is None or not self._hit(blow, [found], signal.SIGSTOP):
            return False
        self._mending.later(blow.lasts, lambda: processes.send_signal(found, signal.SIGCONT))
        return True


_ACTIONS: dict[str, Callable[[Disruptor, PlannedDisruption], bool]] = {
    "kill daemon": Disruptor._kill_daemon,
    "kill daemon for long": Disruptor._kill_daemon,
    "kill shim": Disruptor._kill_shim,
    "kill stage": Disruptor._kill_stage,
    KILL_FIRST: Disruptor._kill_sandbox_init,
    KILL_MAKER: Disruptor._kill_sandbox_launcher,
    "power cut": Disruptor._cut_power,
    "torn journal": Disruptor._tear_journal,
    "stop daemon": Disruptor._stop_daemon,
    "stop daemon for long": Disruptor._stop_daemon,
    "stop shim": Disruptor._stop_shim,
    "freeze machine": Disruptor._freeze_machine,
    "freeze machine for long": Disruptor._freeze_machine,
    "cut": Disruptor._cut,
    "refuse": Disruptor._refuse,
    "refuse for long": Disruptor._refuse,
    "swallow": Disruptor._swallow,
    "swallow for long": Disruptor._swallow,
    "swallow up": Disruptor._swallow,
    "swallow down": Disruptor._swallow,
    "upgrade daemon": Disruptor._upgrade_daemon,
    **dict.fromkeys((BREAK, BREAK_AT), Disruptor._break_sandboxes),
    "drain": Disruptor._drain,
    DRAIN_BY: Disruptor._drain,
    "replace machine": Disruptor._replace_machine,
    "roll gunicorns": Disruptor._roll_gunicorns,
    "cut clients": Disruptor._cut_clients,
    "kill gunicorn": Disruptor._kill_gunicorn,
    "kill web worker": Disruptor._kill_web_worker,
    "stop web worker": Disruptor._stop_web_worker,
    "kill celery": Disruptor._kill_celery,
    "kill beat": Disruptor._kill_beat,
    "empty redis": Disruptor._empty_redis,
    "restart valkey": Disruptor._restart_valkey,
    "restart postgres": Disruptor._restart_postgres,
}


def _pick(those: Sequence[T], share: float) -> T | None:
    return those[int(share * len(those))] if those else None
