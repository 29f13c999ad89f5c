"""`python -m bench.console`; `--only keys` for one part."""

import argparse
import sys
from collections.abc import Callable

from playwright.sync_api import Browser

from bench import command
from bench.command import Print
from bench.console import first_page, idle, large_content, rows, streamed_text, terminals
from bench.console.tabs import chromium
from bench.errors import NotMeasured
from bench.figures import Figure, Report
from bench.rig import Rig, running_rig
from demo.console import builder
from demo.console.paths import ConsoleError

Part = Callable[[Rig, Browser, str, Print], list[Figure]]

PARTS: dict[str, Part] = {
    "page": first_page.measure,
    "idle": idle.measure,
    "diff": large_content.diff,
    "log": large_content.log,
    "rows": rows.measure,
    "paint": streamed_text.paint,
    "delay": streamed_text.delay,
    "keys": terminals.keys,
    "flood": terminals.flood,
}


def measure(say: Print, options: argparse.Namespace) -> Report:
    """Raises NotMeasured, EmbeddedError."""
    try:
        builder.build(say)
    except ConsoleError as problem:
        raise NotMeasured(f"can't build the console: {problem}") from None
    report = Report("The console in Chromium")
    parts = options.only or list(PARTS)
    with running_rig(say) as rig:
        # Inserted rows refer to a machine, which also runs the terminals.
        rig.start_worker(slots=4)
        password = rig.stack.admin_password
        for name in parts:
            with chromium() as browser:
                report.figures += PARTS[name](rig, browser, password, say)
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure waiting times in the console.")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="run only these parts")
    sys.exit(command.run_with(parser, measure))
