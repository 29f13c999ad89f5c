"""How agents are looked for on this machine, and asked: as the daemon, or as an attempt would."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from muster.worker.agents import installs

PATIENCE = 5.0
"""Seconds for a program to answer."""


class Probe(NamedTuple):
    """A way to look. Both may be called from any thread.

    `which(name, path)` is the program of that name on a search path, None where there is none.
    `run(argv, env)` is what a program writes to its standard output, and None if it fails or does
    not answer in time; it raises OSError where the system cannot start it.
    """

    which: Callable[[str, str], str | None]
    run: Callable[[Sequence[str], Mapping[str, str]], str | None]


def as_user(uid: int) -> Probe:
    """The look of another user without groups, outside of any room; for root only."""
    return Probe(_which_for_others, partial(_run, uid=uid))


def _which(name: str, path: str) -> str | None:
    return shutil.which(name, path=path)


def _which_for_others(name: str, path: str) -> str | None:
    # As exec does, which passes over what it may not run.
    found = (_which(name, directory) for directory in path.split(":") if directory)
    return next((each for each in found if each and not installs.closed(Path(each), path)), None)


def _run(argv: Sequence[str], env: Mapping[str, str], uid: int | None = None) -> str | None:
    try:
        done = subprocess.run(
            argv,
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            start_new_session=True,
            check=False,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


HERE = Probe(_which, _run)
"""The daemon's own look."""
