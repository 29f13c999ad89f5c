"""A stage that prints 200,000 lines: how soon they're readable over the API, and whether all are.

Compared with Buildbot, which gets the same, and a bare loop on a terminal.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.embedded.processes import wait_until
from bench import command, flood, terminal
from bench.buildbot import Buildbot, install
from bench.command import Print
from bench.errors import NotMeasured
from bench.figures import Figure, Ratio, Report, flat
from bench.rig import TASKS, Rig, running_rig
from bench.timestamps import Stamps
from bench.venvs import CannotInstall

ROUNDS = 3
MIN_RATIO = 1.0
_ARGV = ("bash", "-c", flood.SCRIPT)
_SECONDS = 180.0
_POLL_SECONDS = 0.05  # interval for checking for the last line, on both sides
_MUSTER, _BUILDBOT = "Muster", "Buildbot 4.3"
_BARE_LOOP, _PROGRAM = "bare Python loop on a PTY", "the program alone, into a pipe"
_UNIT = "lines/s"


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report(f"Log of {flood.LINES:,} lines of 80 bytes")
    commands, excuse = _commands_of_buildbot(say)
    with running_rig(say) as rig:
        say("starting a worker")
        rig.start_worker(slots=1)
        takers: dict[str, Callable[[], float]] = {_MUSTER: _Muster(rig).flood_seconds}
        if commands is not None:
            say("starting Buildbot's master and worker")
            takers[_BUILDBOT] = Buildbot(rig.stack, rig.scratch, commands).flood_seconds
        takers |= _bare_ways(rig.scratch)
        rates = _alternate(takers, say)
    report.figures += _figures(rates)
    report.notes += ["Every byte of Muster's log matched the terminal's output, each time.", ""]
    if excuse:
        report.notes += [f"SKIPPED {_BUILDBOT} and its bar: {excuse}", ""]
    return report


def _commands_of_buildbot(say: Print) -> tuple[Path | None, str]:
    try:
        return install(say), ""
    except CannotInstall as problem:
        say(f"skipping Buildbot, it can't be installed: {problem}")
        return None, str(problem)


class _Muster:
    """Runs the flood on a real worker, as a task's only stage."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._stamps = Stamps(rig.shared / "stamps")
        self._expected = flood.printed(b"\r\n")
        rig.add_project("FLOOD", "custom", flood.SCRIPT, self._stamps.environment)

    def flood_seconds(self) -> float:
        """Return the seconds from the process's start until the last byte is readable by API."""
        session, body = self._rig.session, {"projectKey": "FLOOD", "description": "measured"}
        task_id = session.post(TASKS, body)["id"]
        path = f"{TASKS}/{task_id}/logs/raw"
        begun = self._stamps.next()
        if not wait_until(
            lambda: session.size(path) >= len(self._expected), _SECONDS, _POLL_SECONDS
        ):
            size = session.size(path)
            raise NotMeasured(f"{size:,} of {len(self._expected):,} bytes in {_SECONDS:.0f} s")
        took = time.time() - begun
        self._rig.wait_until_completed(task_id)
        self._check(session.read(path))
        return took

    def _check(self, log: bytes) -> None:
        """Check the log. Raises NotMeasured if it's wrong."""
        if log == self._expected:
            return
        pairs = enumerate(zip(log, self._expected, strict=False))
        at = next((n for n, (got, put) in pairs if got != put), min(len(log), len(self._expected)))
        raise NotMeasured(
            f"the log doesn't match the output: {len(log):,} bytes instead of "
            f"{len(self._expected):,}, the first difference at byte {at:,}"
        )


def _bare_ways(scratch: Path) -> dict[str, Callable[[], float]]:
    env = Stamps(scratch / "bare-stamps").environment
    size = len(flood.printed(b"\r\n"))
    return {
        _BARE_LOOP: lambda: terminal.seconds_on_pty(_ARGV, env, size),
        _PROGRAM: lambda: terminal.seconds_into_pipe(_ARGV, env),
    }


def _alternate(takers: dict[str, Callable[[], float]], say: Print) -> dict[str, list[list[float]]]:
    """Return lines per second, each round as a block."""
    rates: dict[str, list[list[float]]] = {name: [] for name in takers}
    for number in range(1, ROUNDS + 1):
        for name, flood_seconds in takers.items():
            rates[name].append([flood.LINES / flood_seconds()])
            say(f"round {number} of {ROUNDS}: {name}, {rates[name][-1][0]:,.0f} lines/s")
    return rates


def _figures(rates: dict[str, list[list[float]]]) -> list[Figure]:
    medians = {name: statistics.median(flat(blocks)) for name, blocks in rates.items()}

    def beside(name: str, at_least: float | None = None) -> Figure:
        return Figure(
            "a stage's lines, readable over the API",
            medians[_MUSTER],
            _UNIT,
            beside=name,
            beside_value=medians[name],
            ratio=Ratio.from_blocks(rates[_MUSTER], rates[name]),
            min_ratio=at_least,
        )

    peers = [beside(_BUILDBOT, MIN_RATIO)] if _BUILDBOT in rates else []
    return [*peers, beside(_BARE_LOOP), Figure(_PROGRAM, medians[_PROGRAM], _UNIT)]


if __name__ == "__main__":
    sys.exit(command.run("Measure how soon a stage's output is readable over the API.", measure))
