"""Test whether a stage could run in a sandbox, by running a command like a stage."""

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

_TIMEOUT_SECONDS = 20.0  # seconds per test
_READ_BYTES = 4 << 10
_MAX_REASON_LENGTH = 200  # characters of a reason


def sandbox_problem(room: Sandbox) -> str | None:
    """Return why this sandbox can't be created; None if it can. Runs a shell in it that does
    nothing."""
    if room.level == "none":
        return None
    maker = room.bwrap if room.level == "full" else "unshare"
    needed = [maker, *(["setpriv"] if room.uid is not None else [])]
    if missing := [name for name in needed if shutil.which(name) is None]:
        return f"{' and '.join(missing)} is not installed"
    return _command_problem(room.command("/bin/sh", "-c", ":"), os.path.basename(maker))


def checker_problem(room: Sandbox, directory: Path) -> str | None:
    """Return why this sandbox's output can't be checked; None if it can. `directory` has a part
    `quarantine`."""
    argv = room.checker_command("git", "--version", directory=directory, writable="quarantine")
    found = _command_problem(argv, "git", directory)
    return found and f"can't check commits: {found}"


def python_problem(room: Sandbox) -> str | None:
    """Return why an attempt can't run our Python programs in this sandbox; None if it can.

    They start like a stage: from the sandbox's init, which becomes the attempt's user.
    """
    # With a shell: the process that becomes the attempt may still start programs that this user
    # can't.
    python = room.python_command(interpreter.IMPORTS)
    argv = ["sh", "-c", 'exec "$@"', "sh", *python]
    made_by = room.init_command()
    if made_by:
        return _stage_problem(room, made_by, argv)
    if room.uid is None:
        return _command_problem(argv, python[0])
    return _command_problem(argv, python[0], user=room.uid, group=room.uid, extra_groups=[])


def _search_path() -> str:
    """Return our search path and the system's, because ours may not exist in a sandbox."""
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
    return _last_line(done.stderr) or f"{name} exited with {done.returncode}"


def _stage_problem(room: Sandbox, made_by: list[str], argv: Sequence[str]) -> str | None:
    """Return why that command, started by the sandbox's init, doesn't complete."""
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
                os.kill(pid, signal.SIGKILL)  # harmless after its exit, because it isn't reaped
            os.waitpid(pid, 0)
    lines = report_output.splitlines()
    if lines[-1:] == [b"exit 0"]:
        return None
    is_started = b"ok" in lines
    return (
        _last_line(printed if is_started else report_output)
        or "its first process exited without a report"
    )


def _spawn(argv: list[str], terminal: int, reported: int, content: int) -> int:
    # High numbers first: a moved descriptor must not be closed by the next.
    high = [os.dup(handle) for handle in (terminal, reported, content)]
    try:
        moved = {0: high[0], 1: high[0], 2: high[1], init.CONTENT_FD: high[2]}
        actions = [(os.POSIX_SPAWN_DUP2, handle, number) for number, handle in moved.items()]
        return os.posix_spawn(argv[0], argv, {"PATH": os.defpath}, file_actions=actions)
    finally:
        for handle in high:
            os.close(handle)


def _read_both(reports: int, master: int) -> tuple[bytes, bytes]:
    """Return init's reports up to its end, and the output meanwhile."""
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
    except OSError:  # a terminal that no process has open
        return b""


def _last_line(output: bytes) -> str | None:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:_MAX_REASON_LENGTH] if lines else None
