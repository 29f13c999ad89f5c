"""Find agents on this machine and run them, as the daemon or as an attempt would."""

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
"""Seconds for a program to respond."""


_START_ERRNOS = {127: errno.ENOENT, 126: errno.EACCES}


class Probe(NamedTuple):
    """A way to find and run programs. Safe to use from any thread.

    `which(name, path)` returns the program of that name on a search path, None if there is none.
    `run(argv, env)` returns a program's standard output, and None if it fails or times out; it
    raises OSError if the system can't start it.
    """

    which: Callable[[str, str], str | None]
    run: Callable[[Sequence[str], Mapping[str, str]], str | None]


def as_user(uid: int) -> Probe:
    """Return a probe that acts as another user without groups, outside any sandbox; only for
    root.
    """
    return Probe(_which_for_others, partial(_run, uid=uid))


def in_sandbox(room: Sandbox) -> Probe:
    """Return a probe that acts as an attempt: in its sandbox, without network."""
    return Probe(_which, partial(_run_in_sandbox, room))


def _run_in_sandbox(room: Sandbox, argv: Sequence[str], env: Mapping[str, str]) -> str | None:
    done = _run_process(room.command(*argv, cwd="/"), env)
    # Only the sandbox's shell prints this, about exec.
    if done is not None and b": exec: " in done.stderr and done.returncode in _START_ERRNOS:
        number = _START_ERRNOS[done.returncode]
        raise OSError(number, os.strerror(number), argv[0])
    return _stdout_text(done)


def _which(name: str, path: str) -> str | None:
    return shutil.which(name, path=path)


def _which_for_others(name: str, path: str) -> str | None:
    # Like exec, which skips files that it can't run.
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
    """Run a process; None if it took too long. Raises OSError."""
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
"""The daemon's own probe."""
