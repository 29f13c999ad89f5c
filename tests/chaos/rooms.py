"""A machine whose rooms cannot be made for a while: what makes them is a program in between."""

import shutil
from pathlib import Path

from muster.worker.room import bubblewrap

MAKERS = ("bwrap", "unshare")
_PROGRAM = """\
#!/bin/sh
[ ! -e {broken} ] || {{ echo "{name}: no room can be made" >&2; exit 1; }}
exec {real} "$@"
"""


def furnish(tools: Path) -> None:
    """Have a directory for the machine's PATH, with these programs as far as there are any."""
    tools.mkdir(mode=0o755)
    for name in MAKERS:
        if real := _program(name):
            (tools / name).write_text(_PROGRAM.format(broken=_broken(tools), name=name, real=real))
            (tools / name).chmod(0o755)


def _program(name: str) -> str | None:
    if name != "bwrap":
        return shutil.which(name)
    return next((each.program for each in bubblewrap.candidates()), None)


def break_(tools: Path) -> None:
    _broken(tools).touch()


def heal(tools: Path) -> None:
    _broken(tools).unlink(missing_ok=True)


def _broken(tools: Path) -> Path:
    return tools / "broken"
