"""All checks of a machine, in order."""

import io
import itertools
import os
import shutil
import sys
from collections.abc import Iterator

from muster.worker.doctor import agents, host, sandbox, server, table
from muster.worker.doctor.finding import Finding, Machine, run_each


def run_doctor(machine: Machine, as_json: bool) -> int:
    """Write the findings to standard output. Returns 1 if a problem stops work, else 0."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # for terminals without arrow characters
    found = []
    width = shutil.get_terminal_size().columns
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for finding in run_checks(machine):
        found.append(finding)
        if not as_json:
            sys.stdout.write(f"{table.format_finding(finding, width, colours)}\n")
            sys.stdout.flush()
    sys.stdout.write(
        table.to_json(found) + "\n" if as_json else f"\n{table.format_summary(found)}\n"
    )
    return int(any(finding.level == "fail" for finding in found))


def run_checks(machine: Machine) -> Iterator[Finding]:
    """Yield the findings of all checks, one at a time, because some take seconds. Raises
    nothing.
    """
    checks = itertools.chain(
        host.CHECKS, sandbox.CHECKS, agents.CHECKS, server.CHECKS, host.SERVICE_CHECKS
    )
    yield from run_each(checks, machine)
