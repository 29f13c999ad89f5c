"""A terminal over the network: echo, flood, attach, a stalled viewer, and a thousand terminals.

Muster is compared with terminado, a bare relay and its own bare parts, in turns.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import command
from bench.command import Print
from bench.figures import Report
from bench.rig import Rig, running_rig
from bench.terminals import attach, comparison, shells, stalled_viewer, thousand
from bench.terminals.bare_relay import BareRelay
from bench.terminals.muster import Muster
from bench.terminals.terminado import Terminado, install
from bench.venvs import CannotInstall

PARTS = ("echo", "flood", "attach", "stalled", "thousand")


@dataclass(frozen=True)
class Sizes:
    """`flood` and `history` are in bytes, `crowd` is the seconds of each flood to ten viewers."""

    rounds: int
    stalls: int  # pairs of rounds with ten viewers
    keys: int
    flood: int
    crowd: float
    attaches: int
    history: int
    terminals: int
    seconds: float


FULL = Sizes(5, 3, 200, 100_000_000, 3.0, 20, 1_000_000_000, 1_000, 30.0)
QUICK = Sizes(3, 1, 100, 10_000_000, 3.0, 5, 32_000_000, 100, 8.0)


def measure(say: Print, options: argparse.Namespace) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    sizes: Sizes = QUICK if options.quick else FULL
    report = Report("Terminals")
    if {"echo", "flood", "attach", "stalled"} & set(options.only):
        with running_rig(say) as rig:
            _small(rig, sizes, options.only, report, say)
    if "thousand" in options.only:
        # On a separate server, because the floods' gigabytes of logs are sent for minutes.
        with running_rig(say) as rig:
            report.figures += thousand.measure(rig, sizes.terminals, sizes.seconds, report, say)
    return report


def _small(rig: Rig, sizes: Sizes, parts: list[str], report: Report, say: Print) -> None:
    """Measure all parts that use one machine with a daemon."""
    say("starting a worker, and tasks that run the shells")
    rig.start_worker(slots=4 + stalled_viewer.terminals(sizes.stalls))
    muster = Muster(rig)
    for terminal, shell in (("echo", shells.ECHO), ("flood", shells.FLOOD)):
        muster.start(terminal, shell)
    relay = BareRelay(rig.stack, rig.scratch)
    terminado = _terminado(rig, report, say)
    if "echo" in parts:
        report.figures += comparison.echo(muster, relay, terminado, sizes.rounds, sizes.keys, say)
    if "flood" in parts:
        directory = rig.scratch / "spool"
        report.figures += comparison.flood(
            muster, relay, terminado, directory, sizes.rounds, sizes.flood, report, say
        )
    if "stalled" in parts:
        crowd = (sizes.stalls, sizes.crowd)
        report.figures += stalled_viewer.measure(rig, muster, terminado, *crowd, report, say)
    if "attach" in parts:
        history = (sizes.attaches, sizes.history)
        report.figures += attach.measure(muster, terminado, *history, report, say)


def _terminado(rig: Rig, report: Report, say: Print) -> Terminado | None:
    try:
        commands: Path = install(say)
    except CannotInstall as problem:
        report.notes += [f"SKIPPED terminado and its bars: {problem}", ""]
        return None
    return Terminado(rig.stack, commands)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.terminals", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure less of everything")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=list(PARTS),
        help=f"some of {','.join(PARTS)}",
    )
    return parser


if __name__ == "__main__":
    sys.exit(command.run_with(_parser(), measure))
