"""A machine whose rooms cannot be made for a while: what makes them is a program in between."""

import shutil
from pathlib import Path

from muster.worker.sandbox import bubblewrap
from tests.chaos.rules.sandboxes import WORDS

MAKERS = ("bwrap", "unshare")
STEPS = {
    "the clone": '*" clone "*',
    "the checkout of a checkpoint": '*"reset --hard --quiet"*',
    "the look between stages": '*"rev-parse HEAD && git status"*',
    "the undoing of changes": '*"git reset --quiet --hard"*',
    "the files of an agent": '*"umask 077"*',
    "the stage": "*sandbox.init*",
    "the look at a stage": '*"du -sk"*',
    "the commit": '*"git commit"*',
    "the taking of a commit": "*pack-objects*",
    "the check of a commit": "*index-pack*",
}
"""Whatever needs a room in an attempt, and the shell's pattern of its command line."""

_PROGRAM = """\
#!/bin/sh
case "$*" in
*muster-sandbox-*) ;;
{armed}
esac
[ ! -e {broken} ] || {{ echo "{name}: {words}" >&2; exit 1; }}
exec {real} "$@"
"""
_ARMED = "{pattern}) [ ! -e {armed} ] || mv {armed} {broken} 2>/dev/null;;"


def furnish(tools: Path) -> None:
    """Have a directory for the machine's PATH, with these programs as far as there are any."""
    tools.mkdir(mode=0o755)
    armed = "\n".join(
        _ARMED.format(pattern=pattern, armed=_armed(tools, step), broken=_broken(tools))
        for step, pattern in STEPS.items()
    )
    for name in MAKERS:
        if real := _program(name):
            about = {"name": name, "words": WORDS, "real": real, "armed": armed}
            (tools / name).write_text(_PROGRAM.format(broken=_broken(tools), **about))
            (tools / name).chmod(0o755)


def _program(name: str) -> str | None:
    if name != "bwrap":
        return shutil.which(name)
    return next((each.program for each in bubblewrap.candidates()), None)


def break_now(tools: Path) -> None:
    _broken(tools).touch()


def break_at(tools: Path, step: str) -> None:
    """From the moment at which the next one is made for this step."""
    _armed(tools, step).touch()


def heal(tools: Path) -> None:
    for step in STEPS:
        _armed(tools, step).unlink(missing_ok=True)
    _broken(tools).unlink(missing_ok=True)


def _armed(tools: Path, step: str) -> Path:
    return tools / f"armed-{step.replace(' ', '-')}"


def _broken(tools: Path) -> Path:
    return tools / "broken"
