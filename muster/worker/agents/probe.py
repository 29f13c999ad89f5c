"""How agents are looked for on this machine, and asked: as the daemon, or as an attempt would."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from muster.worker.agents import installs
from muster.worker.sandbox.sandbox import Sandbox

ANSWER_TIMEOUT_SECONDS = 5.0
"""Seconds for a program to answer."""


_START_ERRNOS = {127: errno.ENOENT, 126: errno.EACCES}


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


def in_sandbox(room: Sandbox) -> Probe:
    """The look of an attempt: in its room, without network."""
    return Probe(_which, partial(_run_in_sandbox, room))


def _run_in_sandbox(room: Sandbox, argv: Sequence[str], env: Mapping[str, str]) -> str | None:
    done = _run_process(room.command(*argv, cwd="/"), env)
    # The room's shell tells so of exec, and of nothing else.
    if done is not None and b": exec: " in done.stderr and done.returncode in _START_ERRNOS:
        number = _START_ERRNOS[done.returncode]
        raise OSError(number, os.strerror(number), argv[0])
    return _stdout_text(done)


def _which(name: str, path: str) -> str | None:
    return shutil.which(name, path=path)


def _which_for_others(name: str, path: str) -> str | None:
    # As exec does, which passes over what it may not run.
    found = (_which(name, directory) for directory in path.split(":") if directory)
    return next(
        (each for each in found if each and not installs.first_inaccessible_path(Path(each), path)),
        None,
    )


def _run(argv: Sequence[str], env: Mapping[str, str], uid: int | None = None) -> str | None:
    return _stdout_text(_run_process(argv, env, uid))


def _stdout_text(done: "subprocess.CompletedProcess[bytes] | None") -> str | None:
    if done is None or done.returncode:
        return None
    return done.stdout.decode(errors="replace")


def _run_process(
    argv: Sequence[str], env: Mapping[str, str], uid: int | None = None
) -> "subprocess.CompletedProcess[bytes] | None":
    """None if it took too long. Raises OSError."""
    try:
        return subprocess.run(
            argv,
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_TIMEOUT_SECONDS,
            start_new_session=True,
            check=False,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    except subprocess.TimeoutExpired:
        return None


DAEMON_PROBE = Probe(_which, _run)
"""The daemon's own look."""
