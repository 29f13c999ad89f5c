"""The server's CPU time for texts in progress, compared with the same bytes as log.

A simulated machine sends 2,000 parts of texts a second, of an attempt that nobody watches and of
one that a stream shows; and as many bytes of log, a frame each, at the same pace.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

from bench import command
from bench.command import Print
from bench.figures import Report
from bench.log_costs import LIMIT_SECONDS, RunningAttempt, compare
from bench.rig import TASKS, Rig, running_rig
from muster.protocol import frames

PARTS_PER_SECOND = 2_000
SECONDS = 2
MAX_RATIO = 1.5
_AT_ONCE = 20  # parts that are sent without a pause
_PART = "the totals are rounded twice, I look at. "


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report(f"{PARTS_PER_SECOND:,} parts of texts a second, {len(_PART)} bytes each")
    with running_rig(say) as rig:
        attempt = RunningAttempt(rig)

        def send_texts() -> None:
            about = attempt.order.task_id, attempt.order.attempt
            for number in paced_parts(PARTS_PER_SECOND * SECONDS):
                offset = number * len(_PART)
                attempt.machine.send(frames.TextDelta(*about, 0, 0, "message", offset, _PART))
            attempt.report(frames.Note(level="info", text="sent"))

        def send_log() -> None:
            for _ in paced_parts(PARTS_PER_SECOND * SECONDS):
                attempt.send_log(_PART.encode())
            attempt.report(frames.Note(level="info", text="sent"))

        costs = (send_texts, send_log, MAX_RATIO, say)
        report.figures.append(compare(rig, "without viewers", *costs))
        with _viewer(rig, attempt.task_id):
            report.figures.append(compare(rig, "with a viewer", *costs))
        attempt.close()
    return report


def paced_parts(count: int) -> Iterator[int]:
    """Count the parts, at their pace."""
    started_at = time.monotonic()
    for number in range(count):
        if number % _AT_ONCE == 0:
            time.sleep(max(0.0, started_at + number / PARTS_PER_SECOND - time.monotonic()))
        yield number


@contextmanager
def _viewer(rig: Rig, task_id: int) -> Iterator[None]:
    """Read the task's stream meanwhile."""
    url = f"{rig.stack.url}{TASKS}/{task_id}/stream"
    headers = {"Authorization": f"Bearer {rig.session.access_token}"}
    with httpx.stream("GET", url, headers=headers, timeout=LIMIT_SECONDS) as response:
        threading.Thread(target=_read_all, args=(response,), daemon=True).start()
        yield


def _read_all(response: httpx.Response) -> None:
    with suppress(httpx.HTTPError):  # closed at the end
        for _ in response.iter_raw():
            pass


if __name__ == "__main__":
    sys.exit(command.run("Measure the server's cost of texts in progress.", measure))
