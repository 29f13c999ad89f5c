"""The server's CPU time for an agent's transcript, compared with the same bytes as log.

A simulated machine reports entries and sends as many bytes of log, in turns: in batches of maximum
size, and a few entries at a time, as from a working agent.
"""

import sys
from functools import partial
from typing import Any

import msgspec

from bench import command
from bench.command import Print
from bench.figures import Report
from bench.log_costs import RunningAttempt, compare
from bench.rig import running_rig
from muster.protocol import frames

ENTRIES = 10_000
SLOW_ENTRIES = 2_000  # a few at a time
AT_ONCE_BYTES = 256 * 1024  # entries in one report of a machine
FEW = 10  # a busy agent's entries in half a second
MAX_RATIO = 2.0
_SHOWN = "tests/test_cart.py::test_a_discount_is_taken_once PASSED\n"

Batch = list[frames.TranscriptEntry]


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report(f"Transcript of {ENTRIES:,} entries, {len(_encoded(_entries())):,} bytes")
    with running_rig(say) as rig:
        writer = _Writer(RunningAttempt(rig))
        for name, batches in (("256 KiB", _large()), (f"{FEW} entries", _small())):
            title = f"{sum(map(len, batches)):,} entries, {name} a report"
            pieces = [_encoded(batch) for batch in batches]
            costs = (partial(writer.report_all, batches), partial(writer.log_all, pieces))
            report.figures.append(compare(rig, title, *costs, MAX_RATIO, say))
        writer.attempt.close()
    return report


class _Writer:
    """Waits for each ack, as with a slow agent."""

    def __init__(self, attempt: RunningAttempt) -> None:
        self.attempt = attempt
        self._first = 0

    def report_all(self, batches: list[Batch]) -> None:
        for batch in batches:
            body = frames.Transcript(stage_index=0, first=self._first, entries=batch)
            self.attempt.report(body)
            self._first += len(batch)

    def log_all(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self.attempt.send_log(piece)
            self.attempt.wait_until_log_stored()


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


if __name__ == "__main__":
    sys.exit(
        command.run(
            "Measure the server's cost of a transcript, compared with the same bytes as log.",
            measure,
        )
    )
