"""How many processors a stage's processes use, while one of its entries runs.

Standard library only.
"""

import os
from collections.abc import Callable
from math import inf
from time import process_time
from typing import Any

from muster.worker.limits.limits import StageLimits
from muster.worker.limits.sandbox_group import read_cpu_seconds
from muster.worker.processes import Process, cpu_ticks
from muster.worker.shim.stage_entries import StageEntries

INTERVAL_SECONDS = 2.0

_TIME_DIVISOR = 20  # a sample may use a twentieth of the time
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


class CpuSamples:
    """Polled by the shim's loop. A sample belongs to the latest running entry, and is published
    like a part of a text: never stored."""

    def __init__(
        self,
        limits: StageLimits | None,
        living: Callable[[], list[Process]],
        entries: StageEntries,
        publish: Callable[[dict[str, Any]], None],
    ) -> None:
        """`limits` have the stage's control groups; without those of version 2, the times of all
        `living` processes are added up."""
        self._groups, self._living = limits.groups if limits else (), living
        self._entries, self._publish = entries, publish
        self._last: tuple[float, float] | None = None  # time, and seconds used until then
        self._next_at = 0.0

    def next_poll_at(self) -> float:
        """When to call `poll` next, in boot-time seconds."""
        return inf if self._entries.latest_running is None else self._next_at

    def poll(self, now: float) -> None:
        """Publish a sample if it is time for one."""
        entry = self._entries.latest_running
        if entry is None or now < self._next_at:
            return
        started = process_time()
        used = self._used_seconds()
        pause = max(INTERVAL_SECONDS, _TIME_DIVISOR * (process_time() - started))
        before, self._last = self._last, (now, used)
        # An older one is from before the entry.
        if before is not None and now < self._next_at + pause and now > before[0]:
            share = max(0.0, used - before[1]) / (now - before[0])
            self._publish({"kind": "cpu", "entry": entry, "offset": 0, "text": f"{share:.1f}"})
        self._next_at = now + pause

    def _used_seconds(self) -> float:
        for directory in self._groups:
            if (used := read_cpu_seconds(directory)) is not None:
                return used
        return sum(map(cpu_ticks, self._living())) * _TICK_SECONDS
