"""`python -m app.embedded [--home DIR]`: run both servers until Ctrl-C or SIGTERM."""

import argparse
import os
import signal
import sys
from pathlib import Path

from app.embedded import EmbeddedError, start
from app.embedded.processes import process_error, wait_until


def main() -> int:
    """Print the addresses, one `NAME=value` per line, and stay. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.embedded", description=__doc__)
    home = os.environ.get("MUSTER_HOME", ".muster")
    parser.add_argument("--home", type=Path, default=Path(home), help="directory for the data")
    try:
        serve(parser.parse_args().home)
    except EmbeddedError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def serve(home: Path) -> None:
    """Run both servers until Ctrl-C. Raises EmbeddedError when one doesn't start or exits."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with start(home) as services:
        sys.stdout.write(f"DATABASE_URL={services.database_url}\nREDIS_URL={services.redis_url}\n")
        sys.stdout.flush()
        running = list(services.processes.values())
        while True:
            wait_until(
                lambda: any(process.poll() is not None for process in running), 60, pause=0.2
            )
            for process in running:
                if process.poll() is not None:
                    raise process_error(process, "exited")


if __name__ == "__main__":
    sys.exit(main())
