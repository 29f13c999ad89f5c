"""Doing what the schedule says (`mending.py` undoes it). Main thread only: it starts processes."""

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
from tests.chaos.schedule import DRAIN_BY, Blow
from tests.chaos.world import PEOPLE, SERVERS, World

LOST_POWER = "attempt lost its power"

T = TypeVar("T")


class Faults:
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

    def deal(self, blow: Blow) -> None:
        if _ACTS[blow.name](self, blow):
            self.dealt[blow.name] = self.dealt.get(blow.name, 0) + 1

    def supervise(self) -> None:
        self._mending.supervise()

    def heal_all(self) -> None:
        """Returns when everything runs again, and the operator has nothing left to do."""
        self._mending.mend_all(lambda: self._operator.is_idle)

    # Processes of the stack

    def _kill(self, blow: Blow, name: str) -> bool:
        if name in self._mending.down:
            return False
        self._recorder.fault(blow.name, name)
        self._stack.processes[name].kill()
        self._mending.start_again(name, blow.lasts)
        return True

    def _kill_daemon(self, blow: Blow) -> bool:
        return self._kill(blow, self._machine(blow).name)

    def _kill_gunicorn(self, blow: Blow) -> bool:
        return self._kill(blow, self._world.server(blow.server))

    def _roll_gunicorns(self, blow: Blow) -> bool:
        """As for an upgrade: each is asked to leave and started again, one after the other."""
        if not self._mending.down.isdisjoint(SERVERS):
            return False
        self._recorder.fault(blow.name)
        one, other = SERVERS[blow.server], SERVERS[1 - blow.server]
        mending = self._mending
        mending.restart(one, lambda: mending.later(blow.lasts, lambda: mending.restart(other)))
        return True

    def _kill_celery(self, blow: Blow) -> bool:
        """Both of its workers."""
        killed = [self._kill(blow, name) for name in ("dispatcher", "celery")]
        return any(killed)

    def _kill_beat(self, blow: Blow) -> bool:
        return self._kill(blow, "beat")

    def _restart_valkey(self, blow: Blow) -> bool:
        return self._kill(blow, "valkey")

    def _restart_postgres(self, blow: Blow) -> bool:
        """At once, without a word to its clients; it recovers when it starts."""
        if "postgres" in self._mending.down:
            return False
        self._recorder.fault(blow.name)
        self._stack.processes["postgres"].send(signal.SIGQUIT)
        self._mending.start_again("postgres", blow.lasts)
        return True

    def _empty_redis(self, blow: Blow) -> bool:
        client = redis.Redis.from_url(self._stack.env["REDIS_URL"], socket_timeout=2)
        try:
            client.flushall()
        except redis.RedisError:
            return False
        finally:
            client.close()
        self._recorder.fault(blow.name)
        return True

    def _kill_web_worker(self, blow: Blow) -> bool:
        return self._hit(blow, self._web_workers(blow), signal.SIGKILL)

    def _stop_web_worker(self, blow: Blow) -> bool:
        return self._stop(blow, self._web_workers(blow))

    def _web_workers(self, blow: Blow) -> list[Process]:
        master = self._stack.processes[self._world.server(blow.server)].pid
        return [process for process in processes.descendants(master) if process.parent == master]

    # Machines

    def _kill_shim(self, blow: Blow) -> bool:
        return self._kill_one(blow, self._machine(blow).shims())

    def _kill_room_first(self, blow: Blow) -> bool:
        return self._kill_one(blow, self._machine(blow).room_firsts())

    def _kill_room_maker(self, blow: Blow) -> bool:
        return self._kill_one(blow, self._machine(blow).room_makers())

    def _kill_stage(self, blow: Blow) -> bool:
        found = _pick(self._machine(blow).leaders(), blow.pick)
        if found is None:
            return False
        self._recorder.fault(blow.name, self._machine(blow).name, found[1])
        for process in processes.in_group(found[0].pid):
            processes.send(process, signal.SIGKILL)
        return True

    def _cut_power(self, blow: Blow) -> bool:
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        machine.freeze()  # so that nothing begins while we look who is hit
        self._recorder.fault(blow.name, machine.name)
        for whose in machine.attempts():
            self._recorder.fault(LOST_POWER, machine.name, whose)
        machine.signal_all(signal.SIGKILL, lambda process: not process.alive)
        self._mending.start_again(machine.name, blow.lasts)
        return True

    def _upgrade_daemon(self, blow: Blow) -> bool:
        """It leaves its agents behind, and its successor finds them."""
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        self._recorder.fault(blow.name, machine.name)
        self._mending.restart(machine.name)
        return True

    def _break_rooms(self, blow: Blow) -> bool:
        tools = self._machine(blow).tools
        self._recorder.fault(blow.name, self._machine(blow).name)
        if blow.name == BREAK_AT:
            broken_sandboxes.break_at(tools, _pick(list(broken_sandboxes.STEPS), blow.pick) or "")
        else:
            broken_sandboxes.break_(tools)
        self._mending.later(blow.lasts, lambda: broken_sandboxes.heal(tools))
        return True

    def _drain(self, blow: Blow) -> bool:
        machine = self._machine(blow)
        deadline = 1 + int(blow.pick * 5) if blow.name == DRAIN_BY else None
        self._recorder.fault(blow.name, machine.name)
        self._operator.drain(machine, deadline)
        self._mending.later(blow.lasts, lambda: self._operator.undrain(machine))
        return True

    def _replace_machine(self, blow: Blow) -> bool:
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        self._recorder.fault(blow.name, machine.name)
        self._mending.down.add(machine.name)
        enrolled: list[bool] = []

        def start() -> None:
            self._stack.restart(machine.name)
            self._mending.down.discard(machine.name)

        self._operator.replace(machine, lambda: enrolled.append(True))
        self._mending.once(lambda: bool(enrolled), start)
        return True

    def _tear_journal(self, blow: Blow) -> bool:
        machine = self._machine(blow)
        if not self._kill(blow, machine.name):
            return False
        machine.daemon.wait(5)
        tear(machine, blow.pick)
        return True

    def _stop_daemon(self, blow: Blow) -> bool:
        daemon = self._machine(blow).daemon
        found = processes.find(daemon.pid) if daemon.poll() is None else None
        return self._stop(blow, [found] if found else [])

    def _stop_shim(self, blow: Blow) -> bool:
        return self._stop(blow, [process for process, _ in self._machine(blow).shims()])

    def _freeze_machine(self, blow: Blow) -> bool:
        machine = self._machine(blow)
        if machine.name in self._mending.down:
            return False
        self._recorder.fault(blow.name, machine.name)
        frozen = machine.freeze()
        at = boot_seconds()

        def thaw() -> None:
            thawing = boot_seconds()
            for process in frozen:
                processes.send(process, signal.SIGCONT)
            self._recorder.write(Frozen(machine.name, at, thawing, boot_seconds()))

        self._mending.later(blow.lasts, thaw)
        return True

    # The network

    def _cut(self, blow: Blow) -> bool:
        self._recorder.fault(blow.name, self._machine(blow).name)
        self._machine(blow).door.cut()
        return True

    def _cut_clients(self, blow: Blow) -> bool:
        self._recorder.fault(blow.name)
        self._world.clients.cut()
        return True

    def _refuse(self, blow: Blow) -> bool:
        self._recorder.fault(blow.name, self._machine(blow).name)
        self._machine(blow).door.refuse()
        self._mending.later(blow.lasts, self._machine(blow).door.heal)
        return True

    def _swallow(self, blow: Blow) -> bool:
        *_, last = blow.name.split()
        directions = (last,) if last in ("up", "down") else ("up", "down")
        self._recorder.fault(blow.name, self._machine(blow).name)
        self._machine(blow).door.swallow(*directions)
        self._mending.later(blow.lasts, self._machine(blow).door.heal)
        return True

    # Parts of these

    def _machine(self, blow: Blow) -> Machine:
        return self._world.machines[blow.machine]

    def _kill_one(self, blow: Blow, those: Sequence[tuple[Process, Whose]]) -> bool:
        found = _pick(those, blow.pick)
        if found is None:
            return False
        self._recorder.fault(blow.name, self._machine(blow).name, found[1])
        return processes.send(found[0], signal.SIGKILL)

    def _hit(self, blow: Blow, those: Sequence[Process], number: signal.Signals) -> bool:
        found = _pick(those, blow.pick)
        if found is None:
            return False
        self._recorder.fault(blow.name, f"process {found.pid}")
        return processes.send(found, number)

    def _stop(self, blow: Blow, those: Sequence[Process]) -> bool:
        found = _pick(those, blow.pick)
        if found is None or not self._hit(blow, [found], signal.SIGSTOP):
            return False
        self._mending.later(blow.lasts, lambda: processes.send(found, signal.SIGCONT))
        return True


