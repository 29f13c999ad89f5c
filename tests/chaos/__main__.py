"""`python -m tests.chaos`: break everything, and look whether every promise was kept."""

import argparse
import os
import sys
from pathlib import Path

from app.embedded import EmbeddedError
from tests.chaos import driver, summary
from tests.chaos.driver import Order, Outcome
from tests.chaos.kills import VICTIMS


def main() -> int:
    """0: nothing found. 1: violations. 2: the run itself did not work, or did too little."""
    options = _parser().parse_args()
    try:
        outcome = driver.judge(options.check) if options.check else _run(options)
    except EmbeddedError as problem:
        _print(str(problem))
        return 2
    for line in outcome.lines():
        _print(line)
    short = None if options.check else _shortfall(outcome, options)
    if short:
        _print(short)
    if outcome.violations or short or options.keep or options.check:
        _print(f"the history is in {outcome.directory}; again: --check {outcome.directory}")
    else:
        outcome.remove()
    return 1 if outcome.violations else 2 if short else 0


def _shortfall(outcome: Outcome, options: argparse.Namespace) -> str | None:
    if not options.kills:
        return summary.shortfall(outcome.history, options.tasks)
    dealt = sum(fault.name in VICTIMS for fault in outcome.history.disruptions)
    return None if dealt >= options.kills else f"only {dealt} of {options.kills} were killed"


def _run(options: argparse.Namespace) -> Outcome:
    seconds = options.minutes * 60 if options.minutes else 120 + 3.0 * options.tasks
    _print(f"seed {options.seed}, {options.tasks} tasks, at most {seconds / 60:.0f} min of faults")
    order = Order(options.seed, options.tasks, seconds, options.pace, options.kills)
    return driver.run(order, _print)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    fresh = int.from_bytes(os.urandom(3), "big")
    parser.add_argument("--seed", type=int, default=fresh, help="default: another one each time")
    parser.add_argument("--tasks", type=int, default=300)
    parser.add_argument("--minutes", type=float, help="of faults; default: enough for the tasks")
    parser.add_argument("--pace", type=float, default=2.0, help="seconds between two faults")
    parser.add_argument("--kills", type=int, default=0, metavar="N",
                        help="instead of faults: kill -9 at N steps of follow-ups")  # fmt: skip
    parser.add_argument("--keep", action="store_true", help="the history, also if it is clean")
    parser.add_argument("--check", type=Path, metavar="DIR", help="only check an earlier run again")
    return parser


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
