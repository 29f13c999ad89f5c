"""The server's CPU time for texts in progress, compared with the same bytes as log.

A simulated machine sends 2,000 parts of texts a second, of an attempt that nobody watches and of
one that a stream shows; and as many bytes of log, a frame each, at the same pace.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from bench import command
from bench.command import Print
from bench.cpu_time import cpu_seconds, process_tree
from bench.figures import Blocks, Figure, Ratio, Report, flat
from bench.rig import TASKS, Rig, running_rig
from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine

PARTS_PER_SECOND = 2_000
SECONDS = 2
ROUNDS = 5
MAX_RATIO = 1.5
_AT_ONCE = 20  # parts that are sent without a pause
_PART = "the totals are rounded twice, I look at. "
_LIMIT = 60.0


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report(f"{PARTS_PER_SECOND:,} parts of texts a second, {len(_PART)} bytes each")
    with running_rig(say) as rig:
        writer = _Writer(rig)
        report.figures.append(_figure("without viewers", *_alternate(rig, writer, say)))
        with _viewer(rig, writer.task_id):
            report.figures.append(_figure("with a viewer", *_alternate(rig, writer, say)))
        writer.close()
    return report


class _Writer:
    """A machine with a running attempt."""

    def __init__(self, rig: Rig) -> None:
        rig.add_project("SAYS", "claude", "true")
        self._machine: SimulatedMachine = rig.simulated_machine()
        rig.session.post(TASKS, {"projectKey": "SAYS", "description": "measured"})
        self._order = self._machine.wait_for(frames.RunStage)
        self._machine.report(self._order, frames.Accepted(), frames.StageStarted(stage_index=0))
        self._machine.wait_until_acked()
        self._offset = 0

    @property
    def task_id(self) -> int:
        return int(self._order.task_id)

    def send_texts(self) -> None:
        """Send the parts, and wait until the server has processed all of them."""
        about = self._order.task_id, self._order.attempt
        for number in _paced():
            part = frames.TextDelta(*about, 0, 0, "message", number * len(_PART), _PART)
            self._machine.send(part)
        self._machine.report(self._order, frames.Note(level="info", text="sent"))
        self._machine.wait_until_acked(limit=_LIMIT)

    def send_log(self) -> None:
        """Likewise, as log."""
        data = _PART.encode()
        for _ in _paced():
            self._offset = self._machine.write(self._order, data, self._offset)
        self._machine.report(self._order, frames.Note(level="info", text="sent"))
        self._machine.wait_until_acked(limit=_LIMIT)

    def close(self) -> None:
        self._machine.disconnect()


def _paced() -> Iterator[int]:
    """Count the parts, at their pace."""
    started_at = time.monotonic()
    for number in range(PARTS_PER_SECOND * SECONDS):
        if number % _AT_ONCE == 0:
            time.sleep(max(0.0, started_at + number / PARTS_PER_SECOND - time.monotonic()))
        yield number


@contextmanager
def _viewer(rig: Rig, task_id: int) -> Iterator[None]:
    """Read the task's stream meanwhile."""
    url = f"{rig.stack.url}{TASKS}/{task_id}/stream"
    headers = {"Authorization": f"Bearer {rig.session.access_token}"}
    with httpx.stream("GET", url, headers=headers, timeout=_LIMIT) as response:
        reader = threading.Thread(target=lambda: list(response.iter_raw()), daemon=True)
        reader.start()
        yield


def _alternate(
    rig: Rig, writer: _Writer, say: Print
) -> tuple[list[list[float]], list[list[float]]]:
    """Return the CPU seconds by round: as texts, and as log."""
    acts = (writer.send_texts, writer.send_log)
    for act in acts:
        act()  # the first round costs more
    found: tuple[list[list[float]], list[list[float]]] = ([], [])
    for number in range(1, ROUNDS + 1):
        for blocks, act in zip(found, acts, strict=True):
            blocks.append([_cost(rig, act)])
        say(f"round {number} of {ROUNDS}: {found[0][-1][0]:.2f} s, as log {found[1][-1][0]:.2f} s")
    return found


def _cost(rig: Rig, act: Callable[[], None]) -> float:
    before = _spent(rig)
    act()
    return _spent(rig) - before


def _spent(rig: Rig) -> float:
    return sum(
        cpu_seconds(process_tree(rig.stack, name)) for name in ("gunicorn", "postgres", "valkey")
    )


def _figure(name: str, ours: Blocks, its: Blocks) -> Figure:
    return Figure(
        f"the server's processors, {name}",
        statistics.median(flat(ours)) * 1000,
        "ms",
        beside="the same bytes as log",
        beside_value=statistics.median(flat(its)) * 1000,
        ratio=Ratio.from_blocks(ours, its),
        max_ratio=MAX_RATIO,
    )


if __name__ == "__main__":
    sys.exit(command.run("Measure the server's cost of texts in progress.", measure))
