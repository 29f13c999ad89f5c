"""The first process of a stage's sandbox, and how a process becomes a stage's command.

`main` is pid 1 of a pid namespace: nothing in there can kill it, and when it exits the kernel kills
all the rest. It gets its terminal as standard input and output, a pipe for reports as standard
error, and on CONTENT_FD a file with the command to run. On the pipe it writes a line when the
command runs (`ok`) or couldn't start (`describe_failure`), and one when it has exited (`exit
<status>` or `signal <number>`). TERM to it is TERM for everything in the sandbox. A sandbox without
a network has a proxy, which gets its listener over PROXY_FD. Only the command inherits CHANNEL_FD.

It keeps bwrap's user, and only the command becomes the attempt: a process of another user survives
a killed bwrap, which then has no right to kill it.

Standard library only, because the interpreter that runs it is bare; and little of it, because each
stage waits for the imports: `signal` and `ctypes` alone would take as long as starting Python.
"""

from __future__ import annotations

import errno
import marshal
import os

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    import signal
    from typing import Any, NoReturn
else:
    import _signal as signal  # without the enumerations that `signal` creates

CONTENT_FD = 3
"""The descriptor of a file with a marshaled dictionary: argv, env, cwd, uid, gid (None: don't
change), has_proxy, has_channel."""

PROXY_FD = 4
"""The descriptor for `sandbox_listener.listen_in_sandbox`, if there is a proxy."""

CHANNEL_FD = 5
"""The descriptor of `shim.channel`, if there is one, here and in the command."""

OK = b"ok\n"
ORPHAN_GRACE_SECONDS = 1.0
"""Seconds from TERM to the sandbox's end, for processes that outlive the command."""

_REPORT_FD, _TERMINAL_FD = CHANNEL_FD + 1, CHANNEL_FD + 2
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def main() -> NoReturn:
    """Run the command of CONTENT_FD, and exit with the sandbox."""
    report_fd = os.dup2(2, _REPORT_FD, inheritable=False)
    terminal = os.dup2(0, _TERMINAL_FD, inheritable=False)
    with os.fdopen(CONTENT_FD, "rb") as file:
        content = marshal.load(file)
    try:
        if content["has_proxy"]:
            from muster.worker.egress.sandbox_listener import (
                listen_in_sandbox,
            )  # few sandboxes need it

            listen_in_sandbox(PROXY_FD)
        if content["uid"] in (None, os.geteuid()):
            # The command has the same user, and must not access our memory and descriptors.
            _prctl(_PR_SET_DUMPABLE, 0)
        leader, failure = _fork_command(content, terminal)
    except BaseException as error:
        _report(report_fd, describe_failure(error, "room"))
        os._exit(1)
    os.close(terminal)
    _report(report_fd, failure or OK)
    status = _wait_for_command(leader)
    if not failure:
        how = f"signal {-status}" if status < 0 else f"exit {status}"
        _report(report_fd, f"{how}\n".encode())
    os._exit(0)


def exec_command(
    argv: list[str],
    env: dict[str, str],
    cwd: str,
    terminal: int,
    report_fd: int,
    channel: int | None,
) -> NoReturn:
    """In a forked child: take the terminal and become the command, or report why not.

    `report_fd` is closed without a report when the command runs, which inherits `channel`.
    """
    step = "prepare"
    try:
        programs = find_programs(argv[0] if argv else "", env)
        if channel is None:
            set_controlling_terminal(terminal, report_fd)
        else:
            os.set_inheritable(channel, True)
            set_controlling_terminal(terminal, report_fd, channel)
        step = f"chdir {cwd}"
        os.chdir(cwd)
        step = f"exec {argv[0] if argv else ''}"
        exec_first(programs, argv, env)
    except BaseException as error:
        os.write(report_fd, describe_failure(error, step))
    finally:
        os._exit(127)


def find_programs(name: str, env: dict[str, str]) -> list[str]:
    """Return the paths to try for a program, in order: those on the PATH, or `name` if it is a
    path."""
    if "/" in name:
        return [name]
    return [f"{directory or '.'}/{name}" for directory in env.get("PATH", os.defpath).split(":")]


