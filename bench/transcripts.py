"""The server's CPU time for an agent's transcript, compared with the same bytes as log.

A simulated machine reports entries and sends as many bytes of log, in turns: in batches of maximum
size, and a few entries at a time, as from a working agent.
"""

import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from bench import command
from bench.command import Print
from bench.cpu_time import cpu_seconds, process_tree
from bench.figures import Blocks, Figure, Ratio, Report, flat
from bench.rig import TASKS, Rig, running_rig
from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine

ENTRIES = 10_000
SLOW_ENTRIES = 2_000  # a few at a time
ROUNDS = 5
AT_ONCE_BYTES = 256 * 1024  # entries in one report of a machine
FEW = 10  # a busy agent's entries in half a second
MAX_MS = 2.0
_LIMIT = 60.0
_SHOWN = "tests/test_cart.py::test_a_discount_is_taken_once PASSED\n"

Batch = list[frames.TranscriptEntry]


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report(f"Transcript of {ENTRIES:,} entries, {len(_encoded(_entries())):,} bytes")
    with running_rig(say) as rig:
        writer = _Writer(rig)
        for name, batches in (("256 KiB", _large()), (f"{FEW} entries", _small())):
            ours, its = _alternate(rig, writer, batches, say)
            count = sum(map(len, batches))
            report.figures.append(_figure(f"{count:,} entries, {name} a report", ours, its))
        writer.close()
    return report


# ---- content -------------------------------------------------------------------------------------


def _entries() -> Batch:
    """Return entries like an agent's: messages, commands with some output, edits."""
    return [_entry(number) for number in range(ENTRIES)]


def _entry(number: int) -> frames.TranscriptEntry:
    at, offset = number * 50, number * 400
    match number % 3:
        case 0:
            title, text = "", f"{number}: the cart's totals are rounded twice, I look where."
            return frames.TranscriptEntry(at, "message", title, text, {}, offset)
        case 1:
            data = {"command": "make test", "exitCode": 0}
            output = _SHOWN * (number % 17)
            return frames.TranscriptEntry(at, "command", "make test", output, data, offset)
    diff = f"@@ -{number},2 +{number},2 @@\n-    total = round(total)\n+    total = exact(total)\n"
    return frames.TranscriptEntry(at, "edit", "shop/cart.py", diff, {"lines": 2}, offset)


def _large() -> list[Batch]:
    batches: list[Batch] = [[]]
    size = 0
    for entry in _entries():
        size += len(_encoded(entry))
        if size > AT_ONCE_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(entry)
    return batches


def _small() -> list[Batch]:
    entries = _entries()
    return [entries[start : start + FEW] for start in range(0, SLOW_ENTRIES, FEW)]


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


# ---- sending -------------------------------------------------------------------------------------


class _Writer:
    """A machine with a running attempt, which waits for each ack, as with a slow agent."""

    def __init__(self, rig: Rig) -> None:
        rig.add_project("SAYS", "claude", "true")
        self._machine: SimulatedMachine = rig.simulated_machine()
        rig.session.post(TASKS, {"projectKey": "SAYS", "description": "measured"})
        self._order = self._machine.wait_for(frames.RunStage)
        self._machine.report(self._order, frames.Accepted(), frames.StageStarted(stage_index=0))
        self._machine.wait_until_acked()
        self._first = self._offset = 0

    def report(self, batch: Batch) -> None:
        body = frames.Transcript(stage_index=0, first=self._first, entries=batch)
        self._machine.report(self._order, body)
        self._machine.wait_until_acked(limit=_LIMIT)
        self._first += len(batch)

    def log(self, data: bytes) -> None:
        self._offset = self._machine.write(self._order, data, self._offset)
        self._machine.wait_until_stored(self._order, self._offset, limit=_LIMIT)

    def close(self) -> None:
        self._machine.disconnect()


def _alternate(
    rig: Rig, writer: _Writer, batches: Sequence[Batch], say: Print
) -> tuple[list[list[float]], list[list[float]]]:
    """Return the CPU seconds of all batches by round: as transcript, and as log."""
    pieces = [_encoded(batch) for batch in batches]

    def report_all() -> None:
        for batch in batches:
            writer.report(batch)

    def logged() -> None:
        for piece in pieces:
            writer.log(piece)

    report_all(), logged()  # the first round costs more
    found: tuple[list[list[float]], list[list[float]]] = ([], [])
    for number in range(1, ROUNDS + 1):
        for blocks, act in zip(found, (report_all, logged), strict=True):
            blocks.append([_cost(rig, act)])
        say(f"round {number} of {ROUNDS}: {found[0][-1][0]:.2f} s, as log {found[1][-1][0]:.2f} s")
    return found


def _cost(rig: Rig, act: Callable[[], None]) -> float:
    before = _spent(rig)
    act()
    return _spent(rig) - before


def _spent(rig: Rig) -> float:
    return sum(cpu_seconds(process_tree(rig.stack, name)) for name in ("gunicorn", "postgres"))


def _figure(name: str, ours: Blocks, its: Blocks) -> Figure:
    return Figure(
        f"gunicorn's and Postgres's processors, {name}",
        statistics.median(flat(ours)) * 1000,
        "ms",
        beside="the same bytes as log",
        beside_value=statistics.median(flat(its)) * 1000,
        ratio=Ratio.from_blocks(ours, its),
        max_ratio=MAX_MS,
    )


if __name__ == "__main__":
    sys.exit(
        command.run(
            "Measure the server's cost of a transcript, compared with the same bytes as log.",
            measure,
        )
    )