_ACTS: dict[str, Callable[[Faults, Blow], bool]] = {
    "kill daemon": Faults._kill_daemon,
    "kill daemon for long": Faults._kill_daemon,
    "kill shim": Faults._kill_shim,
    "kill stage": Faults._kill_stage,
    KILL_FIRST: Faults._kill_room_first,
    KILL_MAKER: Faults._kill_room_maker,
    "power cut": Faults._cut_power,
    "torn journal": Faults._tear_journal,
    "stop daemon": Faults._stop_daemon,
    "stop daemon for long": Faults._stop_daemon,
    "stop shim": Faults._stop_shim,
    "freeze machine": Faults._freeze_machine,
    "freeze machine for long": Faults._freeze_machine,
    "cut": Faults._cut,
    "refuse": Faults._refuse,
    "refuse for long": Faults._refuse,
    "swallow": Faults._swallow,
    "swallow for long": Faults._swallow,
    "swallow up": Faults._swallow,
    "swallow down": Faults._swallow,
    "upgrade daemon": Faults._upgrade_daemon,
    **dict.fromkeys((BREAK, BREAK_AT), Faults._break_rooms),
    "drain": Faults._drain,
    DRAIN_BY: Faults._drain,
    "replace machine": Faults._replace_machine,
    "roll gunicorns": Faults._roll_gunicorns,
    "cut clients": Faults._cut_clients,
    "kill gunicorn": Faults._kill_gunicorn,
    "kill web worker": Faults._kill_web_worker,
    "stop web worker": Faults._stop_web_worker,
    "kill celery": Faults._kill_celery,
    "kill beat": Faults._kill_beat,
    "empty redis": Faults._empty_redis,
    "restart valkey": Faults._restart_valkey,
    "restart postgres": Faults._restart_postgres,
}


def _pick(those: Sequence[T], share: float) -> T | None:
    return those[int(share * len(those))] if those else None
