"""The cost of an evidence bundle for a task with a log of 50 MB, compared with the log itself: its
duration, and gunicorn's additional memory.
"""

import statistics
import sys
import threading
import time

import psutil

from bench import command
from bench.command import Print
from bench.cpu_time import process_tree
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, flat
from bench.rig import TASKS, Rig, running_rig
from muster.protocol import frames

LOG_BYTES = 50_000_000
CHUNK_BYTES = 200_000
ROUNDS = 3
_LIMIT = 60.0
_POLL_SECONDS = 0.02
_LINE = b"%07d tests/test_cart.py::test_a_discount_is_taken_once PASSED      [ 42%%]\r\n"


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report(f"Evidence of a task with a log of {LOG_BYTES:,} bytes")
    with running_rig(say) as rig:
        task = _write(rig, say)
        bundles, logs = f"{TASKS}/{task}/evidence", f"{TASKS}/{task}/logs/raw"
        (
            _measure_seconds(rig, logs),
            _measure_seconds(rig, bundles),
        )  # the first read costs more
        ours: list[list[float]] = []
        its: list[list[float]] = []
        grown: list[float] = []
        for number in range(1, ROUNDS + 1):
            its.append([_measure_seconds(rig, logs)])
            more = _Watch(rig)
            ours.append([_measure_seconds(rig, bundles)])
            grown.append(more.end())
            say(f"round {number} of {ROUNDS}: {ours[-1][0]:.2f} s, the log {its[-1][0]:.2f} s")
        size = len(rig.session.read(bundles))
    report.figures += [
        Figure(
            "GET …/evidence",
            statistics.median(flat(ours)) * 1000,
            "ms",
            beside="GET …/logs/raw",
            beside_value=statistics.median(flat(its)) * 1000,
            ratio=Ratio.from_blocks(ours, its),
        ),
        Figure("gunicorn's memory, more than before, at its peak", max(grown), "MiB"),
    ]
    report.notes.append(f"The bundle has {size:,} bytes, including log and recording.")
    return report


def _write(rig: Rig, say: Print) -> int:
    """Create a task with a log of that size; return its ID."""
    rig.add_project("SAYS", "claude", "true")
    machine = rig.simulated_machine()
    task = int(rig.session.post(TASKS, {"projectKey": "SAYS", "description": "measured"})["id"])
    order = machine.wait_for(frames.RunStage)
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    offset = line = 0
    say("writing the log")
    while offset < LOG_BYTES:
        piece = b"".join(_LINE % (line + n) for n in range(CHUNK_BYTES // len(_LINE)))
        line += CHUNK_BYTES // len(_LINE)
        offset = machine.write(order, piece, offset)
        machine.wait_until_stored(order, offset, limit=_LIMIT)
    machine.disconnect()
    return task


def _measure_seconds(rig: Rig, path: str) -> float:
    began = time.perf_counter()
    if not rig.session.read(path):
        raise NotMeasured(f"{path} is empty")
    return time.perf_counter() - began


class _Watch:
    """Measures the growth of gunicorn's memory in MiB, from now until `end`."""

    def __init__(self, rig: Rig) -> None:
        self._processes = process_tree(rig.stack, "gunicorn")
        self._before = self._max_bytes = self._now()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._poll)
        self._thread.start()

    def end(self) -> float:
        self._over.set()
        self._thread.join()
        return (self._max_bytes - self._before) / (1 << 20)

    def _poll(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            self._max_bytes = max(self._max_bytes, self._now())

    def _now(self) -> int:
        total = 0
        for process in self._processes:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total


if __name__ == "__main__":
    sys.exit(command.run("Measure the cost of an evidence bundle, compared with its log.", measure))
