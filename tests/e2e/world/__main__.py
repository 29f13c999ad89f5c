"""`python -m tests.e2e.world`: a whole Muster with a team at work, until Ctrl-C.

On MUSTER_PORT, in MUSTER_HOME (by default a directory that goes with it), with `admin` and alice,
mei, bo and priya, all with MUSTER_ADMIN_PASSWORD. A home that is there already is gone on with.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.embedded.stack import Stack
from app.server_cli.local import paths
from app.server_cli.local.command import run_steps
from app.server_cli.local.screen import Screen
from tests.chaos.world import end_all_of
from tests.e2e.world import plot
from tests.e2e.world.stage import World

PASSWORD = "MUSTER_ADMIN_PASSWORD"
USUAL = "muster-admin-1"


def environment(password: str) -> Mapping[str, str]:
    """Of the stack. What runs beside it keeps the host busy and full, which is no reason here."""
    return {
        "DATABASE_URL": "",
        "REDIS_URL": "",
        PASSWORD: password,
        "MUSTER_MAX_LOAD_PERCENT": "100",
        "MUSTER_MAX_DISK_PERCENT": "100",
        "MUSTER_EMBEDDED_FSYNC": "off",
        "MUSTER_LOGIN_FAILURES_PER_ADDRESS": "1000",
    }


def _run(screen: Screen) -> None:
    kept = os.environ.get("MUSTER_HOME")
    home = paths.stack_home() if kept else Path(tempfile.mkdtemp(prefix="muster-world-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)  # attempts have a uid of their own, and must get to the repositories
    password = os.environ.get(PASSWORD) or USUAL
    area = None
    try:
        with Stack(home, paths.stack_port(), environment(password), say=screen.step) as stack:
            world = World(stack, password, screen.step)
            area = paths.machines_directory(home)
            if world.furnish():
                plot.play(world)
            screen.line(f"\n  {stack.url}   admin, alice, mei, bo, priya   {password}\n")
            stack.report = lambda line: screen.line(f"  {line}")
            stack.wait()
            screen.step("stopping")
    finally:
        if area:
            end_all_of(area)  # shims outlive their daemon
        if not kept:
            shutil.rmtree(home, ignore_errors=True)
    screen.done()


if __name__ == "__main__":
    sys.exit(run_steps(_run, "stopped before everything was up", 0))
