"""The common part of the commands `python -m bench.…`."""

import argparse
import sys
import time
from collections.abc import Callable

from app.embedded import EmbeddedError
from bench.errors import NotMeasured
from bench.figures import Report

INTERRUPTED = 130

Print = Callable[[str], None]
"""Takes a line of progress."""


def run(description: str, measure: Callable[[Print], Report]) -> int:
    """Run a measurement. Return the exit status: 0 if all was measured, even if a bar is missed."""
    return run_with(argparse.ArgumentParser(description=description), lambda say, _: measure(say))


def run_with(
    parser: argparse.ArgumentParser, measure: Callable[[Print, argparse.Namespace], Report]
) -> int:
    """Run a measurement that has its own options. Return the exit status."""
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    try:
        report = measure(progress(), options)
    except (NotMeasured, EmbeddedError, OSError) as problem:
        print(f"not measured: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; everything is stopped", file=sys.stderr)
        return INTERRUPTED
    print(report.as_json() if options.json else f"\n{report.as_text()}")
    return 0


def progress() -> Print:
    """Print lines to stderr, each with the elapsed seconds."""
    begun = time.monotonic()
    # Figures go to stdout, where programs may read them.
    return lambda line: print(
        f"{time.monotonic() - begun:6.1f} s  {line}", file=sys.stderr, flush=True
    )
