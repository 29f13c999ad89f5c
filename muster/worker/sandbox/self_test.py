"""Trials: whether a stage could run in a room, found by running a command as a stage is run."""

import contextlib
import marshal
import os
import selectors
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from muster.worker.sandbox import init, interpreter
from muster.worker.sandbox.sandbox import Sandbox

_TIMEOUT_SECONDS = 20.0  # seconds for each
_READ_BYTES = 4 << 10
_MAX_REASON_LENGTH = 200  # characters of a reason


def sandbox_problem(room: Sandbox) -> str | None:
    """Why this room cannot be made; None if it can. Runs a shell that does nothing in it."""
    if room.level == "none":
        return None
    maker = room.bwrap if room.level == "full" else "unshare"
    needed = [maker, *(["setpriv"] if room.uid is not None else [])]
    if missing := [name for name in needed if shutil.which(name) is None]:
        return f"{' and '.join(missing)} is not installed"
    return _command_problem(room.command("/bin/sh", "-c", ":"), os.path.basename(maker))


def checker_problem(room: Sandbox, directory: Path) -> str | None:
    """Why what comes out of this room cannot be checked; None if it can. `directory` has a part
    `quarantine`."""
    argv = room.checker_command("git", "--version", directory=directory, writable="quarantine")
    found = _command_problem(argv, "git", directory)
    return found and f"commits cannot be checked: {found}"


def python_problem(room: Sandbox) -> str | None:
    """Why an attempt cannot run our Python programs in this room; None if it can.

    They are started as a stage is: by the room's leader, which becomes the attempt's user.
    """
    # By a shell: what becomes the attempt may still start what that user cannot.
    python = room.python_command(interpreter.IMPORTS)
    argv = ["sh", "-c", 'exec "$@"', "sh", *python]
    made_by = room.init_command()
    if made_by:
        return _stage_problem(room, made_by, argv)
    if room.uid is None:
        return _command_problem(argv, python[0])
    return _command_problem(argv, python[0], user=room.uid, group=room.uid, extra_groups=[])


def _search_path() -> str:
    """Ours, and the system's, for in a sandbox ours may lie nowhere."""
    return os.pathsep.join([*os.environ.get("PATH", "").split(os.pathsep), os.defpath])


def _command_problem(
    argv: Sequence[str], name: str, directory: Path = Path("/"), **more: object
) -> str | None:
    try:
        done = subprocess.run(
            argv,
            cwd=directory,
            env={"PATH": _search_path()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            **more,  # type: ignore[call-overload]
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{name}: {error}"
    if done.returncode == 0:
        return None
    return _last_line(done.stderr) or f"{name} ended with {done.returncode}"


def _stage_problem(room: Sandbox, made_by: list[str], argv: Sequence[str]) -> str | None:
    """Why that command does not run to its end, started by the room's leader."""
    env = {"PATH": _search_path()}
    who = {"uid": room.uid, "gid": room.uid}
    has = {"has_proxy": False, "has_channel": False}
    content = {"argv": [*argv], "env": env, "cwd": "/", **who, **has}
    with contextlib.ExitStack() as handles:
        content_fd = os.memfd_create("trial")
        handles.callback(os.close, content_fd)
        os.write(content_fd, marshal.dumps(content, 4))
        os.lseek(content_fd, 0, os.SEEK_SET)
        master, terminal = os.openpty()
        handles.callback(os.close, master)
        reports, reported = os.pipe()
        handles.callback(os.close, reports)
        try:
            pid = _spawn(made_by, terminal, reported, content_fd)
        except OSError as error:
            return f"{made_by[0]}: {error.strerror}"
        finally:
            os.close(terminal)
            os.close(reported)
        try:
            report_output, printed = _read_both(reports, master)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # harmless where it has ended, for it is not reaped
            os.waitpid(pid, 0)
    lines = report_output.splitlines()
    if lines[-1:] == [b"exit 0"]:
        return None
    is_started = b"ok" in lines
    return (
        _last_line(printed if is_started else report_output)
        or "its first process ended without a word"
    )


def _spawn(argv: list[str], terminal: int, reported: int, content: int) -> int:
    # High first: what is moved must not be closed by what comes there.
    high = [os.dup(handle) for handle in (terminal, reported, content)]
    try:
        moved = {0: high[0], 1: high[0], 2: high[1], init.CONTENT_FD: high[2]}
        actions = [(os.POSIX_SPAWN_DUP2, handle, number) for number, handle in moved.items()]
        return os.posix_spawn(argv[0], argv, {"PATH": os.defpath}, file_actions=actions)
    finally:
        for handle in high:
            os.close(handle)


def _read_both(reports: int, master: int) -> tuple[bytes, bytes]:
    """What the leader reports, up to its end, and what is printed meanwhile."""
    read = {reports: b"", master: b""}
    deadline = monotonic() + _TIMEOUT_SECONDS
    with selectors.DefaultSelector() as selector:
        for handle in read:
            selector.register(handle, selectors.EVENT_READ)
        while reports in selector.get_map() and (left := deadline - monotonic()) > 0:
            for key, _ in selector.select(left):
                data = _read_chunk(key.fd)
                read[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
    return read[reports], read[master]


def _read_chunk(handle: int) -> bytes:
    try:
        return os.read(handle, _READ_BYTES)
    except OSError:  # a terminal that nobody holds any more
        return b""


def _last_line(output: bytes) -> str | None:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:_MAX_REASON_LENGTH] if lines else None