def exec_first(programs: list[str], argv: list[str], env: dict[str, str]) -> NoReturn:
    """Become the first of `programs` that the system can start, like `os.execvpe`. Raises OSError:
    a file that exists and can't start is reported before a missing one.

    Not `os.execvpe` itself, which imports a module: our user may already be unable to read the
    standard library.
    """
    missing: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    unusable: OSError | None = None
    for program in programs:
        try:
            os.execve(program, argv, env)
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = error
        except OSError as error:
            unusable = unusable or error
    raise unusable or missing


def set_controlling_terminal(terminal: int, *kept: int) -> None:
    """Make it the controlling terminal and all three standard streams; only `kept` stay open."""
    os.login_tty(terminal)
    close_all_but(*kept)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o022)


def close_all_but(*kept: int) -> None:
    """Close every descriptor from 3 on but these."""
    first = 3
    for handle in sorted(kept):
        os.closerange(first, handle)
        first = handle + 1
    os.closerange(first, 1 << 20)


def drop_privileges(uid: int | None, gid: int | None) -> None:
    """Become that user permanently, if it is another one."""
    if uid is not None and uid != os.geteuid():
        gid = uid if gid is None else gid
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)


def die_with_parent() -> None:
    """From now on, exit when the parent dies. The kernel forgets that with a change of user."""
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _prctl(option: int, value: int) -> None:
    import ctypes  # not at the top: a sandbox of root's does without

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def describe_failure(error: BaseException, step: str) -> bytes:
    """Return a failure in one line: the errno, its name, the failed step and the reason.

    Exceptions other than OSError are our own bugs or a damaged installation. They have the errno 0,
    the name ERROR, and as the reason their type, message and user.
    """
    if isinstance(error, OSError):
        number = error.errno or errno.EIO
        name, reason = errno.errorcode.get(number, "EIO"), os.strerror(number)
    else:
        number, name, reason = (
            0,
            "ERROR",
            f"{type(error).__name__}: {error} (as user {os.geteuid()})",
        )
    line = f"{number} {name} {step}: {reason}".replace("\n", " ")
    return f"{line}\n".encode(errors="replace")


def _fork_command(content: dict[str, Any], terminal: int) -> tuple[int, bytes]:
    """Fork the command; return its pid, and why it doesn't run, if so. Raises OSError."""
    read_fd, report_fd = os.pipe()
    signal.signal(signal.SIGTERM, _forward_sigterm)
    channel = CHANNEL_FD if content["has_channel"] else None
    leader = os.fork()
    if not leader:
        try:
            drop_privileges(content["uid"], content["gid"])
        except BaseException as error:
            os.write(report_fd, describe_failure(error, "room"))
            os._exit(127)
        exec_command(content["argv"], content["env"], content["cwd"], terminal, report_fd, channel)
    os.close(report_fd)
    if channel is not None:
        os.close(channel)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # only the command has the terminal
        os.dup2(quiet, stream)
    os.close(quiet)
    with os.fdopen(read_fd, "rb") as file:
        return leader, file.read()


def _forward_sigterm(*_: object) -> None:
    """Send TERM to all but ourselves, and CONT so that stopped processes handle it."""
    try:
        os.kill(-1, signal.SIGTERM)
        os.kill(-1, signal.SIGCONT)
    except ProcessLookupError:
        return  # there is no other process


def _wait_for_command(leader: int) -> int:
    """Wait for the command, then up to ORPHAN_GRACE_SECONDS for its orphans; return the command's
    status, a signal as a negative number."""
    status = 0
    try:
        while True:
            pid, ended = os.wait()
            if pid == leader:
                status = os.waitstatus_to_exitcode(ended)
                signal.signal(signal.SIGALRM, _raise_timeout)
                signal.setitimer(signal.ITIMER_REAL, ORPHAN_GRACE_SECONDS)
                _forward_sigterm()
    except (ChildProcessError, TimeoutError):
        return status


def _raise_timeout(*_: object) -> NoReturn:
    raise TimeoutError


def _report(report_fd: int, line: bytes) -> None:
    try:
        os.write(report_fd, line)
    except OSError:
        return  # the shim is gone, and we exit soon
