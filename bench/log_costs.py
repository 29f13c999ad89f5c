"""The server's CPU time for what a simulated machine sends, compared with the same bytes as log."""

import statistics
from collections.abc import Callable

from bench.command import Print
from bench.cpu_time import cpu_seconds, process_tree
from bench.figures import Figure, Ratio, flat
from bench.rig import TASKS, Rig
from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine

ROUNDS = 5
LIMIT_SECONDS = 60.0
_PROCESSES = ("gunicorn", "postgres", "valkey")


class RunningAttempt:
    """A simulated machine, and its attempt whose stage runs."""

    def __init__(self, rig: Rig) -> None:
        rig.add_project("SAYS", "claude", "true")
        self.machine: SimulatedMachine = rig.simulated_machine()
        rig.session.post(TASKS, {"projectKey": "SAYS", "description": "measured"})
        self.order = self.machine.wait_for(frames.RunStage)
        self.report(frames.Accepted(), frames.StageStarted(stage_index=0))
        self._log_end = 0

    @property
    def task_id(self) -> int:
        return int(self.order.task_id)

    def report(self, *bodies: frames.Body) -> None:
        """Report on the attempt, and wait until the server has stored it."""
        self.machine.report(self.order, *bodies)
        self.machine.wait_until_acked(limit=LIMIT_SECONDS)

    def send_log(self, data: bytes) -> None:
        self._log_end = self.machine.write(self.order, data, self._log_end)

    def wait_until_log_stored(self) -> None:
        self.machine.wait_until_stored(self.order, self._log_end, limit=LIMIT_SECONDS)

    def close(self) -> None:
        self.machine.disconnect()


def compare(
    rig: Rig,
    name: str,
    send: Callable[[], None],
    send_as_log: Callable[[], None],
    max_ratio: float,
    say: Print,
) -> Figure:
    """Do both in turns, and return the figure of their CPU times."""
    send(), send_as_log()  # the first round costs more
    ours: list[list[float]] = []
    logged: list[list[float]] = []
    for number in range(1, ROUNDS + 1):
        ours.append([_cpu_cost(rig, send)])
        logged.append([_cpu_cost(rig, send_as_log)])
        say(f"round {number} of {ROUNDS}: {ours[-1][0]:.2f} s, as log {logged[-1][0]:.2f} s")
    return Figure(
        f"the server's processors, {name}",
        statistics.median(flat(ours)) * 1000,
        "ms",
        beside="the same bytes as log",
        beside_value=statistics.median(flat(logged)) * 1000,
        ratio=Ratio.from_blocks(ours, logged),
        max_ratio=max_ratio,
    )


def _cpu_cost(rig: Rig, act: Callable[[], None]) -> float:
    before = _spent_seconds(rig)
    act()
    return _spent_seconds(rig) - before


def _spent_seconds(rig: Rig) -> float:
    return sum(cpu_seconds(process_tree(rig.stack, name)) for name in _PROCESSES)
