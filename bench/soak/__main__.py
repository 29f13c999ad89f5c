"""`python -m bench.soak`: sample a complete stack under ordinary load; does anything grow?

The load lasts --minutes after a warm-up: tasks with several stages, gates, failures, retries and
cancels, logs, lists, logins, repeated requests, drains, machines that disconnect. Before and after
it is a quiet phase, in which everything temporary is gone. A line grows if the median of the load's
last third exceeds the first third's by more than a tolerance and still rises, or if the second
quiet phase exceeds the first. Exit status 1: something grows; 2: not measured.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.embedded import EmbeddedError
from bench import command
from bench.errors import NotMeasured
from bench.figures import table
from bench.soak import phases
from bench.soak.chart import draw
from bench.soak.verdicts import LIFE, QUIET, Verdict

_COLUMNS = ("line", "unit", "quiet", "first third", "last third", "quiet", "a minute", "")


def main() -> int:
    options = _parser().parse_args()
    say = command.progress()
    say(f"seed {options.seed}")
    try:
        record = phases.soak(options.minutes, options.warm_up, options.every, options.seed, say)
    except (NotMeasured, EmbeddedError, OSError) as problem:
        print(f"not measured: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; everything is stopped", file=sys.stderr)
        return command.INTERRUPTED
    verdicts = record.verdicts()
    print("\n".join(["", *table([_COLUMNS, *map(_cells, verdicts)]), "", *_tolerances()]))
    options.chart.write_text(draw(record, verdicts))
    growing = [f"{verdict.line.name} ({verdict.because})" for verdict in verdicts if verdict.grows]
    print(f"The chart is in {options.chart}.")
    print(f"GROWS: {'; '.join(growing)}" if growing else "Nothing grows.")
    return 1 if growing else 0


def _cells(verdict: Verdict) -> Sequence[str]:
    medians = (verdict.before, verdict.first, verdict.last, verdict.after)
    numbers = [f"{median:,.0f}" for median in medians]
    word = "GROWS" if verdict.grows else "flat"
    return (verdict.line.name, verdict.line.unit, *numbers, f"{verdict.slope:+,.1f}", word)


def _tolerances() -> list[str]:
    lines = []
    for name, tolerances in (("from third to third", LIFE), ("from quiet to quiet", QUIET)):
        allowed = [f"{t.least:g} {unit} or {t.share:.0%}" for unit, t in tolerances.items()]
        lines.append(f"Allowed {name}, the larger of: {'; '.join(allowed)}.")
    return lines


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench.soak", description=__doc__,
                                     formatter_class=form)  # fmt: skip
    fresh = int.from_bytes(os.urandom(3), "big")
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes of load (default: 10)")
    parser.add_argument(
        "--warm-up", type=float, default=12.0, help="minutes of load before it (12)"
    )
    parser.add_argument("--every", type=float, default=10.0, help="seconds between samples (10)")
    parser.add_argument(
        "--seed", type=int, default=fresh, help="seed of the load (default: random)"
    )
    chart = Path("soak.svg")
    parser.add_argument("--chart", type=Path, default=chart, help="chart file (default: soak.svg)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
