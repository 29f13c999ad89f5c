"""`make dist`: build the console, then both packages, into an emptied directory."""

import sys

from app.server_cli.local.command import run_steps
from app.server_cli.local.screen import Screen
from demo.console import builder
from packages import build


def _make(screen: Screen) -> None:
    builder.build(screen.step)
    build.clear_directory()
    for which in (build.CLIENT, build.SERVER):
        screen.step(f"packing muster-{which}")
        made = build.build_wheel(which)
        screen.done(f"{made.relative_to(build.ROOT)}, {made.stat().st_size >> 10} KiB")


if __name__ == "__main__":
    sys.exit(run_steps(_make, "interrupted", 130))
